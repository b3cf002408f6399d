import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { afterEach, expect, test } from 'vitest';
import { createSender } from '../../../agents/send/sender.ts';
import { createEncoder } from '../../../src/wire/encode.ts';
import { batch, NODE, rowOf, SESSION, state, table } from '../../src/wire/batches.ts';
import { bench } from '../../collector/ingest/agent.ts';
import { waitFor } from '../../support/wait.ts';
import { CERT, KEY } from './certificate.ts';
import { fastClock, recordedLog } from './fake.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A collector that wants a client certificate. */
async function collector() {
  const { ingest, pushed } = bench();
  const app = Fastify({ https: { cert: CERT, key: KEY, ca: CERT, requestCert: true, rejectUnauthorized: true } });
  ingest.route(app);
  await app.listen({ host: '127.0.0.1', port: 0 });
  cleanups.push(() => app.close());
  return { pushed, url: `https://127.0.0.1:${(app.server.address() as AddressInfo).port}` };
}

function sender(url: string, tls: { ca?: string; cert?: string; key?: string }) {
  const encoder = createEncoder({ node: NODE, session: SESSION });
  const log = recordedLog();
  const made = createSender({
    url,
    tls,
    encoder,
    clock: fastClock(),
    log,
    timeoutMs: 5000,
    maxBatches: 10,
    maxBytes: 1e6,
  });
  cleanups.push(() => made.close(0));
  made.offer(batch(1, [table(state, [[rowOf('a'), 1]])]));
  return { sender: made, log };
}

test('with the collector’s authority and a certificate of its own it delivers', async () => {
  const { url, pushed } = await collector();
  const { sender: one } = sender(url, { ca: CERT, cert: CERT, key: KEY });
  await waitFor(() => one.stats().acknowledged.batches === 1);
  expect(pushed.length).toBe(1);
});

test.each([
  ['a collector that it has no reason to trust', { cert: CERT, key: KEY }],
  ['a collector that does not trust it', { ca: CERT }],
])('to %s it gives nothing, and says so', async (_what, tls) => {
  const { url, pushed } = await collector();
  const { sender: one, log } = sender(url, tls);
  await waitFor(() => one.stats().retries > 1);
  expect(one.stats()).toMatchObject({ queued: { batches: 1 }, acknowledged: { batches: 0 } });
  expect(pushed.length).toBe(0);
  expect(log.lines[0]).toBe('warn the collector does not take batches');
});
