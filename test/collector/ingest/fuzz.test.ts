import { gzipSync } from 'node:zlib';
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { rowOf } from '../../src/wire/batches.ts';
import { agent, bench } from './agent.ts';

const STATUSES = [200, 400, 409, 413, 415];

test.prop(
  [fc.uint8Array({ maxLength: 500 }), fc.constantFrom('gzip', 'identity', undefined, 'GZIP ', 'br'), fc.boolean()],
  {
    numRuns: 500,
  },
)('any body gets an answer, and afterwards a good one is taken', async (random, encoding, packed) => {
  const { ingest, receive, pushed } = bench();
  const body = packed ? gzipSync(random) : Buffer.from(random);
  expect(STATUSES).toContain((await ingest.receive(body, { encoding })).status);
  expect((await receive(agent().next([rowOf('a')]))).status).toBe(200);
  expect(pushed.length).toBe(1);
});

/** What may happen to an agent's body on its way, again and again. */
const event = fc.constantFrom('sent', 'sent twice', 'lost', 'cut', 'reset', 'collector forgets');

test.prop([fc.array(event, { maxLength: 60 })], { numRuns: 200 })(
  'whatever happens on the way, no batch is handed on twice or out of order, and all samples are accounted for',
  async (events) => {
    const { ingest, receive, pass, pushed } = bench({ staleAfterMs: 1000, maxSeriesPerNode: 6 });
    const web = agent();
    for (const [i, what] of events.entries()) {
      if (what === 'collector forgets') pass(2000);
      const body = web.next([rowOf('a'), rowOf(`job-${i}`)], what === 'reset');
      if (what === 'lost') continue;
      const reply = await receive(what === 'cut' ? body.subarray(0, -3) : body);
      if (what === 'sent twice') expect([200, reply.status]).toContain((await receive(body)).status);
    }
    const seqs = pushed.map(({ seq }) => seq);
    expect(seqs).toEqual([...new Set(seqs)].sort((x, y) => x - y));
    const { samplesReceived, samplesAccepted, samplesDropped, batches, series } = ingest.stats();
    const dropped = [...samplesDropped.values()].reduce((sum, samples) => sum + samples, 0);
    expect(samplesAccepted + dropped).toBe(samplesReceived);
    expect(batches.get('accepted') ?? 0).toBe(pushed.length);
    expect(series).toBeLessThanOrEqual(6);
  },
);
