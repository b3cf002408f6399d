/**
 * `npm run test:v2`: builds a Debian machine with cgroup v2 (kept in .cache/v2 until the recipe changes), boots it under software
 * emulation, runs test/vm/checks.ts inside against the agent and the engines there, and prints what was found as a table. Takes root, some
 * minutes to build and some for each part: emulated, everything is ten to twenty times slower. Arguments: `--release
 * bookworm|trixie|forky`, and the names of parts (test/vm/parts.ts); all of them if there is none.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import process, { execPath, exit, getuid, stdout } from 'node:process';
import { parseArgs } from 'node:util';
import { ensurePrograms } from '../debian.mjs';
import { ensureBuilt, ensurePackages, giveUp, ROOT, requireNode, say } from '../setup.mjs';

/** @typedef {{ what: string, expected: string, found: string, ok: boolean }} Check */

const CACHE = join(ROOT, '.cache', 'v2');
const RECIPE = join(ROOT, 'scripts', 'v2', 'build.sh');
const TIME_LIMIT_MS = 60 * 60_000;
const RELEASES = ['bookworm', 'trixie', 'forky'];

const NEEDED = [
  { program: 'debootstrap', packages: ['debootstrap'] },
  { program: 'qemu-system-x86_64', packages: ['qemu-system-x86'] },
  { program: 'mke2fs', packages: ['e2fsprogs'] },
];

async function main() {
  requireNode();
  const { values, positionals: parts } = parseArgs({
    options: { release: { type: 'string' } },
    allowPositionals: true,
  });
  const release = values.release ?? 'bookworm';
  if (!RELEASES.includes(release)) giveUp(`--release ${release}: legal are ${RELEASES.join(', ')}.`);
  if (getuid?.() !== 0) giveUp('building a machine takes root.');
  ensurePackages();
  ensureBuilt();
  ensurePrograms(NEEDED);
  const machine = built(release);
  compileChecks();
  const out = mkdtempSync(join(CACHE, 'run-'));
  process.on('exit', () => rmSync(out, { recursive: true, force: true }));
  copyFileSync(execPath, join(out, 'node'));
  writeFileSync(join(out, 'arguments'), [release, ...parts].join(' '));
  await boot(machine, out);
  report(join(out, 'result.json'));
}

/** The folder with a release's disk.img, vmlinuz and initrd; made if this recipe's is not there. @param {string} release */
function built(release) {
  const hash = createHash('sha256').update(readFileSync(RECIPE)).digest('hex').slice(0, 16);
  const folder = join(CACHE, `image-${release}-${hash}`);
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  for (const old of readdirSync(CACHE).filter((name) => name.startsWith(`image-${release}-`))) {
    rmSync(join(CACHE, old), { recursive: true, force: true });
  }
  say(`Building the machine with Debian ${release} (some minutes; once) ...`);
  const making = `${folder}.part`;
  const done = spawnSync('bash', [RECIPE, making, release], { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  if (done.status !== 0) giveUp(`the machine could not be built:\n${`${done.stdout}${done.stderr}`.slice(-4000)}`);
  renameSync(making, folder);
  return folder;
}

/** The checks are TypeScript, which the machine's Node does not run; they go where it can read them. */
function compileChecks() {
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const done = spawnSync(execPath, [tsc, '-p', join(ROOT, 'test', 'vm', 'tsconfig.json')], { stdio: ['ignore', 2, 2] });
  if (done.status !== 0) giveUp('the checks do not compile; the reason is above.');
  // What is no TypeScript is not put there by the compiler.
  for (const plain of [join('test', 'scenarios', 'hosts', 'check'), join('test', 'support', 'watcher.sh')]) {
    cpSync(join(ROOT, plain), join(CACHE, 'checks', plain), { recursive: true });
  }
}

/** Boots, shows the console, and resolves when the machine has switched itself off. @param {string} machine @param {string} out */
function boot(machine, out) {
  say(`Booting ${basename(machine)} under emulation (some minutes) ...`);
  const share = (/** @type {string} */ path, /** @type {string} */ tag, more = '') =>
    `local,path=${path},mount_tag=${tag},security_model=none${more}`;
  // On a busy host a unit may well take longer than systemd waits by itself.
  const patient = 'systemd.default_timeout_start_sec=1800 nosoftlockup';
  // prettier would put each flag on its own line; pairs read better.
  const args = [
    ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '3072'],
    ...['-nographic', '-no-reboot', '-nic', 'none'],
    ...['-kernel', join(machine, 'vmlinuz'), '-initrd', join(machine, 'initrd')],
    ...[
      '-append',
      `console=ttyS0 root=/dev/vda rw apparmor=0 psi=1 mitigations=off quiet systemd.show_status=0 ${patient}`,
    ],
    ...['-drive', `file=${join(machine, 'disk.img')},format=raw,if=virtio,snapshot=on,cache=unsafe`],
    ...['-virtfs', share(ROOT, 'checkout', ',readonly=on'), '-virtfs', share(out, 'out')],
  ];
  return new Promise((resolve) => {
    const qemu = spawn('qemu-system-x86_64', args, { stdio: ['ignore', 'inherit', 'inherit'] });
    const limit = setTimeout(() => {
      say(`The machine did not end within ${TIME_LIMIT_MS / 60_000} minutes; it is ended now.`);
      qemu.kill('SIGKILL');
    }, TIME_LIMIT_MS);
    const end = () => qemu.kill('SIGKILL');
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end);
    qemu.on('error', (error) => giveUp(`qemu: ${error.message}`));
    qemu.on('exit', () => {
      clearTimeout(limit);
      resolve(undefined);
    });
  });
}

/** Prints the table and ends with 0 if every check held. @param {string} file */
function report(file) {
  if (!existsSync(file)) giveUp('the machine left no result; what it said is above.');
  /** @type {{ about: string, checks: Check[] }} */
  const { about, checks } = JSON.parse(readFileSync(file, 'utf8'));
  stdout.write(`\n${about}\n\n`);
  const width = Math.max(...checks.map((check) => check.what.length));
  for (const { ok, what, expected, found } of checks) {
    stdout.write(`${ok ? 'ok  ' : 'FAIL'}  ${what.padEnd(width)}  expected ${expected}, found ${found}\n`);
  }
  const failed = checks.filter((check) => !check.ok).length;
  stdout.write(`\n${checks.length - failed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 && checks.length > 0 ? 0 : 1;
}

await main();
exit();
