/**
 * `npm run test:engines [-- trixie forky docker-layers ...]`: the live tests that concern engines, with the Docker Engines of newer
 * Debian releases on this machine's kernel. Each release's /usr is made once (kept in .cache/engines until the recipe changes); the
 * programs in bin/ put it over the machine's in a mount namespace of their own. Takes root and the network; some minutes each.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { argv, env, exit, getuid, stdout } from 'node:process';
import { ensurePrograms, ensureServers, SEARCH } from '../debian.mjs';
import { ensureBuilt, ensurePackages, giveUp, ROOT, requireNode, say } from '../setup.mjs';
import { tests } from '../vitest.mjs';

/** @typedef {{ name: string, env: Record<string, string> }} Variant */

const HERE = join(ROOT, 'scripts', 'engines');
const CACHE = join(ROOT, '.cache', 'engines');
const RECIPE = join(HERE, 'build.sh');
const RELEASES = ['trixie', 'forky'];

/** The live test files whose outcome depends on the engine. */
const FILES = [
  ...['cgroup', 'docker-api', 'docker-identity', 'docker-layers', 'docker-stats', 'dropin-dashboards'],
  ...['engines-several', 'harness', 'hostile-content', 'inside-container', 'kernel-sidebyside', 'outage-engine'],
  ...['truth-churn', 'truth-cpu-memory', 'truth-io-network', 'truth-lifecycle', 'truth-sinks'],
].map((name) => `test/live/${name}.test.ts`);

/**
 * As the package comes, and as Docker 29 is: images in containerd's store, and clients of an API older than 1.44 refused.
 * @type {readonly Variant[]}
 */
const VARIANTS = [
  { name: 'as it comes', env: {} },
  {
    name: 'containerd image store, API 1.44 or newer',
    env: {
      TEST_ENGINE_SETTINGS: JSON.stringify({ features: { 'containerd-snapshotter': true } }),
      DOCKER_MIN_API_VERSION: '1.44',
    },
  },
];

async function main() {
  const { releases, files } = chosen(argv.slice(2));
  requireNode();
  if (getuid?.() !== 0) giveUp('an engine of its own takes root.');
  if (!lstatSync('/lib').isSymbolicLink()) giveUp('/lib is not in /usr here, so that /usr cannot be replaced alone.');
  ensurePackages();
  ensureBuilt();
  ensureServers();
  ensurePrograms([{ program: 'debootstrap', packages: ['debootstrap'] }]);
  const rows = [];
  for (const release of releases) {
    const root = built(release);
    const version = versionIn(root);
    for (const variant of VARIANTS) {
      say(`${version} of ${release}, ${variant.name} ...`);
      const count = await tests('live', files, { ...surroundings(root), ...variant.env });
      rows.push({ what: `${version} (${release}), ${variant.name}`, ...count });
    }
  }
  for (const { what, passed, failed } of rows) stdout.write(`${what}: ${passed} passed, ${failed} failed\n`);
  exit(rows.every(({ passed, failed }) => passed > 0 && failed === 0) ? 0 : 1);
}

/** Releases and parts of the files' names, in any order; without any, all of them. @param {string[]} names */
function chosen(names) {
  const releases = RELEASES.filter((release) => names.includes(release));
  const parts = names.filter((name) => !RELEASES.includes(name));
  const unknown = parts.filter((part) => !FILES.some((file) => file.includes(part)));
  if (unknown.length > 0)
    giveUp(`${unknown.join(', ')}: neither of ${RELEASES.join(', ')} nor among\n  ${FILES.join('\n  ')}`);
  const files = FILES.filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)));
  return { releases: releases.length > 0 ? releases : RELEASES, files };
}

/** The folder with the release's programs; made if this recipe's is not there. @param {string} release */
function built(release) {
  const hash = createHash('sha256').update(readFileSync(RECIPE)).digest('hex').slice(0, 16);
  const folder = join(CACHE, `${release}-${hash}`);
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  for (const old of readdirSync(CACHE).filter((name) => name.startsWith(`${release}-`))) {
    rmSync(join(CACHE, old), { recursive: true, force: true });
  }
  say(`Making the programs of Debian ${release} (a minute; once) ...`);
  const making = `${folder}.part`;
  const done = spawnSync('bash', [RECIPE, making, release], { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  if (done.status !== 0) giveUp(`they could not be made:\n${`${done.stdout}${done.stderr}`.slice(-4000)}`);
  renameSync(making, folder);
  return folder;
}

/** The environment in which `docker` and `dockerd` are the release's. @param {string} root @returns {NodeJS.ProcessEnv} */
function surroundings(root) {
  return { ...env, TEST_ENGINE_ROOT: root, PATH: [join(HERE, 'bin'), ...SEARCH].join(delimiter) };
}

/** `Docker 26.1.5`, by dockerd's own word. @param {string} root */
function versionIn(root) {
  const told = spawnSync('unshare', ['-m', 'dockerd', '--version'], { env: surroundings(root), encoding: 'utf8' });
  const version = /version ([\d.]+)/.exec(told.stdout)?.[1];
  if (version === undefined) giveUp(`dockerd of ${root} does not run: ${told.stderr}`);
  return `Docker ${version}`;
}

await main();
