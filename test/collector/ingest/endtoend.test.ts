import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import Fastify from 'fastify';
import { afterEach, expect, test } from 'vitest';
import { createSender } from '../../../agents/send/sender.ts';
import { createIngest } from '../../../collector/ingest/ingest.ts';
import { silent } from '../../../src/log.ts';
import type { Batch } from '../../../src/model/batch.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { createEncoder } from '../../../src/wire/encode.ts';
import { batch, familyNamed, load, NODE, plain, rowOf, SESSION, state, table } from '../../src/wire/batches.ts';
import { waitFor } from '../../support/wait.ts';
import { fastClock } from '../../agents/send/fake.ts';
import { samplesOf } from './agent.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A collector on loopback; what it is given to hand on goes to `pushed`. Closing it keeps nothing, as a crash would. */
async function collector(pushed: Batch[], port = 0) {
  const ingest = createIngest({
    push: (given) => {
      pushed.push(given);
      return { accepted: samplesOf(given), dropped: new Map() };
    },
    familyNamed,
    // The agent's, or its rows would be put into another time.
    clock: { ...systemClock, now: fastClock().now },
    log: silent,
  });
  const app = Fastify({ forceCloseConnections: true });
  ingest.route(app);
  await app.listen({ host: '127.0.0.1', port });
  cleanups.push(() => app.close());
  return { ingest, app, port: (app.server.address() as AddressInfo).port };
}

function sender(port: number) {
  const encoder = createEncoder({ node: NODE, session: SESSION });
  const made = createSender({
    url: `http://127.0.0.1:${port}`,
    encoder,
    clock: fastClock(),
    log: silent,
    timeoutMs: 5000,
    maxBatches: 1000,
    maxBytes: 1e8,
  });
  cleanups.push(() => made.close(0));
  return made;
}

const stays = [rowOf('web'), rowOf('db', 'sda'), rowOf('db', 'sdb')] as const;

/** Batches in which most stays, and a container comes and goes with every one. */
function timeline(length: number): Batch[] {
  return Array.from({ length }, (_, i) =>
    batch(i + 1, [
      table(load, [
        [stays[1], i, i / 1000, 1 / (i + 3)],
        [stays[2], 2 ** 40 + i, undefined, -0],
      ]),
      table(state, [
        [stays[0], 1],
        [rowOf(`job-${i}`), 0],
      ]),
    ]),
  );
}

const settled = (of: ReturnType<typeof sender>) => waitFor(() => of.stats().queued.batches === 0);

test('what was offered is handed on, in order, once, and the same', async () => {
  const pushed: Batch[] = [];
  const { port, ingest } = await collector(pushed);
  const from = sender(port);
  const sent = timeline(60);
  for (const one of sent) from.offer(one);
  await settled(from);
  expect(pushed.map(plain)).toEqual(sent.map(plain));
  const samples = sent.reduce((sum, one) => sum + samplesOf(one), 0);
  expect(from.stats()).toMatchObject({ offered: { samples }, acknowledged: { samples }, retries: 0 });
  expect(ingest.stats()).toMatchObject({ samplesReceived: samples, samplesAccepted: samples, missingBatches: 0 });
});

test('answers that get lost on the way back cost nothing and count nothing twice', async () => {
  const pushed: Batch[] = [];
  const { port, ingest } = await collector(pushed);
  const line = await badLine(port);
  const from = sender(line.port);
  const sent = timeline(30);
  for (const one of sent) from.offer(one);
  await settled(from);
  expect(pushed.map(plain)).toEqual(sent.map(plain));
  expect(line.cut()).toBeGreaterThan(5);
  expect(ingest.stats().batches.get('duplicate')).toBe(line.cut());
  expect(from.stats()).toMatchObject({ retries: line.cut(), acknowledged: { batches: 30 } });
});

test('a collector that restarts gets the rest, described again', async () => {
  const [before, after]: [Batch[], Batch[]] = [[], []];
  const first = await collector(before);
  const from = sender(first.port);
  const sent = timeline(40);
  for (const one of sent.slice(0, 20)) from.offer(one);
  await settled(from);
  await first.app.close();
  for (const one of sent.slice(20)) from.offer(one);
  await waitFor(() => from.stats().retries > 2);
  await collector(after, first.port);
  await settled(from);
  expect([...before, ...after].map(plain)).toEqual(sent.map(plain));
  expect(from.stats()).toMatchObject({ resyncs: 1, acknowledged: { batches: 40 } });
});

test('the rows of what stays are the same objects from batch to batch', async () => {
  const pushed: Batch[] = [];
  const { port } = await collector(pushed);
  const from = sender(port);
  for (const one of timeline(30)) from.offer(one);
  await settled(from);
  const webs = new Set(pushed.map(({ tables }) => tables[1]!.rows[0]));
  expect(webs.size).toBe(1);
});

/** A line to the collector that cuts every third answer, after the collector has sent it. */
async function badLine(to: number) {
  let answers = 0;
  let cut = 0;
  const sockets = new Set<Socket>();
  const proxy = createTcpServer((near) => {
    const far = connect(to, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    near.pipe(far);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
    far.on('data', (chunk) => {
      if (++answers % 3 !== 0) {
        near.write(chunk);
        return;
      }
      cut++;
      near.destroy();
    });
  });
  await listening(proxy as unknown as Server);
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => proxy.close(resolve));
  });
  return { port: (proxy.address() as AddressInfo).port, cut: () => cut };
}

async function listening(server: Server): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}

test('a server that is no collector gets the batch again and again, and keeps none', async () => {
  const server = createServer((_request, response) => response.end('<html>Welcome</html>'));
  await listening(server);
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  const from = sender((server.address() as AddressInfo).port);
  from.offer(timeline(1)[0]!);
  await waitFor(() => from.stats().retries > 3);
  expect(from.stats()).toMatchObject({ queued: { batches: 1 }, acknowledged: { batches: 0 } });
  await from.close(0);
  server.closeAllConnections();
});
