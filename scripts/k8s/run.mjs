/**
 * `npm run test:k8s [-- cadvisor api …]`: the tests of test/k8s against a real cluster of one node on this machine. etcd, kubectl, kube-apiserver, kubelet and
 * kube-controller-manager come from Debian, made once (build.sh) into PLIMSOLL_CACHE or ~/.cache/plimsoll, and again when the recipe changes; containerd is the
 * machine's. Takes root; some ten minutes the first time and some minutes after. Arguments: parts of the files' names, or options for vitest.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { argv, env, exit, getuid, stdout } from 'node:process';
import { ensurePrograms, NEEDED, SEARCH } from '../debian.mjs';
import { ensureBuilt, ensurePackages, giveUp, ROOT, requireNode, say } from '../setup.mjs';
import { tests } from '../vitest.mjs';

const CACHE = env.PLIMSOLL_CACHE ?? join(homedir(), '.cache', 'plimsoll');
const RECIPE = join(ROOT, 'scripts', 'k8s', 'build.sh');
const KUBECTL = join(ROOT, 'scripts', 'k8s', 'kubectl.sh');
/** Clients of other releases than the cluster's own. */
const RELEASES = ['trixie', 'forky'];
const PROGRAMS = ['etcd', 'kubectl', 'kube-apiserver', 'kubelet', 'kube-controller-manager'];
const ON_THE_MACHINE = ['containerd', 'busybox', 'ip', 'unshare', 'nsenter', 'tar', 'prometheus'];

async function main() {
  requireNode();
  if (getuid?.() !== 0) giveUp('a cluster of its own takes root.');
  ensurePackages();
  ensureBuilt();
  ensurePrograms(NEEDED.filter(({ program }) => ON_THE_MACHINE.includes(program)));
  const bin = join(built(), 'bin');
  const path = [bin, ...SEARCH].join(delimiter);
  const clients = RELEASES.map((release) => `${release}=${kubectlOf(release)}`).join(delimiter);
  const { passed, failed } = await tests('k8s', argv.slice(2), { ...env, PATH: path, TEST_KUBECTLS: clients });
  stdout.write(`${passed} passed, ${failed} failed\n`);
  exit(failed === 0 && passed > 0 ? 0 : 1);
}

/** The folder with the cluster's programs; made if this recipe's is not there. What an earlier call left half done is gone on with. */
function built() {
  const hash = createHash('sha256').update(readFileSync(RECIPE)).digest('hex').slice(0, 16);
  const folder = join(CACHE, `k8s-${hash}`);
  if (PROGRAMS.every((program) => existsSync(join(folder, 'bin', program)))) return folder;
  mkdirSync(CACHE, { recursive: true });
  for (const old of readdirSync(CACHE).filter((name) => /^k8s-[0-9a-f]{16}$/.test(name)))
    rmSync(join(CACHE, old), { recursive: true, force: true });
  say(`Building Kubernetes out of Debian's source in ${folder} (some ten minutes; once) ...`);
  const making = join(CACHE, 'k8s.part');
  const done = spawnSync('bash', [RECIPE, making], { stdio: ['ignore', 2, 2] });
  if (done.status !== 0) giveUp('the cluster’s programs could not be built; the reason is above.');
  // What only the compiler needs takes gigabytes.
  for (const rest of ['gocache', 'gopath', 'deb', 'apt']) rmSync(join(making, rest), { recursive: true, force: true });
  renameSync(making, folder);
  return folder;
}

/** Where kubectl of a release is; fetched if this recipe's is not there. @param {string} release */
function kubectlOf(release) {
  const hash = createHash('sha256').update(readFileSync(KUBECTL)).digest('hex').slice(0, 16);
  const folder = join(CACHE, `kubectl-${release}-${hash}`);
  if (!existsSync(folder)) {
    say(`Fetching kubectl of Debian ${release} (once) ...`);
    rmSync(`${folder}.part`, { recursive: true, force: true });
    const done = spawnSync('bash', [KUBECTL, `${folder}.part`, release], { stdio: ['ignore', 2, 2] });
    if (done.status !== 0) giveUp('it could not be fetched; the reason is above.');
    renameSync(`${folder}.part`, folder);
  }
  return join(folder, 'kubectl');
}

await main();
