/**
 * The calls of the Engine API that are made, each with a time-out of its own, so that an engine which hangs, hangs nothing
 * here. The only file of the agent that connects to an engine. Answers come back parsed, failures as EngineError.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Readable } from 'node:stream';
import Docker from 'dockerode';
import { basicAuthorization } from '../../../src/config/webaddress.ts';
import { ConfigError } from '../../../src/errors.ts';
import type { Clock } from '../../../src/run/clock.ts';
import {
  type EngineInfo,
  type EngineVersion,
  type Inspected,
  type Listed,
  parseInfo,
  parseInspect,
  parseList,
  parseVersion,
} from './api.ts';
import type { Endpoint } from './endpoint.ts';
import { address, EngineError, explain } from './failure.ts';

export interface ClientOptions {
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  /** For every call, in milliseconds; for the event stream until its first byte of header. Default 10 000. */
  readonly timeoutMs?: number;
  /** Whose sockets lead to an endpoint that is reached by ssh. */
  readonly sshAgent: (endpoint: Endpoint) => HttpAgent;
}

/** An open event stream. */
export interface EventStream {
  readonly body: Readable;
  /** Ends it; reading `body` then ends or throws. May be called twice. */
  abort(): void;
}

/** Every method rejects with an {@link EngineError}, at the latest when its time is over. */
export interface EngineClient {
  version(): Promise<EngineVersion>;
  info(): Promise<EngineInfo>;
  ping(): Promise<void>;
  /** All containers, stopped ones too. */
  list(): Promise<Listed[]>;
  /** Undefined if there is no such container (any more). */
  inspect(id: string): Promise<Inspected | undefined>;
  /** One reading without waiting for a second one, as it came; undefined if there is no such container. */
  stats(id: string): Promise<unknown>;
  /** `since`: Unix seconds with a fraction, as text; `filters` as the API wants them. */
  events(query: { since?: string; filters: Readonly<Record<string, readonly string[]>> }): Promise<EventStream>;
  /** How many calls failed, by the name of the call. A 404 is no failure. */
  readonly errors: ReadonlyMap<string, number>;
  close(): void;
}

const TIMEOUT_MS = 10_000;
/** Events, list, ping, four inspects and four stats at the same time, with room for hanging ones. */
const MAX_SOCKETS = 16;

export function createClient({ endpoint, clock, timeoutMs = TIMEOUT_MS, sshAgent }: ClientOptions): EngineClient {
  const agent = endpoint.protocol === 'ssh' ? sshAgent(endpoint) : agentFor(endpoint);
  const docker = connectTo(dockerOptions(endpoint, agent));
  const errors = new Map<string, number>();
  const waiting = new Set<() => void>();

  async function call<T>(name: string, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const abort = new AbortController();
    let giveUp = (_: EngineError): void => {};
    const over = new Promise<never>((_, reject) => {
      giveUp = (error) => {
        reject(error);
        abort.abort();
      };
    });
    const late = `the engine at ${address(endpoint)} did not answer ${name} within ${timeoutMs / 1000} s`;
    const cancel = clock.after(timeoutMs, () => giveUp(new EngineError('timeout', late)));
    const stop = (): void => giveUp(new EngineError('closed', 'the agent stops'));
    waiting.add(stop);
    try {
      // The race, not the abort, is what ends the wait: an answer that breaks off in its middle never settles below.
      return await Promise.race([ask(abort.signal), over]);
    } catch (error) {
      const failure = explain(error, endpoint);
      if (failure.reason !== 'gone') errors.set(name, (errors.get(name) ?? 0) + 1);
      throw failure;
    } finally {
      cancel();
      waiting.delete(stop);
    }
  }

  /** Only a 404 says that something is gone: a proxy's or an engine's nonsense says nothing. */
  function must<T>(what: string, answer: T | undefined): T {
    if (answer !== undefined) return answer;
    throw new EngineError('protocol', `the engine at ${address(endpoint)} answered nonsense for ${what}`);
  }

  function engineOr(version: EngineVersion | undefined): EngineVersion {
    if (version !== undefined) return version;
    throw new EngineError('protocol', `what answers at ${address(endpoint)} is not a Docker-compatible engine`);
  }

  return {
    version: () => call('version', async (signal) => engineOr(parseVersion(await plain(docker, 'version', signal)))),
    info: () => call('info', async (signal) => parseInfo(await plain(docker, 'info', signal))),
    ping: () => call('ping', async (signal) => void (await plain(docker, 'ping', signal))),
    list: () =>
      call('list', async (abortSignal) =>
        must('its list', parseList(orNull(await docker.listContainers({ all: true, abortSignal })))),
      ),
    inspect: (id) =>
      unlessGone(
        call('inspect', async (abortSignal) =>
          must('an inspection', parseInspect(await docker.getContainer(id).inspect({ abortSignal }))),
        ),
      ),
    stats: (id) => unlessGone(call('stats', (abortSignal) => docker.getContainer(id).stats(oneShot(abortSignal)))),
    events: (query) => call('events', (signal) => openEvents(docker, query, signal)),
    errors,
    close() {
      for (const stop of waiting) stop();
      agent.destroy();
    },
  };
}

