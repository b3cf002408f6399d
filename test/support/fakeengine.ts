/**
 * A Docker Engine made of recorded answers: a real HTTP server on a unix socket, that can hang, break off, send nonsense, be
 * stopped and started again. Answers are looked up by path; what is not there is a 404, as the Engine says it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordedHost } from './fixture.ts';

export interface FakeEngine {
  readonly socket: string;
  /** By path without query: `/version`, `/containers/json`, `/containers/<id>/json`, `/containers/<id>/stats`. Change at will. */
  readonly answers: Map<string, unknown>;
  /** Every request so far, path and query. */
  readonly requests: string[];
  /** Paths that are taken and never answered. */
  hang: (path: string) => boolean;
  /** Answers of these paths break off in their middle. */
  breakOff: (path: string) => boolean;
  /** How many event streams are open. */
  readonly streams: number;
  /** The most requests for `/containers/<id>/…` that were open at the same time; answers to them are held for `holdMs`. */
  readonly mostAtOnce: number;
  holdMs: number;
  /** A line to every open event stream. */
  send(event: unknown): void;
  /** Bytes as they are, to every open event stream. */
  write(bytes: Uint8Array | string): void;
  /** Ends all event streams. */
  cut(): void;
  start(): Promise<void>;
  /** Closes the socket and everything open, as a stopping engine does. The folder stays. */
  stop(): Promise<void>;
  /** `stop`, and the folder is removed. */
  close(): Promise<void>;
}

/** An engine with no containers, not started. */
export function fakeEngine(): FakeEngine {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-engine-'));
  const socket = join(dir, 'docker.sock');
  const streams = new Set<ServerResponse>();
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let atOnce = 0;
  let most = 0;

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const url = request.url ?? '';
    const path = url.split('?', 1)[0] as string;
    engine.requests.push(url);
    if (engine.hang(path)) return;
    if (path === '/events') {
      openStream(response);
      return;
    }
    const known = engine.answers.has(path) ? engine.answers.get(path) : { message: `no ${path}` };
    const body = JSON.stringify(path === '/_ping' ? 'OK' : known);
    if (engine.breakOff(path)) {
      response.writeHead(200, { 'content-length': body.length });
      response.write(body.slice(0, body.length / 2), () => response.socket?.destroy());
      return;
    }
    const held = path.startsWith('/containers/') ? 1 : 0;
    atOnce += held;
    most = Math.max(most, atOnce);
    setTimeout(() => {
      atOnce -= held;
      response.writeHead(path === '/_ping' || engine.answers.has(path) ? 200 : 404, {
        'content-type': 'application/json',
      });
      response.end(body);
    }, held * engine.holdMs);
  }

  function openStream(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    streams.add(response);
    response.on('close', () => streams.delete(response));
  }

  const engine: FakeEngine = {
    socket,
    answers: new Map<string, unknown>([
      ['/version', { Version: '20.10.24', ApiVersion: '1.41' }],
      [
        '/info',
        { Name: 'fake', CgroupDriver: 'cgroupfs', CgroupVersion: '1', Driver: 'overlay2', DockerRootDir: '/d' },
      ],
      ['/containers/json', []],
    ]),
    requests: [],
    holdMs: 3,
    hang: () => false,
    breakOff: () => false,
    get streams() {
      return streams.size;
    },
    get mostAtOnce() {
      return most;
    },
    send: (event) => engine.write(`${JSON.stringify(event)}\n`),
    write(bytes) {
      for (const stream of streams) stream.write(bytes);
    },
    cut() {
      for (const stream of streams) stream.end();
    },
    async start() {
      const made = createServer(answer);
      made.on('connection', (connection) => {
        sockets.add(connection);
        connection.on('close', () => sockets.delete(connection));
      });
      await new Promise<void>((resolve, reject) => made.once('error', reject).listen(socket, resolve));
      server = made;
    },
    async stop() {
      const stopping = server;
      server = undefined;
      for (const connection of sockets) connection.destroy();
      if (stopping !== undefined) await new Promise((resolve) => stopping.close(resolve));
    },
    async close() {
      await engine.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  return engine;
}

/** Lets the engine answer as a recorded host did at a moment, event stream apart. */
export function answerAs(engine: FakeEngine, host: RecordedHost): void {
  engine.answers.clear();
  const list = host.api('containers') as { readonly Id: string; readonly State: string }[];
  engine.answers.set('/version', host.api('version'));
  engine.answers.set('/info', host.api('info'));
  engine.answers.set('/containers/json', list);
  for (const { Id, State } of list) {
    engine.answers.set(`/containers/${Id}/json`, host.api(`inspect-${Id}`));
    if (State === 'running' || State === 'paused') {
      engine.answers.set(`/containers/${Id}/stats`, host.api(`stats-${Id}`));
    }
  }
}
