/**
 * A user without any rights, for rootless engines: known only in the mount namespace of the engine that it is made for, so that the
 * machine's own users stay as they are and nothing has to be taken back.
 */
import { appendFileSync, chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Unprivileged {
  readonly uid: number;
  readonly home: string;
  /** Its XDG_RUNTIME_DIR, where rootless engines put their sockets. */
  readonly runtimeDir: string;
  /** A command line's beginning that makes what follows run as this user. */
  readonly become: readonly string[];
  /** To be run in the engine's mount namespace once that has a /run of its own: tells of the user, and gives it the device for networks. */
  readonly prepare: string;
}

/** How many ids the user may hand out inside its containers. */
const SUB_IDS = 65_536;

/** Makes the folders below `dir`. The uid is this process's own pid, beyond those that people have: no two runs share one. */
export function prepareUser(dir: string): Unprivileged {
  const uid = 1_000_000 + process.pid;
  const subIds = 500_000_000 + (process.pid % 30_000) * SUB_IDS;
  const home = join(dir, 'home');
  const runtimeDir = join(dir, 'run');
  for (const folder of [home, runtimeDir]) {
    mkdirSync(folder, { recursive: true });
    chownSync(folder, uid, uid);
  }
  chmodSync(dir, 0o711);
  const mounts = ['passwd', 'group'].map(
    (file) => `cat /etc/${file} >>${dir}/${file}; mount --bind ${dir}/${file} /etc/${file}`,
  );
  writeFileSync(join(dir, 'passwd'), `plimsoll-test:x:${uid}:${uid}::${home}:/bin/sh\n`);
  writeFileSync(join(dir, 'group'), `plimsoll-test:x:${uid}:\n`);
  for (const file of ['subuid', 'subgid']) {
    writeFileSync(join(dir, file), `plimsoll-test:${subIds}:${SUB_IDS}\n`);
    mounts.push(`touch /etc/${file}; mount --bind ${dir}/${file} /etc/${file}`);
  }
  // Only root may use it on some machines. /run is a tmpfs of the namespace's own, where devices work.
  mounts.push('mknod -m 666 /run/tun c 10 200; mount --bind /run/tun /dev/net/tun');
  appendFileSync(join(dir, 'cleanup'), killAll(uid, subIds));
  const variables = [`HOME=${home}`, `XDG_RUNTIME_DIR=${runtimeDir}`, 'USER=plimsoll-test'];
  return {
    uid,
    home,
    runtimeDir,
    become: ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', 'env', '-C', home, ...variables],
    prepare: mounts.join('; '),
  };
}

/** Every process that is the user's or of one of its ids: containers outlive a rootless engine, and have no cgroup to be found by. */
function killAll(uid: number, subIds: number): string {
  const is = `$1 == "Uid:" && ($2 == ${uid} || ($2 >= ${subIds} && $2 < ${subIds + SUB_IDS}))`;
  return `for pid in $(awk '${is} { split(FILENAME, part, "/"); print part[3] }' /proc/[0-9]*/status 2>/dev/null); do
  kill -KILL "$pid" 2>/dev/null
done
`;
}