/** dockerode looks at the environment even when everything is said, and throws when it cannot read what that names. */
function connectTo(options: Docker.DockerOptions): Docker {
  try {
    return new Docker(options);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`DOCKER_HOST, DOCKER_CERT_PATH: cannot be used (${why}); correct or unset them`, { cause });
  }
}

/** Connections are kept for the next request, and are few. */
function agentFor(endpoint: Endpoint): HttpAgent {
  return new (endpoint.protocol === 'https' ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: MAX_SOCKETS });
}

/** Every option is said, even as undefined: dockerode fills what is left out from DOCKER_HOST and its like. */
function dockerOptions(endpoint: Endpoint, agent: HttpAgent): Docker.DockerOptions {
  const { socketPath, host, port, ca, cert, key, login } = endpoint;
  const headers = login === undefined ? {} : { Authorization: basicAuthorization(login) };
  // Over ssh it is plain HTTP: dockerode's own way would make a connection for every request.
  const protocol = endpoint.protocol === 'https' ? 'https' : 'http';
  const unused = { username: undefined, version: undefined, timeout: undefined };
  return {
    socketPath,
    host,
    port,
    protocol,
    ca,
    cert,
    key,
    headers,
    ...unused,
    agent,
  } as unknown as Docker.DockerOptions;
}

/** These three take an abort signal, which dockerode's types do not know. */
function plain(docker: Docker, name: 'version' | 'info' | 'ping', abortSignal: AbortSignal): Promise<unknown> {
  const ask = docker[name] as (options: { abortSignal: AbortSignal }) => Promise<unknown>;
  return ask.call(docker, { abortSignal });
}

/** The JSON `null`: dockerode hands its bytes on unread. */
function orNull(answer: unknown): unknown {
  return Buffer.isBuffer(answer) && answer.toString('utf8').trim() === 'null' ? null : answer;
}

async function openEvents(
  docker: Docker,
  { since, filters }: Parameters<EngineClient['events']>[0],
  deadline: AbortSignal,
): Promise<EventStream> {
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  deadline.addEventListener('abort', stop, { once: true });
  const query = {
    filters: JSON.stringify(filters),
    abortSignal: abort.signal,
    ...(since === undefined ? {} : { since }),
  };
  // The types know neither the signal nor a time with a fraction.
  const body = (await docker.getEvents(query as unknown as Docker.GetEventsOptions)) as Readable;
  deadline.removeEventListener('abort', stop);
  return { body, abort: stop };
}

function oneShot(abortSignal: AbortSignal): { stream: false; 'one-shot': true; abortSignal: AbortSignal } {
  return { stream: false, 'one-shot': true, abortSignal };
}

async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof EngineError && error.reason === 'gone') return undefined;
    throw error;
  }
}
