/**
 * OpenSSH for tests: a server on a loopback port with keys, a configuration and a user of its own, and a key agent. The user, the folder
 * that the server wants below /run, and the engine's socket in its usual place are known only in a mount namespace of the server.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './ports.ts';
import { type Server, serverDir, startServer } from './servers.ts';
import { waitFor } from './wait.ts';

/** Who logs in. */
const USER = 'plimsoll-ssh';

export interface SshdOptions {
  /** Of the engine that the user can reach by its usual path; without one there is none. */
  readonly socket?: string;
  /** The public key that is let in. */
  readonly authorized: string;
  /** Further lines of sshd_config. */
  readonly config?: readonly string[];
}

export interface Sshd extends Server {
  readonly port: number;
  /** `ssh://user@127.0.0.1:port`. */
  readonly url: string;
  /** What belongs into a `known_hosts`. */
  readonly knownHost: string;
  /** How many have come in so far, by the server's log. */
  logins(): number;
  /** Ends the server and every connection. */
  kill(): Promise<void>;
}

export async function startSshd({ socket, authorized, config = [] }: SshdOptions): Promise<Sshd> {
  const dir = serverDir('sshd');
  const port = await freePort();
  const hostKey = makeKey(dir, 'host_key');
  writeFileSync(join(dir, 'authorized_keys'), authorized, { mode: 0o644 });
  const lines = [
    ...[`ListenAddress 127.0.0.1`, `Port ${port}`, `HostKey ${join(dir, 'host_key')}`, 'PidFile none'],
    ...[`AuthorizedKeysFile ${join(dir, 'authorized_keys')}`, 'AuthenticationMethods publickey'],
    // The folder is below /tmp, which all may write to.
    ...['StrictModes no', 'UsePAM no', 'LogLevel VERBOSE', ...config],
  ];
  writeFileSync(join(dir, 'sshd_config'), `${lines.join('\n')}\n`);
  const server = await startServer({
    name: 'sshd',
    dir,
    file: 'unshare',
    // sshd wants to be called by its whole path.
    args: ['-m', 'sh', '-c', `set -e; ${places(dir, socket)}; exec "$(command -v sshd)" -D -e -f ${dir}/sshd_config`],
    ready: async () =>
      execFileSync('ssh-keyscan', ['-p', String(port), '127.0.0.1'], { stdio: 'pipe' }).length > 0 || fail(),
  });
  return Object.assign(server, {
    port,
    url: `ssh://${USER}@127.0.0.1:${port}`,
    knownHost: `[127.0.0.1]:${port} ${hostKey}`,
    logins: () =>
      server
        .log()
        .split('\n')
        .filter((line) => line.startsWith('Accepted publickey')).length,
    kill: () => killAll(server),
  });
}

function fail(): never {
  throw new Error('shows no key');
}

/** Commands that arrange the server's namespace: /run is its own, and passwd has the user, who is in the group of the engine's socket. */
function places(dir: string, socket: string | undefined): string {
  const uid = 1_000_000 + process.pid;
  const gid = socket === undefined ? uid : statSync(socket).gid;
  const home = join(dir, 'home');
  mkdirSync(home);
  chownSync(home, uid, gid);
  chmodSync(dir, 0o711);
  writeFileSync(
    join(dir, 'passwd'),
    `${readFileSync('/etc/passwd', 'utf8')}${USER}:x:${uid}:${gid}::${home}:/bin/sh\n`,
  );
  const commands = ['mount -t tmpfs none /run', 'mkdir -m 755 /run/sshd', `mount --bind ${dir}/passwd /etc/passwd`];
  if (socket !== undefined) commands.push('touch /run/docker.sock', `mount --bind ${socket} /run/docker.sock`);
  return commands.join('; ');
}

/** Each connection has two processes of its own, one below the other, and either keeps it open. */
async function killAll(server: Server): Promise<void> {
  const connections = childrenOf(server.pid);
  await server.end('SIGKILL');
  // One that has just gone by itself is as good.
  spawnSync('kill', ['-KILL', ...connections.map(String)]);
}

function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean);
  return children.flatMap((child) => [Number(child), ...childrenOf(Number(child))]);
}

export interface KeyAgent extends Server {
  readonly socket: string;
  /** The public key of the one that it holds. */
  readonly publicKey: string;
}

/** A real ssh-agent with one key that nothing else has. */
export async function startKeyAgent(): Promise<KeyAgent> {
  const dir = serverDir('ssh-agent');
  const socket = join(dir, 'agent.sock');
  const publicKey = makeKey(dir, 'key');
  const server = await startServer({
    name: 'ssh-agent',
    dir,
    file: 'ssh-agent',
    args: ['-D', '-a', socket],
    ready: () => waitFor(() => statSync(socket).isSocket(), { what: 'the socket' }),
  });
  execFileSync('ssh-add', ['-q', join(dir, 'key')], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
  return Object.assign(server, { socket, publicKey });
}

/** Makes a pair without a passphrase; gives the public one, as `authorized_keys` and `known_hosts` have it. */
export function makeKey(dir: string, name: string, type = 'ed25519'): string {
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', '', '-f', join(dir, name)]);
  return readFileSync(join(dir, `${name}.pub`), 'utf8').trim();
}
