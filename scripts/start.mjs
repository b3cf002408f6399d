/**
 * `npm start`: on a bare machine installs, builds, and runs `plimsoll run` with the arguments given. Signals go through to the
 * program, and its exit code comes back.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import process, { argv, execPath, exit, stdin } from 'node:process';
import { ensureBuilt, ensurePackages, giveUp, ROOT, requireNode } from './setup.mjs';

requireNode();
ensurePackages();
ensureBuilt();

const program = spawn(execPath, [join(ROOT, 'dist', 'src', 'cli', 'main.js'), 'run', ...argv.slice(2)], {
  stdio: 'inherit',
});
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => {
    // A terminal sends its Ctrl-C to the program as well: a second one would be taken for impatience.
    if (signal !== 'SIGINT' || !stdin.isTTY) program.kill(signal);
  });
}
program.on('error', (error) => giveUp(`the program could not be started: ${error.message}`));
program.on('exit', (code, signal) => exit(signal ? 128 + constants.signals[signal] : (code ?? 1)));
