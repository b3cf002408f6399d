/** The machine's user without rights, as systemd runs it: a manager of its own that lives without a login, and controllers given to it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { waitFor } from '../support/wait.ts';
import { PATIENCE_MS } from './plimsoll.ts';

const NAME = 'captain';
const UID = 1000;

/** Its XDG_RUNTIME_DIR, where rootless engines put their sockets. */
export const RUNTIME_DIR = `/run/user/${UID}`;
/** The cgroup that its containers are below. */
export const USER_CGROUP = `/user.slice/user-${UID}.slice/user@${UID}.service`;

const VARIABLES = {
  HOME: `/home/${NAME}`,
  USER: NAME,
  XDG_RUNTIME_DIR: RUNTIME_DIR,
  DBUS_SESSION_BUS_ADDRESS: `unix:path=${RUNTIME_DIR}/bus`,
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
};

/** The beginning of a command line that makes what follows run as the user. */
export const BECOME: readonly string[] = [
  ...['setpriv', `--reuid=${UID}`, `--regid=${UID}`, '--init-groups', 'env', '-i', '-C', VARIABLES.HOME],
  ...Object.entries(VARIABLES).map(([name, value]) => `${name}=${value}`),
];

/** Starts the user's manager, which then stays. */
export async function enableUser(): Promise<void> {
  execFileSync('loginctl', ['enable-linger', NAME]);
  await waitFor(() => existsSync(`${RUNTIME_DIR}/bus`), {
    timeoutMs: PATIENCE_MS,
    everyMs: 200,
    what: "the user's bus",
  });
}

/** Runs a program as the user to its end. */
export function asUser(...command: string[]): string {
  const [program = '', ...args] = [...BECOME, ...command];
  return execFileSync(program, args, { encoding: 'utf8' }).trim();
}

/** Starts one that stays. */
export function startAsUser(...command: string[]): ChildProcess {
  const [program = '', ...args] = [...BECOME, ...command];
  return spawn(program, args, { stdio: 'inherit' });
}

/** What systemd has given the user's manager. */
export function delegatedControllers(): string[] {
  return readFileSync(`/sys/fs/cgroup${USER_CGROUP}/cgroup.controllers`, 'utf8').trim().split(' ').sort();
}
