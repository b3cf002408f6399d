/**
 * `npm run package [-- linux-arm64 darwin-arm64 …]`: the program as one executable with Node inside, for machines that have none; for this
 * platform or those named. Node's own way (a single executable application): the bundle becomes a blob inside a copy of Node.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { argv, execPath, stdout } from 'node:process';
import { HERE, nodeProgram } from './nodes.mjs';
import { ensurePackages, giveUp, ROOT, requireNode, say } from './setup.mjs';

/** The newest with long-term support. */
const MAJOR = 24;
/** Where Node looks for the blob, and the mark by which it knows that there is one. */
const RESOURCE = 'NODE_SEA_BLOB';
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

const OUT = join(ROOT, 'dist-package');

requireNode();
ensurePackages();
mkdirSync(OUT, { recursive: true });
const blob = makeBlob();
const targets = argv.slice(2);
for (const target of targets.length > 0 ? targets : [HERE]) await makeExecutable(target);

/** No snapshot and no code cache in it, so that one blob serves all platforms. */
function makeBlob() {
  const folder = join(OUT, 'blob');
  mkdirSync(folder, { recursive: true });
  run(execPath, join(ROOT, 'scripts', 'build.mjs'), '--single', join(folder, 'plimsoll.cjs'));
  // The name of the bundle is what stack traces show: without folders of the machine that made it.
  const options = { main: 'plimsoll.cjs', output: 'blob', disableExperimentalSEAWarning: true };
  writeFileSync(join(folder, 'sea-config.json'), JSON.stringify(options));
  run(nodeProgram(MAJOR), '--experimental-sea-config', 'sea-config.json');
  const content = readFileSync(join(folder, 'blob'));
  // Node's own is in it, since Node is.
  const node = readFileSync(join(dirname(nodeProgram(MAJOR)), '..', 'LICENSE'), 'utf8');
  writeFileSync(
    join(OUT, 'LICENSES.txt'),
    `${readFileSync(join(folder, 'LICENSES.txt'), 'utf8')}\n---- Node.js\n\n${node}`,
  );
  rmSync(folder, { recursive: true });
  return content;
}

/** @param {string} target */
async function makeExecutable(target) {
  const file = join(OUT, `plimsoll-${target}${target.startsWith('win') ? '.exe' : ''}`);
  // Another place than the one that may be running at the moment.
  const part = `${file}.part`;
  copyFileSync(nodeProgram(MAJOR, target), part);
  chmodSync(part, 0o755);
  const { inject } = createRequire(import.meta.url)('postject');
  const segment = target.startsWith('darwin') ? { machoSegmentName: 'NODE_SEA' } : {};
  await inject(part, RESOURCE, blob, { sentinelFuse: FUSE, ...segment });
  rmSync(file, { force: true });
  copyFileSync(part, file);
  rmSync(part);
  if (target.startsWith('darwin')) say(`${file}: sign it before use: codesign --sign - ${file}`);
  stdout.write(`${relative(ROOT, file)}: ${(statSync(file).size / 1e6).toFixed(0)} MB\n`);
}

/** @param {string} program @param {string[]} args */
function run(program, ...args) {
  const { status, error } = spawnSync(program, args, { cwd: join(OUT, 'blob'), stdio: ['ignore', 2, 2] });
  if (status !== 0) giveUp(`${[program, ...args].join(' ')} failed: ${error?.message ?? 'the reason is above'}`);
}
