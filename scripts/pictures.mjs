/** `npm run pictures`: renders the Grafana dashboards to PNG files; see test/pictures. Takes Debian's prometheus and chromium, to record also dockerd. */
import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, execPath, exit } from 'node:process';
import { build } from 'esbuild';
import { ensureBuilt, ensurePackages, ROOT, requireNode } from './setup.mjs';

requireNode();
ensurePackages();
ensureBuilt();
const folder = join(ROOT, '.cache', 'pictures');
const common = { absWorkingDir: ROOT, bundle: true, logLevel: 'warning' };
// As deep below the root as test/support, which looks for the build and its own files from where it lies.
await build({
  ...common,
  entryPoints: ['test/pictures/main.ts'],
  outfile: join(folder, 'main.mjs'),
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: ['undici', 'yaml', 'vitest'],
});
await build({
  ...common,
  entryPoints: ['test/pictures/page/main.mjs'],
  outfile: join(folder, 'page.js'),
  format: 'iife',
});
copyFileSync(join(ROOT, 'test', 'support', 'watcher.sh'), join(folder, 'watcher.sh'));
exit(spawnSync(execPath, [join(folder, 'main.mjs'), ...argv.slice(2)], { cwd: ROOT, stdio: 'inherit' }).status ?? 1);
