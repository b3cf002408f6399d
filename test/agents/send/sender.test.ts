import { afterEach, describe, expect, test } from 'vitest';
import { createSender, type Sender, type SenderOptions } from '../../../agents/send/sender.ts';
import type { SenderStats } from '../../../agents/send/ledger.ts';
import { createEncoder } from '../../../src/wire/encode.ts';
import { batch, NODE, rowOf, SESSION, state, table } from '../../src/wire/batches.ts';
import { waitFor } from '../../support/wait.ts';
import { type FakeCollector, fakeCollector, fastClock, OK, recordedLog, type Told } from './fake.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const rows = [rowOf('a'), rowOf('b')] as const;
/** A batch of two samples. */
const two = (seq: number) =>
  batch(seq, [
    table(state, [
      [rows[0], seq],
      [rows[1], seq],
    ]),
  ]);

async function start(script: readonly Told[], more: Partial<SenderOptions> = {}) {
  const collector = await fakeCollector(script);
  const clock = fastClock();
  const log = recordedLog();
  const encoder = createEncoder({ node: NODE, session: SESSION });
  const sender = createSender({
    url: collector.url,
    encoder,
    clock,
    log,
    timeoutMs: 5000,
    maxBatches: 100,
    maxBytes: 1e6,
    random: () => 1,
    ...more,
  });
  cleanups.push(collector.close, () => sender.close(0));
  return { collector, clock, log, sender };
}

const settled = (sender: Sender) => waitFor(() => sender.stats().queued.batches === 0);
const seqs = ({ seen }: FakeCollector) => seen.map(({ head }) => head.seq);

/** offered = acknowledged + dropped + queued, in samples and in batches. */
function expectBalanced({ offered, acknowledged, dropped, queued }: SenderStats): void {
  const lost = [...dropped.values()];
  expect(acknowledged.samples + queued.samples + lost.reduce((sum, { samples }) => sum + samples, 0)).toBe(
    offered.samples,
  );
  expect(acknowledged.batches + queued.batches + lost.reduce((sum, { batches }) => sum + batches, 0)).toBe(
    offered.batches,
  );
}

