/**
 * `npm pack` (and so `npm publish`) runs this before and after: builds, and packs a package.json without what is bundled already, so that an
 * installation fetches nothing else and runs nobody's install scripts. Afterwards the checkout has its own again.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { giveUp, ROOT, say } from './setup.mjs';

const MANIFEST = join(ROOT, 'package.json');
const KEPT = join(ROOT, '.package.json.kept');

/** What is of use to who installs the package. @param {Record<string, unknown>} manifest */
export function published(manifest) {
  const { scripts: _, dependencies: __, devDependencies: ___, overrides: ____, ...rest } = manifest;
  return rest;
}

function before() {
  // From a packing that was killed.
  after();
  const built = spawnSync(execPath, [join(ROOT, 'scripts', 'build.mjs')], { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (built.status !== 0) giveUp('the build failed; the reason is above.');
  const text = readFileSync(MANIFEST, 'utf8');
  writeFileSync(KEPT, text);
  writeFileSync(MANIFEST, `${JSON.stringify(published(JSON.parse(text)), null, 2)}\n`);
}

function after() {
  if (existsSync(KEPT)) renameSync(KEPT, MANIFEST);
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  if (argv[2] === 'before') before();
  else if (argv[2] === 'after') after();
  else say('usage: manifest.mjs before|after');
}
