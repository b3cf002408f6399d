/**
 * `npm test`: prepares everything, then type check, lint, the unit tests and the live tests against real servers. Ends with one
 * line `N passed, N failed`, counted in tests; a step that fails otherwise counts as one failure. Arguments: `--unit`, `--live`
 * for one of the two only, and files or options for vitest.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import process, { argv, env, execPath, exit, stdin, stdout } from 'node:process';
import { ensureServers, SEARCH } from './debian.mjs';
import { ensureBuilt, ensurePackages, ROOT, requireNode, say } from './setup.mjs';

/** @typedef {{ passed: number, failed: number }} Count */

const NONE = Object.freeze({ passed: 0, failed: 0 });
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
  counts.push(await step('Lint', '@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '.']));
  for (const project of projects) counts.push(await tests(project, filters));
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
  const code = await run([join(ROOT, 'node_modules', bin), ...args]);
  if (code === 0) return NONE;
  say(`${title} failed.`);
  return FAILED;
}

/** Runs one project of vitest and counts. @param {string} project @param {string[]} filters @returns {Promise<Count>} */
async function tests(project, filters) {
  say(`Tests: ${project} ...`);
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-report-'));
  const report = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const some = filters.length > 0 ? ['--passWithNoTests'] : [];
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const code = await run([vitest, 'run', '--project', project, ...reporters, ...some, ...filters]);
  const count = existsSync(report) ? counted(JSON.parse(readFileSync(report, 'utf8'))) : NONE;
  rmSync(folder, { recursive: true, force: true });
  // The runner can fail without a failed test: it crashed, or an error was left unhandled.
  return code !== 0 && count.failed === 0 ? { ...count, failed: 1 } : count;
}

/**
 * Counts a report: a file that failed without a failed test (it did not load, or a hook failed) is one failure, and so is a
 * test that was skipped, because none may be.
 * @param {{ testResults: { name: string, status: string, assertionResults: { status: string }[] }[] }} report
 * @returns {Count}
 */
function counted(report) {
  const count = { ...NONE };
  for (const file of report.testResults) {
    const failed = file.assertionResults.filter((test) => test.status !== 'passed').length;
    count.passed += file.assertionResults.length - failed;
    count.failed += failed === 0 && file.status === 'failed' ? 1 : failed;
  }
  return count;
}

/** Runs a Node program in the checkout, signals passed on. @param {string[]} args @returns {Promise<number>} */
function run(args) {
  return new Promise((resolve) => {
    const child = spawn(execPath, args, {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...env, PATH: SEARCH.join(delimiter), FORCE_COLOR: stdout.isTTY ? '1' : '0' },
    });
    let interrupted = false;
    const pass = (/** @type {NodeJS.Signals} */ signal) => {
      interrupted = true;
      // A terminal sends its Ctrl-C to the child as well.
      if (signal !== 'SIGINT' || !stdin.isTTY) child.kill(signal);
    };
    process.on('SIGINT', pass).on('SIGTERM', pass).on('SIGHUP', pass);
    child.on('error', (error) => {
      say(error.message);
      resolve(1);
    });
    child.on('exit', (code) => {
      if (interrupted) exit(130);
      process.off('SIGINT', pass).off('SIGTERM', pass).off('SIGHUP', pass);
      resolve(code ?? 1);
    });
  });
}

await main();
