/** `npm run pictures:page [100 …]`: the collector's page as PNG files, see test/web/pictures.ts. Takes Debian's prometheus and chromium, and root. */
import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, execPath, exit } from 'node:process';
import { build } from 'esbuild';
import { ensureBuilt, ensurePackages, ROOT, requireNode } from './setup.mjs';

requireNode();
ensurePackages();
ensureBuilt();
const folder = join(ROOT, '.cache', 'webpictures');
// As deep below the root as test/support, which looks for the build and its own files from where it lies.
await build({
  absWorkingDir: ROOT,
  bundle: true,
  logLevel: 'warning',
  entryPoints: ['test/web/pictures.ts'],
  outfile: join(folder, 'main.mjs'),
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
});
copyFileSync(join(ROOT, 'test', 'support', 'watcher.sh'), join(folder, 'watcher.sh'));
exit(spawnSync(execPath, [join(folder, 'main.mjs'), ...argv.slice(2)], { cwd: ROOT, stdio: 'inherit' }).status ?? 1);
