/**
 * A made-up collector whose hours pass as fast as somebody asks for windows: it serves the page as built, a stream of windows of a second, and
 * answers every range with a curve. For what a page does that is open for long.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pageFiles } from '../../collector/page/files.ts';
import type { Snapshot, WindowMessage } from '../../collector/page/present.ts';
import { type Cell, type Field, FIELDS } from '../../collector/page/rows.ts';
import { event } from '../../collector/page/stream.ts';

const START = 1_800_000_000;
const NODE = 'web-1';

export interface HourServer {
  readonly url: string;
  /** Sends the next window to every page that is open, once nobody waits for an answer. */
  next(): Promise<void>;
  close(): void;
}

export async function hourServer(containers: number): Promise<HourServer> {
  const files = pageFiles();
  const streams = new Set<ServerResponse>();
  let [seq, waiting] = [1, 0];
  const routes = (request: IncomingMessage, reply: ServerResponse): void => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://here');
    const file = files.get(pathname === '/' ? 'index.html' : (pathname.split('/').at(-1) ?? ''));
    if (file) return void reply.writeHead(200, { 'content-type': file.type }).end(file.body);
    if (pathname === '/page/events') {
      reply.writeHead(200, { 'content-type': 'text/event-stream' }).write(event('now', snapshotOf(containers, seq)));
      streams.add(reply);
      reply.once('close', () => streams.delete(reply));
      return;
    }
    waiting++;
    reply.once('close', () => waiting--);
    reply.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answerTo(searchParams)));
  };
  const server = createServer(routes);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async next() {
      while (waiting > 0) await new Promise(setImmediate);
      seq++;
      for (const stream of streams) stream.write(event('window', windowOf(containers, seq)));
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function windowOf(containers: number, seq: number): WindowMessage {
  const rows = Array.from({ length: containers }, (_, n): readonly [number, ...Cell[]] => [n, ...cells(n, seq)]);
  const pipeline = { sinks: [], dropped: 0, series: containers, logUp: true, behindMs: undefined, history: true };
  return {
    ...{ seq, end: START + seq, things: [], rows, hosts: [{ node: NODE, seen: START + seq }] },
    pipeline: { ...pipeline, since: START - 86_400 },
  };
}

function snapshotOf(containers: number, seq: number): Snapshot {
  const things = Array.from({ length: containers }, (_, n) => ({
    ...{ n, kind: 'container' as const, node: NODE, id: `/docker/${n}`, name: `shop-web-${n}`, image: 'shop:1' },
  }));
  return {
    ...windowOf(containers, seq),
    ...{ run: 'made up', version: '0', cluster: 'c', window: 1, fields: FIELDS, trails: {}, things },
  };
}

function cells(n: number, seq: number): Cell[] {
  const wave = 1 + Math.sin((seq + n) / 10);
  const known: Partial<Record<Field, Cell>> = {
    ...{ state: 'running', cpu: wave / 10, memory: 1e8 + wave * 1e6 + n, memoryLimit: 2e8, rx: wave * 1000 },
    ...{ tx: wave * 500, read: 0, write: wave * 100, threads: 7, restarts: 0, start: START - 3600 },
  };
  return FIELDS.map((field) => known[field] ?? null);
}

/** Two series for every question, with a value at each step. */
function answerTo(given: URLSearchParams): unknown {
  const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(given.get(name)));
  const times = Array.from({ length: Math.floor((end! - start!) / step!) + 1 }, (_, i) => start! + i * step!);
  const result = ['eth0', 'eth1'].map((name) => ({
    metric: { interface: name, device: name },
    values: times.map((time) => [time, String(1 + Math.sin(time / 30))]),
  }));
  return { status: 'success', data: { resultType: 'matrix', result } };
}
