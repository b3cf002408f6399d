/**
 * `npm test`: prepares everything, then type check, lint, the unit tests and the live tests against real servers. Ends with one
 * line `N passed, N failed`, counted in tests; a step that fails otherwise counts as one failure. Arguments: `--unit`, `--live`
 * for one of the two only, and files or options for vitest.
 */
import { delimiter, join } from 'node:path';
import process, { argv, env, exit, stdout } from 'node:process';
import { ensureServers, SEARCH } from './debian.mjs';
import { ensureBuilt, ensurePackages, ROOT, requireNode, say } from './setup.mjs';
import { NONE, run, tests } from './vitest.mjs';

/** @typedef {import('./vitest.mjs').Count} Count */

const ENVIRONMENT = { ...env, PATH: SEARCH.join(delimiter) };
const FAILED = Object.freeze({ passed: 0, failed: 1 });

async function main() {
  const chosen = ['--unit', '--live'].filter((flag) => argv.includes(flag));
  const projects = chosen.length === 1 ? [chosen[0].slice(2)] : ['unit', 'live'];
  const filters = argv.slice(2).filter((arg) => arg !== '--unit' && arg !== '--live');
  requireNode();
  ensurePackages();
  ensureBuilt();
  say(`Node ${process.version}`);
  if (projects.includes('live')) ensureServers();
  const counts = [await step('Type check', 'typescript/bin/tsc', ['-p', 'tsconfig.json'])];
  counts.push(await step('Type check of the page', 'typescript/bin/tsc', ['-p', 'dashboards/web/tsconfig.json']));
  counts.push(await step('Lint', '@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '.']));
  for (const project of projects) {
    say(`Tests: ${project} ...`);
    counts.push(await tests(project, filters, ENVIRONMENT));
  }
  const total = counts.reduce((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed }), NONE);
  stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
  exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
}

/**
 * Runs a program out of node_modules; a failure counts as one.
 * @param {string} title @param {string} bin @param {string[]} args @returns {Promise<Count>}
 */
async function step(title, bin, args) {
  say(`${title} ...`);
  const code = await run([join(ROOT, 'node_modules', bin), ...args], ENVIRONMENT);
  if (code === 0) return NONE;
  say(`${title} failed.`);
  return FAILED;
}

await main();
