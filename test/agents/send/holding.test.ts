/** What the sender keeps until it is durable, and where: against a collector that answers as it is told. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createDisk } from '../../../agents/send/disk.ts';
import { type Files, machineFiles } from '../../../agents/send/files.ts';
import type { SenderStats } from '../../../agents/send/ledger.ts';
import { createSender, type SenderOptions } from '../../../agents/send/sender.ts';
import { createEncoder } from '../../../src/wire/encode.ts';
import { batch, NODE, rowOf, state, table } from '../../src/wire/batches.ts';
import { waitFor } from '../../support/wait.ts';
import { type FakeCollector, fakeCollector, fastClock, recordedLog, type Told } from './fake.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const row = rowOf('a');
const one = (seq: number, session: string) => batch(seq, [table(state, [[row, seq]])], { session });

/** An answer that says which batch is durable. */
const durable = (seq: number, run = 'run-1'): Told => ({
  status: 200,
  body: { accepted: 1, dropped: {}, duplicate: false, durable: seq, durable_after_ms: 20_000, run },
});

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-hold-'));
  cleanups.push(async () => rmSync(dir, { recursive: true }));
  return join(dir, 'agent');
}

interface Given extends Partial<SenderOptions> {
  readonly collector: FakeCollector;
  readonly session?: string;
  readonly folder?: string;
  readonly files?: Files;
}

/** An agent's sender with a clock that the test sets on by ticks of 10 s. */
async function start({ collector, session = 'session-1', folder: dir, files = machineFiles, ...more }: Given) {
  const fast = fastClock();
  let elapsed = 0;
  const clock = { ...fast, monotonic: () => elapsed };
  const log = recordedLog();
  const disk =
    dir === undefined ? undefined : createDisk({ folder: dir, maxBytes: 1e6, maxAgeMs: 1e12, now: clock.now, files });
  const left = disk ? (await disk.open()).left : [];
  const sender = createSender({
    url: collector.url,
    encoder: createEncoder({ node: NODE, session }),
    clock,
    log,
    timeoutMs: 5000,
    maxBatches: 100,
    maxBytes: 1e6,
    random: () => 1,
    disk,
    left,
    ...more,
  });
  cleanups.push(() => sender.close(0));
  let seq = 0;
  const tick = (ticks = 1): void => {
    for (let i = 0; i < ticks; i++) {
      elapsed += 10_000;
      sender.offer(one(++seq, session));
    }
  };
  return { sender, log, tick, clock: fast };
}

async function collectorThat(...script: Told[]): Promise<FakeCollector> {
  const collector = await fakeCollector(script);
  cleanups.push(collector.close);
  return collector;
}

const sent = ({ seen }: FakeCollector) => seen.map(({ head }) => `${head.session}/${head.seq}${head.reset ? '!' : ''}`);
const heard = (collector: FakeCollector, count: number) => waitFor(() => collector.seen.length >= count);

function expectBalanced({ offered, acknowledged, dropped, queued }: SenderStats): void {
  const lost = [...dropped.values()].reduce((sum, { batches }) => sum + batches, 0);
  expect(acknowledged.batches + queued.batches + lost).toBe(offered.batches);
}

test('with durable answers in time, two or three batches are in memory and no file is touched', async () => {
  const dir = folder();
  // A batch is durable with the answer to the second after it, as with windows of 10 s that stay open for 10 s.
  const collector = await collectorThat(...Array.from({ length: 50 }, (_, i) => durable(Math.max(0, i + 1 - 2))));
  const { sender, tick } = await start({ collector, folder: dir });
  for (let seq = 1; seq <= 50; seq++) {
    tick();
    expect(sender.stats().queued.batches).toBeLessThanOrEqual(3);
    await waitFor(() => sender.stats().acknowledged.batches === Math.max(0, seq - 2));
  }
  expect(existsSync(dir)).toBe(false);
  expect(sender.stats()).toMatchObject({ acknowledged: { batches: 48 }, queued: { batches: 2 }, spoolErrors: 0 });
  expectBalanced(sender.stats());
});

