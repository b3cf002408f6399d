/**
 * The real servers that the live tests talk to, from Debian's packages: finds what is missing, installs it when root, and says
 * exactly what to install when not. Nothing is started by the installation, and what it had to change for that is put back.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process, { env, getuid } from 'node:process';
import { giveUp, say } from './setup.mjs';

/** @typedef {{ program: string, packages: string[], version: string[] }} Needed */

/**
 * What the live tests start, the Debian packages that hold it, and how it tells its version.
 * @type {readonly Needed[]}
 */
export const NEEDED = [
  { program: 'dockerd', packages: ['docker.io', 'iptables'], version: ['--version'] },
  { program: 'docker', packages: ['docker.io'], version: ['--version'] },
  // A node of Kubernetes without a kubelet: containerd comes with docker.io.
  { program: 'containerd', packages: ['containerd', 'runc', 'containernetworking-plugins'], version: ['--version'] },
  { program: 'podman', packages: ['podman'], version: ['--version'] },
  { program: 'busybox', packages: ['busybox-static'], version: ['--help'] },
  { program: 'prometheus', packages: ['prometheus'], version: ['--version'] },
  { program: 'promtool', packages: ['prometheus'], version: ['--version'] },
  { program: 'influxd', packages: ['influxdb'], version: ['version'] },
  { program: 'kubectl', packages: ['kubernetes-client'], version: ['version', '--client'] },
  { program: 'victoria-metrics', packages: ['victoria-metrics'], version: ['-version'] },
  // For engines without root's rights; the first is what dockerd needs for that, and Podman does by itself.
  { program: 'rootlesskit', packages: ['rootlesskit'], version: ['--version'] },
  { program: 'slirp4netns', packages: ['slirp4netns'], version: ['--version'] },
  { program: 'newuidmap', packages: ['uidmap'], version: [] },
  { program: 'ip', packages: ['iproute2'], version: ['-V'] },
  { program: 'unshare', packages: ['util-linux'], version: ['--version'] },
  { program: 'nsenter', packages: ['util-linux'], version: ['--version'] },
  { program: 'tar', packages: ['tar'], version: ['--version'] },
  // An engine reached by ssh, with keys in an agent.
  { program: 'sshd', packages: ['openssh-server'], version: ['-V'] },
  { program: 'ssh-agent', packages: ['openssh-client'], version: [] },
  // Where alerts go, and what checks its configuration.
  { program: 'prometheus-alertmanager', packages: ['prometheus-alertmanager'], version: ['--version'] },
  { program: 'amtool', packages: ['prometheus-alertmanager'], version: ['--version'] },
  // A file system that can be made to hang.
  { program: 'bindfs', packages: ['bindfs'], version: ['--version'] },
  // A browser that opens the collector's page.
  { program: 'chromium', packages: ['chromium', 'fonts-dejavu-core'], version: ['--version'] },
  // A terminal that a test can type into and look at.
  { program: 'tmux', packages: ['tmux'], version: ['-V'] },
];

/** Debian keeps daemons where only root's search path looks. */
export const SEARCH = [...(env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin'];
const POLICY = '/usr/sbin/policy-rc.d';

/** Installs what is missing, or ends the process with what to install. Prints the versions found. */
export function ensureServers() {
  ensurePrograms(NEEDED);
  if (getuid?.() !== 0) giveUp('the live tests start a Docker Engine and need root; `npm run test:unit` does not.');
  for (const needed of NEEDED.slice(0, 8)) say(`  ${needed.program}: ${versionOf(needed)}`);
}

/** Installs the packages of those programs that are missing. @param {readonly { program: string, packages: string[] }[]} needed */
export function ensurePrograms(needed) {
  const missing = needed.filter(({ program }) => !usable(program));
  if (missing.length > 0) install([...new Set(missing.flatMap(({ packages }) => packages))]);
}

/** Where a program is, or undefined. @param {string} program */
function find(program) {
  return SEARCH.map((folder) => join(folder, program)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch (_notThere) {
      return false;
    }
  });
}

/** Whether it is there; busybox must be the static one, because an image is made of it alone. @param {string} program */
function usable(program) {
  const path = find(program);
  if (!path) return false;
  return program !== 'busybox' || spawnSync('ldd', [path]).status !== 0;
}

/** @param {string[]} packages */
function install(packages) {
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (getuid?.() !== 0) giveUp(`programs are missing, and it takes root to install them:\n  ${command}`);
  if (!find('apt-get'))
    giveUp(`programs are missing, in Debian's packages ${packages.join(', ')}, and there is no apt-get here.`);
  say(`Installing from Debian: ${packages.join(' ')} (a minute or two) ...`);
  withoutStartingServices(() => {
    if (apt(['update', '-qq']) !== 0) say('`apt-get update` failed (above); going on with the lists that are there.');
    if (apt(['install', '-y', '-qq', '--no-install-recommends', ...packages]) !== 0) {
      process.exitCode = 1;
      throw new Error(`could not install ${packages.join(' ')}: the reason is above`);
    }
  });
}

/**
 * Debian asks /usr/sbin/policy-rc.d before a package starts its service; 101 is no. One that is there already is someone's
 * decision and stays.
 * @param {() => void} work
 */
function withoutStartingServices(work) {
  const ours = !existsSync(POLICY);
  if (ours)
    writeFileSync(POLICY, "#!/bin/sh\n# Made by Plimsoll's tests while they install; removed by them.\nexit 101\n", {
      mode: 0o755,
    });
  try {
    work();
  } finally {
    if (ours) rmSync(POLICY, { force: true });
  }
}

/** @param {string[]} args */
function apt(args) {
  const options = { stdio: /** @type {const} */ (['ignore', 'ignore', 2]) };
  return spawnSync('apt-get', args, { ...options, env: { ...env, DEBIAN_FRONTEND: 'noninteractive' } }).status;
}

/** What it says of itself, or what Debian calls the package's version where it says nothing. @param {Needed} needed */
function versionOf({ program, packages, version }) {
  const { stdout, stderr } = spawnSync(find(program) ?? program, version, { encoding: 'utf8' });
  const line = `${stdout}\n${stderr}`.split('\n').find((each) => /\d+\.\d+/.test(each));
  if (line) return line.trim();
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholder
  const known = spawnSync('dpkg-query', ['-W', '-f', '${Version}', packages[0] ?? program], { encoding: 'utf8' });
  return known.stdout || 'unknown version';
}
