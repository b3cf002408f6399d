/** What runs for longer than a test and is written in TypeScript: built with the program, then run by Node. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { ensureBuilt, ensurePackages, giveUp, ROOT, requireNode } from './setup.mjs';

/**
 * Compiles benchmarks and attackers and runs one of them; answers its exit code.
 * @param {string} main its compiled file, from the root of the checkout
 * @param {string[]} args
 */
export function runCompiled(main, args) {
  requireNode();
  ensurePackages();
  ensureBuilt();
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  if (node(tsc, '-p', join(ROOT, 'tsconfig.bench.json')) !== 0) giveUp(`${main} could not be compiled.`);
  // The compiler leaves everything but TypeScript behind.
  const script = join('test', 'support', 'watcher.sh');
  mkdirSync(join(ROOT, 'dist-bench', 'test', 'support'), { recursive: true });
  copyFileSync(join(ROOT, script), join(ROOT, 'dist-bench', script));
  return node(join(ROOT, 'dist-bench', main), ...args);
}

/** @param {string[]} args */
function node(...args) {
  return spawnSync(execPath, args, { cwd: ROOT, stdio: 'inherit' }).status ?? 1;
}