test('a batch that is not durable after three ticks and their answers goes to disk, and is not sent again', async () => {
  const dir = folder();
  const collector = await collectorThat(...Array.from({ length: 8 }, () => durable(0)), durable(9));
  const { sender, tick } = await start({ collector, folder: dir });
  for (let seq = 1; seq <= 4; seq++) {
    tick();
    await heard(collector, seq);
  }
  // At the fourth tick the first batch is 30 s old: its third tick's answer is still on its way.
  expect(existsSync(dir)).toBe(false);
  tick();
  await waitFor(() => sender.stats().spooled.batches === 1);
  for (let seq = 6; seq <= 8; seq++) {
    await heard(collector, seq - 1);
    tick();
    await waitFor(() => sender.stats().spooled.batches === seq - 4);
  }
  expect(readdirSync(dir)).toEqual(['00000001.spool', 'lock']);
  tick();
  await waitFor(() => sender.stats().acknowledged.batches === 9);
  await waitFor(() => readdirSync(dir).join() === 'lock');
  expect(sent(collector)).toEqual(Array.from({ length: 9 }, (_, i) => `session-1/${i + 1}${i === 0 ? '!' : ''}`));
});

test('a collector with long windows is given the time that it says it needs', async () => {
  const dir = folder();
  const slow: Told = {
    status: 200,
    body: { accepted: 1, dropped: {}, duplicate: false, durable: 0, durable_after_ms: 70_000, run: 'run-1' },
  };
  const collector = await collectorThat(...Array.from({ length: 20 }, () => slow));
  const { sender, tick } = await start({ collector, folder: dir });
  // 70 s and a tick and a half: at the ninth tick the first batch is 80 s old, at the tenth 90.
  for (let seq = 1; seq <= 9; seq++) {
    tick();
    await heard(collector, seq);
  }
  expect(existsSync(dir)).toBe(false);
  tick();
  await waitFor(() => sender.stats().spooled.batches === 1);
});

test('while the collector is away batches go to disk, and then to the collector, oldest first, in full, once', async () => {
  const dir = folder();
  const collector = await collectorThat('hang');
  const { sender, tick } = await start({ collector, folder: dir, timeoutMs: 1000 });
  tick(10);
  await waitFor(() => sender.stats().spooled.batches === 6);
  await waitFor(() => sender.stats().queued.batches === 0);
  // The answers say nothing of durable: to be taken is enough. The first was encoded before it went to disk.
  expect(sent(collector)).toEqual([
    ...[1, 1, 2, 3, 4, 5, 6].map((seq) => `session-1/${seq}!`),
    'session-1/7!',
    ...[8, 9, 10].map((seq) => `session-1/${seq}`),
  ]);
  await waitFor(() => readdirSync(dir).join() === 'lock');
  expectBalanced(sender.stats());
});

test('at the stop, what is not durable goes to disk, and the next start sends it first, with its numbers and bytes', async () => {
  const dir = folder();
  const before = await collectorThat(durable(0), durable(0), durable(1), 'hang');
  const first = await start({ collector: before, folder: dir });
  first.tick(3);
  await heard(before, 3);
  await waitFor(() => first.sender.stats().acknowledged.batches === 1);
  first.tick();
  await heard(before, 4);
  await first.sender.close(20);
  expect(first.sender.stats()).toMatchObject({ queued: { batches: 3 }, spooled: { batches: 3 } });
  expect(first.log.lines).toEqual([
    'info stopped before all was on the collector’s disk; the rest is on ours, for the next start',
  ]);

  const after = await collectorThat(durable(3), durable(3), durable(4), durable(0), durable(2));
  const second = await start({ collector: after, folder: dir, session: 'session-2' });
  second.tick(2);
  await waitFor(() => second.sender.stats().queued.batches === 0);
  expect(sent(after)).toEqual(['session-1/2!', 'session-1/3!', 'session-1/4!', 'session-2/1!', 'session-2/2']);
  expect(second.sender.stats()).toMatchObject({ offered: { batches: 5 }, acknowledged: { batches: 5 } });
  await second.sender.close(1000);
  expect(readdirSync(dir)).toEqual([]);
});

