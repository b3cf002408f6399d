/** `npm run pictures:page [100 …]` and `npm run bench:page`: the collector's page in a browser, as PNG files or as figures, see test/web. Takes Debian's chromium, and root. */
import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, execPath, exit } from 'node:process';
import { build } from 'esbuild';
import { ensureBuilt, ensurePackages, ROOT, requireNode } from './setup.mjs';

requireNode();
ensurePackages();
ensureBuilt();
const [what = 'pictures', ...args] = argv.slice(2);
const folder = join(ROOT, '.cache', 'webpictures');
// As deep below the root as test/support, which looks for the build and its own files from where it lies.
await build({
  absWorkingDir: ROOT,
  bundle: true,
  logLevel: 'warning',
  entryPoints: [`test/web/${what}.ts`],
  outfile: join(folder, 'main.mjs'),
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
});
copyFileSync(join(ROOT, 'test', 'support', 'watcher.sh'), join(folder, 'watcher.sh'));
exit(spawnSync(execPath, [join(folder, 'main.mjs'), ...args], { cwd: ROOT, stdio: 'inherit' }).status ?? 1);
