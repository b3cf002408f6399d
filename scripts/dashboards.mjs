/** `npm run dashboards`: makes the Grafana dashboards anew from dashboards/grafana/generator. Nothing of this is there at run time. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { execPath, exit } from 'node:process';
import { build } from 'esbuild';
import { ensurePackages, ROOT, requireNode } from './setup.mjs';

requireNode();
ensurePackages();
const outfile = join(ROOT, '.cache', 'dashboards.mjs');
await build({
  absWorkingDir: ROOT,
  entryPoints: ['dashboards/grafana/generator/main.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
});
exit(spawnSync(execPath, [outfile, join(ROOT, 'dashboards', 'grafana')], { stdio: 'inherit' }).status ?? 1);