test('an agent that is killed loses what was in memory alone', async () => {
  const dir = folder();
  const away = await collectorThat(...Array.from({ length: 99 }, () => 'hang' as const));
  const killed = await start({ collector: away, folder: dir });
  killed.tick(8);
  await waitFor(() => killed.sender.stats().spooled.batches === 4);
  // What kill -9 leaves: the files as they are. The lock is of this process, so that they are looked at elsewhere.
  const left = folder();
  mkdirSync(left);
  cpSync(join(dir, '00000001.spool'), join(left, '00000001.spool'));
  const back = await collectorThat();
  const { sender } = await start({ collector: back, folder: left, session: 'session-2' });
  await waitFor(() => sender.stats().queued.batches === 0);
  expect(sent(back)).toEqual([1, 2, 3, 4].map((seq) => `session-1/${seq}!`));
});

test('a collector that was restarted gets all that was not durable, oldest first, and once', async () => {
  const restarted: Told = { status: 409, body: { error: 'restarted', message: 'm' } };
  const collector = await collectorThat(
    durable(0),
    durable(0),
    durable(1),
    'cut',
    restarted,
    durable(0, 'run-2'),
    durable(0, 'run-2'),
    durable(4, 'run-2'),
  );
  const { sender, tick, log } = await start({ collector });
  tick(4);
  await waitFor(() => sender.stats().queued.batches === 0);
  expect(sent(collector)).toEqual([
    'session-1/1!',
    'session-1/2',
    'session-1/3',
    'session-1/4',
    'session-1/4',
    'session-1/2!',
    'session-1/3',
    'session-1/4',
  ]);
  expect(collector.seen.map(({ headers }) => headers['x-plimsoll-run'])).toEqual([
    undefined,
    'run-1',
    'run-1',
    'run-1',
    'run-1',
    undefined,
    'run-2',
    'run-2',
  ]);
  expect(log.lines).toContain('info the collector was restarted: what was not on its disk is sent again');
  expect(sender.stats()).toMatchObject({ rewinds: 1, acknowledged: { batches: 4 } });
  expectBalanced(sender.stats());
});

test('two collectors behind one address that send us to and fro are not stormed', async () => {
  const script = Array.from({ length: 10 }, () => [durable(0), { status: 409, body: { error: 'restarted' } } as Told]);
  const collector = await collectorThat(...script.flat());
  const { sender, tick, clock } = await start({ collector });
  tick(2);
  await waitFor(() => sender.stats().queued.batches === 0);
  expect(sender.stats().rewinds).toBe(10);
  expect(clock.sleeps).toEqual(Array(10).fill(1000));
});

test('one that says "restarted" to whoever holds nothing is asked again like any that fails', async () => {
  const collector = await collectorThat({ status: 409, body: { error: 'restarted' } });
  const { sender, tick, clock } = await start({ collector });
  tick();
  await waitFor(() => sender.stats().queued.batches === 0);
  expect([sender.stats().rewinds, clock.sleeps]).toEqual([0, [1000]]);
});

