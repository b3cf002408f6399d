/**
 * Where an engine listens: from the text of DOCKER_HOST or of the configuration, or by looking where engines usually put their
 * sockets. Nothing is connected here.
 */
import { withoutCredentials } from '../../../src/config/redact.ts';
import { type Login, loginIn } from '../../../src/config/webaddress.ts';
import { ConfigError } from '../../../src/errors.ts';

/** Either `socketPath`, or `host` and `port`. */
export interface Endpoint {
  /** A unix socket. */
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: number;
  /** `http` unless said otherwise. `ssh` runs `docker system dial-stdio` on the host. */
  readonly protocol?: 'http' | 'https' | 'ssh';
  /** For ssh. */
  readonly username?: string;
  /** Of a proxy that asks for user and password, for http and https. */
  readonly login?: Login;
  /** PEM texts, for https. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly ssh?: SshAccess;
}

/** How to get in by ssh. */
export interface SshAccess {
  /** The socket of a running ssh-agent (`SSH_AUTH_SOCK`), which holds the key. */
  readonly agentSocket?: string;
  /** The text of `known_hosts` now: a host whose key is not in it is refused. */
  knownHosts(): string;
}

export interface ParseOptions {
  /** The setting's name, for errors: `DOCKER_HOST`, `agent.engines`. */
  readonly setting: string;
  /** With certificates, or with `verify`, a tcp address is spoken to over TLS; so is port 2376. */
  readonly tls?: { readonly verify?: boolean; readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly ssh?: SshAccess;
}

const LEGAL = 'unix:///path/to/docker.sock, tcp://host:port or ssh://user@host';
/** Of the configuration, which has words of its own. */
const LEGAL_WORDS = `auto, none, ${LEGAL}`;
const TLS_PORT = 2376;
const PLAIN_PORT = 2375;
const SSH_PORT = 22;

/** Throws a ConfigError that names the setting, the value and what is legal. */
export function parseEndpoint(text: string, options: ParseOptions): Endpoint {
  const wrong = (why: string): ConfigError => {
    const legal = options.setting === 'DOCKER_HOST' ? LEGAL : LEGAL_WORDS;
    return new ConfigError(`${options.setting}: "${withoutCredentials(text)}" ${why}; legal are ${legal}`);
  };
  if (text.startsWith('unix://') || text.startsWith('/')) {
    const socketPath = text.replace(/^unix:\/\//, '');
    if (!socketPath.startsWith('/')) throw wrong('needs an absolute path');
    return { socketPath };
  }
  if (/^[\w.-]+$/.test(text)) throw wrong('is a word, not an address');
  // As docker does: an address without a scheme is tcp.
  const written = text.includes('://') ? text : `tcp://${text}`;
  if (!URL.canParse(written)) throw wrong('is not an address');
  const url = new URL(written);
  if (!['tcp:', 'http:', 'https:', 'ssh:'].includes(url.protocol))
    throw wrong(`has the unknown scheme ${url.protocol}//`);
  if (url.hostname === '') throw wrong('names no host');
  if (url.password !== '' && url.protocol === 'ssh:')
    throw wrong('holds a password, which nothing here can use: ssh needs a key');
  if (url.pathname !== '' && url.pathname !== '/') throw wrong('has a path after the host');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? undefined : Number(url.port);
  const login = loginIn(url);
  if (typeof login === 'string') throw wrong(login);
  if (url.protocol !== 'ssh:')
    return { ...tcp({ host, port, https: url.protocol === 'https:' }, options), ...(login && { login }) };
  if (options.ssh === undefined) throw wrong('needs a file of known hosts, and none was given');
  const user = login === undefined ? {} : { username: login.username };
  return { host, port: port ?? SSH_PORT, protocol: 'ssh', ...user, ssh: options.ssh };
}

function tcp(at: { host: string; port: number | undefined; https: boolean }, { tls = {} }: ParseOptions): Endpoint {
  const { verify = false, ...given } = tls;
  const secure = at.https || verify || at.port === TLS_PORT || Object.keys(given).length > 0;
  const port = at.port ?? (secure ? TLS_PORT : PLAIN_PORT);
  return secure ? { host: at.host, port, protocol: 'https', ...given } : { host: at.host, port, protocol: 'http' };
}

/** What is looked at to find engines. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The path without links if something is there, else undefined. */
  resolve(path: string): string | undefined;
  /** The names in a folder; none if it cannot be read. */
  list(folder: string): readonly string[];
}

const SYSTEM_SOCKETS = ['/var/run/docker.sock', '/run/podman/podman.sock'];
const USER_SOCKETS = ['docker.sock', 'podman/podman.sock'];

/** {@link presentEndpoints}, or, where there is none, Docker's usual place, so that one that starts later is found there. */
export function localEndpoints(around: Surroundings): Endpoint[] {
  const present = presentEndpoints(around);
  return present.length > 0 ? present : [{ socketPath: SYSTEM_SOCKETS[0] as string }];
}

/**
 * The sockets of the engines on this machine: the system's Docker and Podman, then the rootless ones, ours first. Links to the same
 * socket are one engine.
 */
export function presentEndpoints({ env, resolve, list }: Surroundings): Endpoint[] {
  const own = env.XDG_RUNTIME_DIR;
  const folders = [
    ...(own === undefined || own === '' ? [] : [own]),
    ...list('/run/user').map((uid) => `/run/user/${uid}`),
  ];
  const candidates = [
    ...SYSTEM_SOCKETS,
    ...folders.flatMap((folder) => USER_SOCKETS.map((name) => `${folder}/${name}`)),
  ];
  const found = new Map<string, string>();
  for (const path of candidates) {
    const real = resolve(path);
    if (real !== undefined && !found.has(real)) found.set(real, path);
  }
  return [...found.values()].map((socketPath) => ({ socketPath }));
}