test('batches arrive in order, one request at a time, described once', async () => {
  const { collector, sender } = await start([]);
  for (let seq = 1; seq <= 20; seq++) sender.offer(two(seq));
  await settled(sender);
  expect(seqs(collector)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  expect(collector.mostOpen).toBe(1);
  expect(collector.seen.map(({ head }) => head.reset)).toEqual([true, ...Array(19).fill(false)]);
  expect(collector.seen[0]!.url).toBe('/api/v1/push');
  expect(collector.seen[0]!.headers).toMatchObject({
    'content-type': 'application/vnd.plimsoll.batch',
    'content-encoding': 'gzip',
  });
  expect(sender.stats()).toMatchObject({ acknowledged: { batches: 20, samples: 40 }, retries: 0, inFlight: false });
});

test('each try says when it is sent, by our clock', async () => {
  const { collector, sender } = await start([{ status: 503, headers: { 'retry-after': '1' } }]);
  sender.offer(two(1));
  await settled(sender);
  expect(collector.seen.map(({ headers }) => headers['x-plimsoll-sent'])).toEqual(['1700000000000', '1700000000000']);
});

test('a clock that the collector finds off is said once, and once when it is right again', async () => {
  const told = (offset?: number): Told => ({
    status: 200,
    body: { accepted: 2, dropped: {}, duplicate: false, ...(offset === undefined ? {} : { clock_offset_ms: offset }) },
  });
  const { sender, log } = await start([told(-25_000), told(-25_000), told(), told()]);
  for (let seq = 1; seq <= 4; seq++) sender.offer(two(seq));
  await settled(sender);
  expect(log.lines).toEqual([
    'warn our clock is behind the collector’s, which puts our readings into its time; set the clocks of both (NTP)',
    'info our clock agrees with the collector’s again',
  ]);
});

test('the token goes along, and the address may have a path', async () => {
  const collector = await fakeCollector([]);
  cleanups.push(collector.close);
  const { sender } = await start([], { url: `${collector.url}/plimsoll/`, token: 'secret' });
  sender.offer(two(1));
  await settled(sender);
  expect(collector.seen[0]!.url).toBe('/plimsoll/api/v1/push');
  expect(collector.seen[0]!.headers.authorization).toBe('Bearer secret');
});

test.each<[string, Told]>([
  ['the connection is cut before the answer', 'cut'],
  ['the collector fails', { status: 500 }],
  ['the collector is busy', { status: 503, headers: { 'retry-after': '1' } }],
])('when %s, the same bytes come again', async (_what, told) => {
  const { collector, sender } = await start([OK, told, told]);
  sender.offer(two(1));
  sender.offer(two(2));
  sender.offer(two(3));
  await settled(sender);
  expect(seqs(collector)).toEqual([1, 2, 2, 2, 3]);
  expect(collector.seen[2]!.body.equals(collector.seen[1]!.body)).toBe(true);
  expect(collector.seen[3]!.body.equals(collector.seen[1]!.body)).toBe(true);
  expect(sender.stats()).toMatchObject({ acknowledged: { batches: 3, samples: 6 }, retries: 2 });
});

test('a collector that does not answer in time is asked again', async () => {
  const { collector, sender } = await start(['hang'], { timeoutMs: 100 });
  sender.offer(two(1));
  await settled(sender);
  expect(seqs(collector)).toEqual([1, 1]);
});

describe('waiting', () => {
  test('doubles, up to the most, and starts anew after a success', async () => {
    const { clock, sender } = await start([...Array(4).fill({ status: 500 }), OK, { status: 500 }], {
      firstRetryMs: 1000,
      maxRetryMs: 4000,
    });
    sender.offer(two(1));
    sender.offer(two(2));
    await settled(sender);
    expect(clock.sleeps).toEqual([1000, 2000, 4000, 4000, 1000]);
  });

  test('takes the collector’s word, but not for a storm', async () => {
    const askFor = (text: string) => ({ status: 429, headers: { 'retry-after': text } });
    // The clock stands at 2023-11-14 22:13:20.
    const { clock, sender } = await start([askFor('17'), askFor('Tue, 14 Nov 2023 22:14:00 GMT'), askFor('0')]);
    sender.offer(two(1));
    await settled(sender);
    // Half of it more at most, by chance, which here is always 1: not all agents at the same moment.
    expect(clock.sleeps).toEqual([25_500, 60_000, 1500]);
  });

  test('is long while the token is wrong, which is logged once', async () => {
    const { clock, sender, log } = await start(Array(3).fill({ status: 401, body: { error: 'no token' } }));
    sender.offer(two(1));
    await settled(sender);
    expect(clock.sleeps).toEqual([60_000, 60_000, 60_000]);
    expect(log.lines).toEqual(['warn the collector does not take batches', 'info the collector takes batches again']);
  });
});

test('a collector that has forgotten us gets the same batch in full', async () => {
  const { collector, sender } = await start([OK, { status: 409, body: { error: 'unknown_session' } }]);
  for (const seq of [1, 2, 3]) sender.offer(two(seq));
  await settled(sender);
  expect(collector.seen.map(({ head }) => [head.seq, head.reset])).toEqual([
    [1, true],
    [2, false],
    [2, true],
    [3, false],
  ]);
  expect(sender.stats()).toMatchObject({ resyncs: 1, acknowledged: { batches: 3 } });
});

test('one that forgets us at once again is not stormed', async () => {
  const forgotten = { status: 409, body: { error: 'unknown_session' } };
  const { clock, collector, sender } = await start(Array(4).fill(forgotten));
  sender.offer(two(1));
  await settled(sender);
  expect(seqs(collector)).toEqual([1, 1, 1, 1, 1]);
  expect(clock.sleeps).toEqual([1000, 2000, 4000]);
});

test('a batch that is refused is dropped, and the next comes in full', async () => {
  const { collector, sender, log } = await start([OK, { status: 400, body: { error: 'bad_label', message: 'm' } }]);
  for (const seq of [1, 2, 3, 4]) sender.offer(two(seq));
  await settled(sender);
  expect(collector.seen.map(({ head }) => [head.seq, head.reset])).toEqual([
    [1, true],
    [2, false],
    [3, true],
    [4, false],
  ]);
  expect(sender.stats().dropped).toEqual(new Map([['refused', { batches: 1, samples: 2 }]]));
  expectBalanced(sender.stats());
  expect(log.lines[0]).toBe('warn the collector refused a batch, which is dropped');
});

test('a batch that cannot be written is dropped, and the next comes in full', async () => {
  const { collector, sender } = await start([]);
  sender.offer(two(1));
  sender.offer(batch(2, [], { node: 'other' }));
  sender.offer(two(3));
  await settled(sender);
  expect(collector.seen.map(({ head }) => [head.seq, head.reset])).toEqual([
    [1, true],
    [3, true],
  ]);
  expect(sender.stats().dropped).toEqual(new Map([['unencodable', { batches: 1, samples: 0 }]]));
});

test('what the collector dropped is counted under its reasons, and never more than was sent', async () => {
  const { sender } = await start([
    { status: 200, body: { accepted: 1, dropped: { too_late: 1 }, duplicate: false } },
    { status: 200, body: { accepted: 0, dropped: { too_late: 1_000_000 }, duplicate: false } },
  ]);
  sender.offer(two(1));
  sender.offer(two(2));
  await settled(sender);
  expect(sender.stats().dropped).toEqual(new Map([['collector_too_late', { batches: 0, samples: 1 + 2 }]]));
  expect(sender.stats().acknowledged).toEqual({ batches: 2, samples: 1 });
  expectBalanced(sender.stats());
});

describe('the queue', () => {
  test('is bounded while the collector is away; the oldest go and are counted', async () => {
    const { collector, sender } = await start(['hang'], { maxBatches: 3, timeoutMs: 1000 });
    sender.offer(two(1));
    await waitFor(() => collector.seen.length === 1);
    for (let seq = 2; seq <= 10; seq++) sender.offer(two(seq));
    expect(sender.stats().queued).toEqual({ batches: 3, samples: 6 });
    expectBalanced(sender.stats());
    await settled(sender);
    // 1 was on its way and stays; of the others the newest two fit.
    expect(seqs(collector)).toEqual([1, 1, 9, 10]);
    expect(sender.stats().dropped).toEqual(new Map([['queue_full', { batches: 7, samples: 14 }]]));
    expectBalanced(sender.stats());
  });
});

describe('closing', () => {
  test('sends what is left first', async () => {
    const { collector, sender } = await start([{ status: 503 }]);
    for (const seq of [1, 2, 3]) sender.offer(two(seq));
    await sender.close(5000);
    expect(seqs(collector)).toEqual([1, 1, 2, 3]);
    expect(sender.stats()).toMatchObject({ queued: { batches: 0 }, acknowledged: { batches: 3 } });
  });

  test('gives up at its deadline, and counts what is lost', async () => {
    const { sender } = await start(['hang']);
    sender.offer(two(1));
    sender.offer(two(2));
    await sender.close(50);
    expect(sender.stats().dropped).toEqual(new Map([['shutdown', { batches: 2, samples: 4 }]]));
    sender.offer(two(3));
    expectBalanced(sender.stats());
    await sender.close(50);
  });

  test('does not wait when nothing is queued, nor for a collector that is not there', async () => {
    const idle = await start([]);
    await idle.sender.close(60_000);
    const { sender } = await start([], { url: 'http://127.0.0.1:1' });
    sender.offer(two(1));
    await waitFor(() => sender.stats().retries > 2);
    await sender.close(20);
    expect(sender.stats().dropped.get('shutdown')).toEqual({ batches: 1, samples: 2 });
  });
});
