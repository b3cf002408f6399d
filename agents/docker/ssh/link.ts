/**
 * One ssh connection to the host of an engine, made when first needed and made anew when it was lost. Channels come out, each with its
 * own `docker system dial-stdio` at the other end: a handshake costs both sides more than all requests of many ticks.
 */
import { userInfo } from 'node:os';
import type { Client, ClientChannel, ConnectConfig, ServerHostKeyAlgorithm } from 'ssh2';
import type { Endpoint } from '../engine/endpoint.ts';
import { EngineError } from '../engine/failure.ts';
import { knownHost } from './knownhosts.ts';
import { channelFailure, connectFailure, DIAL, strangerFailure } from './failure.ts';

export interface SshLink {
  /** Rejects with an EngineError. */
  channel(): Promise<ClientChannel>;
  /** Ends the connection, and every channel with it; none is made any more. */
  close(): void;
}

/** Below the time that a call has, so that its error says what took so long. */
const READY_MS = 8000;
/** A server that says nothing to three questions is gone: what waits for it ends then. */
const KEEPALIVE_MS = 10_000;
const KEEPALIVES = 3;

export function sshLink(endpoint: Endpoint): SshLink {
  let current: Promise<Client> | undefined;
  let client: Client | undefined;
  let closed = false;

  async function connect(): Promise<Client> {
    // Loaded when an engine is reached by ssh and not before: it takes ten megabytes.
    const { default: ssh2 } = await import('ssh2');
    if (closed) throw stopping();
    const made = new ssh2.Client();
    client = made;
    return await new Promise((resolve, reject) => {
      let refusal: EngineError | undefined;
      const lost = (error: unknown): void => {
        if (client === made) [client, current] = [undefined, undefined];
        reject(refusal ?? connectFailure(error, endpoint));
        made.destroy();
      };
      made.once('ready', () => resolve(made));
      // More than one may come: of a key agent that does not answer, and of nobody being let in therefore. The first is the reason.
      made.on('error', lost);
      made.once('close', () => lost(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
      made.connect(
        connectConfig(endpoint, (error) => {
          refusal = error;
        }),
      );
    });
  }

  return {
    async channel() {
      if (closed) throw stopping();
      current ??= connect();
      const open = current;
      // A failed attempt is no connection: the next call makes another.
      open.catch(() => {
        if (current === open) current = undefined;
      });
      const on = await open;
      return await new Promise((resolve, reject) => {
        on.exec(DIAL, (error, channel) => (error ? reject(channelFailure(error, endpoint)) : resolve(channel)));
      });
    },
    close() {
      closed = true;
      client?.end();
      client?.destroy();
    },
  };
}

function stopping(): EngineError {
  return new EngineError('closed', 'the agent stops');
}

/** `refuse` hears why the host is not believed; without a verifier any host would be. */
function connectConfig(endpoint: Endpoint, refuse: (error: EngineError) => void): ConnectConfig {
  const { host = '', port = 22, username = userInfo().username, ssh } = endpoint;
  const known = knownHost(ssh?.knownHosts() ?? '', host, port);
  return {
    host,
    port,
    username,
    ...(ssh?.agentSocket === undefined ? {} : { agent: ssh.agentSocket }),
    algorithms: { serverHostKey: hostKeys(known.types) },
    hostVerifier(key: Buffer) {
      const verdict = known.judge(key);
      if (verdict !== 'known') refuse(strangerFailure(verdict, key, endpoint));
      return verdict === 'known';
    },
    readyTimeout: READY_MS,
    keepaliveInterval: KEEPALIVE_MS,
    keepaliveCountMax: KEEPALIVES,
  };
}

/** By the type of the key; the same key of type `ssh-rsa` signs in newer ways. */
const HOST_KEYS: readonly (readonly [type: string, algorithms: readonly ServerHostKeyAlgorithm[]])[] = [
  ['ssh-ed25519', ['ssh-ed25519']],
  ['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
  ['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
  ['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
  ['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256']],
];

/** Those of the known keys first: a host with several keys would else show one that the file does not have. */
function hostKeys(known: ReadonlySet<string>): ServerHostKeyAlgorithm[] {
  const first = HOST_KEYS.filter(([type]) => known.has(type));
  const rest = HOST_KEYS.filter(([type]) => !known.has(type));
  return [...first, ...rest].flatMap(([, algorithms]) => algorithms);
}
