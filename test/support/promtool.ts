/** What `promtool check metrics` finds on a page, without what is cAdvisor's own: counters that do not end in `_total`, labels in camel case. */
import { spawnSync } from 'node:child_process';

const CADVISORS = [
  ...['container_memory_failcnt', 'container_hugetlb_failcnt'].map(
    (name) => `${name} counter metrics should have "_total" suffix`,
  ),
  "cadvisor_version_info label names should be written in 'snake_case' not 'camelCase'",
];
/** It found something; other codes but 0 are failures of its own. */
const FOUND = 3;

export function promtool(input: string): string[] {
  const { stderr, status } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
  if (status !== 0 && status !== FOUND) throw new Error(`promtool ended with ${status}: ${stderr}`);
  return stderr
    .trim()
    .split('\n')
    .filter((line) => line !== '' && !CADVISORS.includes(line));
}
