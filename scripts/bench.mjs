/**
 * `npm run bench [collector] [agent]`: builds the program and the benchmarks and runs those named, or all. What they measure and which
 * variables shorten them is said in test/bench.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { argv, execPath, exit } from 'node:process';
import { ensureBuilt, ensurePackages, giveUp, ROOT, requireNode } from './setup.mjs';

requireNode();
ensurePackages();
ensureBuilt();
const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
if (node(tsc, '-p', join(ROOT, 'tsconfig.bench.json')) !== 0) giveUp('the benchmarks could not be compiled.');
// The compiler leaves everything but TypeScript behind.
const script = join('test', 'support', 'watcher.sh');
mkdirSync(join(ROOT, 'dist-bench', 'test', 'support'), { recursive: true });
copyFileSync(join(ROOT, script), join(ROOT, 'dist-bench', script));
exit(node(join(ROOT, 'dist-bench', 'test', 'bench', 'main.js'), ...argv.slice(2)));

/** @param {string[]} args */
function node(...args) {
  return spawnSync(execPath, args, { cwd: ROOT, stdio: 'inherit' }).status ?? 1;
}
