/** Runs the tests and counts them, for `npm test` and the longer runs beside it. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process, { execPath, exit, stdin, stdout } from 'node:process';
import { ROOT, say } from './setup.mjs';

/** @typedef {{ passed: number, failed: number }} Count */

/** @type {Count} */
export const NONE = Object.freeze({ passed: 0, failed: 0 });

/**
 * Runs one project of vitest and counts; `filters` are files and options.
 * @param {string} project @param {string[]} filters @param {NodeJS.ProcessEnv} environment @param {string} node @returns {Promise<Count>}
 */
export async function tests(project, filters, environment, node = execPath) {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-report-'));
  const report = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const some = filters.length > 0 ? ['--passWithNoTests'] : [];
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const code = await run([vitest, 'run', '--project', project, ...reporters, ...some, ...filters], environment, node);
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

/**
 * Runs a Node program in the checkout, signals passed on.
 * @param {string[]} args @param {NodeJS.ProcessEnv} environment @param {string} node @returns {Promise<number>}
 */
export function run(args, environment, node = execPath) {
  return new Promise((resolve) => {
    const child = spawn(node, args, {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...environment, FORCE_COLOR: stdout.isTTY ? '1' : '0' },
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
