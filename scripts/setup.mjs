/**
 * Makes a checkout ready to run with nothing but Node and npm: installs the packages when they are missing or older than the
 * lock file, builds when the build is missing or older than the sources. Uses Node's built-ins only, because it runs first.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { env, execPath, exit, stderr, versions } from 'node:process';
import { fileURLToPath } from 'node:url';

/** The checkout's folder. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

const SOURCES = [
  ...['src', 'agents', 'collector', 'dashboards/web', 'dashboards/prometheus'],
  ...['package.json', 'tsconfig.json', 'scripts/build.mjs', 'scripts/page.mjs'],
];
const BUILT = join(ROOT, 'dist', '.built');

/** Says something to the person, on the error stream, which leaves the output to the program. @param {string} text */
export function say(text) {
  stderr.write(`${text}\n`);
}

/** Ends the process with a reason. @param {string} reason @returns {never} */
export function giveUp(reason) {
  say(`plimsoll: ${reason}`);
  exit(1);
}

/** Refuses a Node that is too old, before anything else fails in a stranger way. */
export function requireNode() {
  const [major = 0, minor = 0] = versions.node.split('.').map(Number);
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const wanted = engines.node.replace('>=', '');
  const [wantedMajor, wantedMinor] = wanted.split('.').map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  giveUp(`this is Node ${versions.node}, and Node ${wanted} or newer is needed: see https://nodejs.org/`);
}

/** Installs the packages if that has not been done since the lock file last changed. */
export function ensurePackages() {
  const installed = modified(join(ROOT, 'node_modules', '.package-lock.json'));
  if (installed >= modified(join(ROOT, 'package-lock.json')) && existsSync(join(ROOT, 'node_modules', '.bin', 'tsc')))
    return;
  say('Installing the packages that Plimsoll is built on (once; a few seconds to a minute) ...');
  if (npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']) === 0) return;
  say(
    '`npm ci` failed (above), most often because the registry lacks an exact version; trying `npm install` instead ...',
  );
  if (npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']) === 0) return;
  giveUp('the packages could not be installed; is the npm registry reachable? The reason is above.');
}

/** Compiles the sources if one of them is newer than the last build. */
export function ensureBuilt() {
  const newest = Math.max(...SOURCES.map((name) => newestIn(join(ROOT, name))));
  if (modified(BUILT) > newest && existsSync(join(ROOT, 'dist', 'src'))) return;
  say('Building ...');
  const started = new Date();
  const built = spawnSync(execPath, [join(ROOT, 'scripts', 'build.mjs')], { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (built.status !== 0) giveUp('the build failed; the reason is above.');
  writeFileSync(BUILT, '');
  // As of its start: a source that changed during the build is newer than it.
  utimesSync(BUILT, started, started);
}

/** Runs npm: the one that runs us if there is one. @param {string[]} args */
export function npm(args) {
  const options = { cwd: ROOT, stdio: /** @type {const} */ (['ignore', 2, 2]) };
  const cli = env.npm_execpath;
  const done = cli?.endsWith('.js') ? spawnSync(execPath, [cli, ...args], options) : spawnSync('npm', args, options);
  if (done.error) giveUp(`npm could not be started: ${done.error.message}`);
  return done.status;
}

/** When a file was last written, in milliseconds; 0 if it is not there. @param {string} path */
function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** The newest change in a folder and below, or of a file. @param {string} path @returns {number} */
function newestIn(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newestIn(join(path, name))));
}
