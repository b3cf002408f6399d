/** Explore's pure parts: what may stand at the cursor (marked by |), what is offered first, where an error points at; and what About copies. */
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { lackingOf } from '../../../dashboards/web/about/lacking.ts';
import { dataSource, ownCost, scrapeConfig } from '../../../dashboards/web/about/texts.ts';
import { accepted, type Choice, placeIn, ranked, spotAt } from '../../../dashboards/web/explore/complete.ts';
import { row } from './row.ts';

test.each([
  ['cont|', { kind: 'name', typed: 'cont' }],
  ['sum(rate(container_cpu|[5m]))', { kind: 'name', typed: 'container_cpu' }],
  ['up + |', { kind: 'name', typed: '' }],
  ['up{|', { kind: 'label', typed: '', metric: 'up' }],
  ['up{no|}', { kind: 'label', typed: 'no', metric: 'up' }],
  ['up{node="a",i|}', { kind: 'label', typed: 'i', metric: 'up' }],
  ['up{node="we|', { kind: 'value', typed: 'we', metric: 'up', label: 'node' }],
  ['up{node=~"a|"}', { kind: 'value', typed: 'a', metric: 'up', label: 'node' }],
  ['up{name="a}b",n|', { kind: 'label', typed: 'n', metric: 'up' }],
  ['{n|', { kind: 'label', typed: 'n', metric: undefined }],
  ['sum by (na|) (up{a="b"})', { kind: 'label', typed: 'na', metric: 'up' }],
  ['rate(up[5|', undefined],
  ['label_replace(up, "a|', undefined],
])('at the cursor of %s', (marked, expected) => {
  const at = marked.indexOf('|');
  const spot = spotAt(marked.replace('|', ''), at);
  if (expected === undefined) expect(spot).toBeUndefined();
  else expect(spot).toEqual({ ...expected, from: at - expected.typed.length });
});

const choice = (text: string): Choice => ({ text, kind: 'metric', help: '' });

test('what begins so comes before what holds it, and the shorter before the longer', () => {
  const names = ['machine_cpu_cores', 'cpu_long_name', 'cpu', 'cpus', 'memory'].map(choice);
  expect(ranked(names, 'cpu').map(({ text }) => text)).toEqual(['cpus', 'cpu_long_name', 'machine_cpu_cores']);
});

test('what is taken stands in the place of what was typed', () => {
  const text = 'sum(conta)';
  const spot = spotAt(text, 9)!;
  expect(accepted(text, 9, { spot, choice: choice('container_threads') })).toEqual(['sum(container_threads)', 21]);
});

test('an error says where', () => {
  expect(placeIn('invalid parameter "query": 1:5: parse error: unexpected end', 'sum( up')).toBe(4);
  expect(placeIn('2:3: parse error: x', 'sum(\nby up)')).toBe(7);
  expect(placeIn('query timed out', 'up')).toBeUndefined();
});

test('what About has to copy can be read by those whom it is for', () => {
  const { scrape_configs: jobs } = parse(scrapeConfig('https://collector.example:9640', 10));
  expect(jobs.map((job: Record<string, unknown>) => [job.metrics_path, job.scheme, job.static_configs])).toEqual([
    ['/metrics', 'https', [{ targets: ['collector.example:9640'] }]],
    ['/metrics/containers', 'https', [{ targets: ['collector.example:9640'] }]],
  ]);
  expect(parse(dataSource('http://localhost:9640')).datasources[0]).toMatchObject({
    type: 'prometheus',
    url: 'http://localhost:9640',
  });
  expect(ownCost('process_cpu_seconds_total 1.5\nprocess_resident_memory_bytes 7e7\n')).toEqual({
    cpuSeconds: 1.5,
    memory: 7e7,
  });
  expect(ownCost('')).toEqual({ cpuSeconds: null, memory: null });
});

test('what no container of a host has is not measured there', () => {
  const all = {
    restarts: 0,
    waitCpu: 0,
    waitMemory: 0,
    waitIo: 0,
    rx: 1,
    tx: 1,
    read: 1,
    write: 1,
    disk: 1,
    threads: 1,
  };
  const without = { ...all, waitCpu: null, waitMemory: null, waitIo: null };
  expect(
    lackingOf([row({ ...all, node: 'a' }), row({ ...without, node: 'a' }), row({ ...without, node: 'b' })]).map(
      ({ nodes, what }) => [nodes, what],
    ),
  ).toEqual([[['b'], 'pressure']]);
  // An agent knows why, and the same of two hosts is said once.
  const told = (node: string) =>
    row({ kind: 'host', node, absent: [['containers’ pressure', 'start the kernel with psi=1.']] });
  expect(lackingOf([told('a'), told('b'), row({ ...without, node: 'a' }), row({ ...without, node: 'b' })])).toEqual([
    { nodes: ['a', 'b'], what: 'containers’ pressure', why: 'start the kernel with psi=1.' },
  ]);
});