test('what an earlier run left is found after the start: it is sent before what waits, and counted', async () => {
  const dir = folder();
  const away = await collectorThat(...Array.from({ length: 9 }, () => 'hang' as const));
  const first = await start({ collector: away, folder: dir });
  first.tick(2);
  await first.sender.close(20);

  const back = await collectorThat('hang');
  const disk = createDisk({ folder: dir, maxBytes: 1e6, maxAgeMs: 1e12, now: () => 0 });
  const second = await start({ collector: back, session: 'session-2', timeoutMs: 300, disk });
  second.tick(2);
  await heard(back, 1);
  second.sender.adopt(await disk.open());
  expect(second.sender.stats()).toMatchObject({ offered: { batches: 4 }, queued: { batches: 4 } });
  await waitFor(() => second.sender.stats().queued.batches === 0);
  const [lost, ...order] = sent(back);
  expect([lost, order]).toEqual(['session-2/1!', ['session-2/1!', 'session-1/1!', 'session-1/2!', 'session-2/2!']]);
  expect(second.sender.stats()).toMatchObject({ acknowledged: { batches: 4 }, dropped: new Map() });
  expectBalanced(second.sender.stats());
});

/** A disk that takes nothing while `full` says so, after half of what it was given. */
function fillable(code: string) {
  const disk = { full: true };
  const files: Files = {
    ...machineFiles,
    async append(path, offset, bytes) {
      if (!disk.full) return machineFiles.append(path, offset, bytes);
      await machineFiles.append(path, offset, bytes.subarray(0, bytes.length / 2));
      throw Object.assign(new Error(`${code}: told`), { code });
    },
  };
  return { disk, files };
}

test.each([
  ['ENOSPC', /the disk is full/],
  ['EROFS', /set data_dir to a folder that we may write to/],
])('a disk that says %s costs nothing while memory lasts, is said once, and heals', async (code, words) => {
  const dir = folder();
  const { disk, files } = fillable(code);
  const away = await collectorThat(...Array.from({ length: 99 }, () => 'hang' as const));
  const { sender, tick, log } = await start({ collector: away, folder: dir, files });
  tick(6);
  await waitFor(() => sender.stats().spoolErrors > 0);
  tick(2);
  await waitFor(() => sender.stats().spoolErrors > 1);
  expect(sender.stats()).toMatchObject({ queued: { batches: 8 }, spooled: { batches: 0 } });
  disk.full = false;
  tick();
  await waitFor(() => sender.stats().spooled.batches === 5);
  await waitFor(() => log.lines.length === 2);
  expect(log.lines[0]).toMatch(words);
  expect(log.lines[1]).toBe('info batches can be kept on disk again');
  await sender.close(20);

  const back = await collectorThat();
  const second = await start({ collector: back, folder: dir, session: 'session-2' });
  await waitFor(() => second.sender.stats().queued.batches === 0);
  expect(sent(back)).toEqual(Array.from({ length: 9 }, (_, i) => `session-1/${i + 1}!`));
});

test('without a disk, what the collector has taken is no loss at the stop; what it has not is', async () => {
  const collector = await collectorThat(durable(0), durable(0), 'hang');
  const { sender, tick, log } = await start({ collector });
  tick(3);
  await heard(collector, 3);
  await sender.close(20);
  expect(sender.stats()).toMatchObject({ acknowledged: { batches: 2 }, queued: { batches: 0 } });
  expect(sender.stats().dropped).toEqual(new Map([['shutdown', { batches: 1, samples: 1 }]]));
  expect(log.lines).toEqual(['warn stopped before all was delivered; the rest is lost']);
});

test('one that is to wait for others does so, says how much it holds, and calls it no trouble', async () => {
  const ahead: Told = { status: 429, headers: { 'retry-after': '1' }, body: { error: 'ahead', message: 'm' } };
  const collector = await collectorThat('hang', ahead, ahead);
  const { sender, tick, log, clock } = await start({ collector, timeoutMs: 300 });
  tick(3);
  await waitFor(() => sender.stats().queued.batches === 0);
  expect(collector.seen.map(({ headers }) => headers['x-plimsoll-waiting'])).toEqual(['2', '2', '2', '2', '1', '0']);
  // A second, and half of it by chance, which here is always 1.
  expect(clock.sleeps.slice(1)).toEqual([1500, 1500]);
  expect(log.lines).toEqual(['warn the collector does not take batches', 'info the collector takes batches again']);
});
