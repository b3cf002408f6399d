/** An aggregation that goes on from the last window of the run before: what its first windows have, and which clock it believes. */
import { describe, expect, test } from 'vitest';
import { createAggregator } from '../../../collector/aggregate/aggregator.ts';
import { AGGREGATOR_DEFAULTS, type AggregatorOptions } from '../../../collector/aggregate/options.ts';
import type { Batch, Frame } from '../../../src/model/batch.ts';
import { TableBuilder } from '../../../src/model/builder.ts';
import type { Family } from '../../../src/model/family.ts';
import { labels, NO_LABELS } from '../../../src/model/labels.ts';
import { type EntityRow, entityRow } from '../../../src/model/table.ts';
import { expositionLines } from '../../support/exposition.ts';
import { work } from './families.ts';
import { EPOCH_MS } from './timeline.ts';

/** Windows of 10 s, open for 10 s more. */
const KEPT: AggregatorOptions = { ...AGGREGATOR_DEFAULTS, cluster: 'c', journal: true };
/** What agents kept while they were away is taken. */
const LATE: AggregatorOptions = { ...KEPT, maxLateMs: 24 * 3_600_000 };
const familyNamed = (name: string) => (name === work.name ? work : undefined);
const breathe = () => Promise.resolve();
const at = (second: number) => EPOCH_MS + second * 1000;

const set = labels([
  ['name', 'web'],
  ['container_label_com_docker_compose_project', 'p'],
  ['container_label_com_docker_compose_service', 'web'],
]);
const web: EntityRow = entityRow({ key: 'web', kind: 'container', startMs: 0, labels: set }, NO_LABELS);

function batchOf(second: number, done: number, seq = second): Batch {
  const builder = new TableBuilder<Family, EntityRow>(work);
  builder.add(web, at(second));
  builder.set(work.at.done, done);
  return { node: 'n1', session: 's', seq, timeMs: at(second), tables: [builder.build()] };
}

/** The last window of a run that saw 100 and 103 done, in windows that end at `end` - 10 and `end`. */
async function lastOf(end: number): Promise<Frame> {
  const aggregator = createAggregator(KEPT);
  aggregator.push(batchOf(end - 15, 100), at(end - 15));
  aggregator.push(batchOf(end - 5, 103), at(end - 5));
  return (await aggregator.advance(at(end + 10), breathe)).at(-1) as Frame;
}

function totalIn(frame: Frame | undefined): number | undefined {
  const line = expositionLines(frame?.tables ?? []).find((one) => one.startsWith('cluster_work_done_total{'));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}

describe('windows that the run before had not closed', () => {
  test('have their groups, though they began before this run: agents send again what is not on disk', async () => {
    const frame = await lastOf(20);
    expect(totalIn(frame)).toBe(3);
    // Killed, and started 40 s later; the agent's batches of 25 and 35 come now.
    const options = { ...KEPT, startedMs: at(60), restored: { frame, familyNamed } };
    const aggregator = createAggregator(options);
    aggregator.push(batchOf(25, 107), at(60));
    aggregator.push(batchOf(35, 112), at(60));
    const frames = await aggregator.advance(at(60), breathe);
    // 103 to 107 to 112; nothing came for the window that ends at 50.
    expect(frames.map((one) => [one.endMs, totalIn(one)])).toEqual([
      [at(30), 7],
      [at(40), 12],
      [at(50), undefined],
    ]);
  });

  test('but not one that a stop closed before its end: it has been written', async () => {
    const first = createAggregator(KEPT);
    first.push(batchOf(5, 100), at(5));
    first.push(batchOf(15, 103), at(15));
    const frame = (await first.flush(breathe)).at(-1) as Frame;
    expect([frame.endMs, totalIn(frame)]).toEqual([at(20), 3]);
    const again = createAggregator({ ...KEPT, startedMs: at(17), restored: { frame, familyNamed } });
    again.push(batchOf(19, 104), at(19));
    again.push(batchOf(25, 106), at(25));
    const frames = [...(await again.advance(at(30), breathe)), ...(await again.advance(at(40), breathe))];
    expect(frames.map((one) => [one.endMs, totalIn(one)])).toEqual([
      [at(20), undefined],
      [at(30), 6],
    ]);
  });
});

test('a clock that was set back between two runs does not freeze what is read until it is that late again', async () => {
  // The machine began with its clock a day ahead; time was mended, and the collector started again.
  const frame = await lastOf(86_420);
  const aggregator = createAggregator({ ...KEPT, startedMs: at(100), restored: { frame, familyNamed } });
  for (const [second, done, seq] of [
    [115, 200, 86_425],
    [125, 205, 86_435],
  ] as const)
    expect(aggregator.push(batchOf(second, done, seq), at(second)).dropped).toEqual(new Map());
  const frames = await aggregator.advance(at(150), breathe);
  // What it counted meanwhile is not lost: 3 and 200 - 103, then 205 - 200.
  expect(frames.filter(({ endMs }) => endMs > at(110) && endMs <= at(130)).map(totalIn)).toEqual([100, 105]);
  expect(aggregator.stats().dropped.get('duplicate_time') ?? 0).toBe(0);
});

describe('a clock that is set back by an hour and put right', () => {
  /** Killed after the window that ends at 3620, with 103 done; started again at 3625, when the clock says 25. */
  async function restarted() {
    const frame = await lastOf(3620);
    const aggregator = createAggregator({ ...LATE, startedMs: at(25), restored: { frame, familyNamed } });
    aggregator.look(at(25));
    return aggregator;
  }

  test('closes no window once more: not one in which nothing came, and not for what an agent sends again', async () => {
    const aggregator = await restarted();
    expect(aggregator.closedEndMs).toBe(at(10));
    // Right again, at 3640.
    aggregator.look(at(3640));
    expect(aggregator.closedEndMs).toBe(at(3620));
    expect(aggregator.push(batchOf(3616, 104), at(3640)).dropped).toEqual(new Map([['too_late', 1]]));
    aggregator.push(batchOf(3626, 107), at(3640));
    // Caught up with window by window.
    const frames = [];
    for (const second of [3620, 3630, 3640]) frames.push(...(await aggregator.advance(at(second), breathe)));
    expect(frames.map((one) => [one.endMs, totalIn(one)])).toEqual([[at(3630), 7]]);
  });

  test('also when it was started again after that: the windows of the wrong time say it', async () => {
    const aggregator = await restarted();
    aggregator.push(batchOf(36, 105, 3636), at(37));
    const wrong = (await aggregator.advance(at(50), breathe)).at(-1) as Frame;
    expect([wrong.endMs, totalIn(wrong)]).toEqual([at(40), 5]);
    const right = createAggregator({ ...LATE, startedMs: at(3660), restored: { frame: wrong, familyNamed } });
    // The newest batch is of 3615, less 25: by 3590 or more it was set back, and 40 is 3630 or later.
    expect(right.closedEndMs).toBe(at(3630));
    right.push(batchOf(3646, 109), at(3660));
    const frames = await right.advance(at(3660), breathe);
    expect(frames.map((one) => [one.endMs, totalIn(one)])).toEqual([[at(3650), 9]]);
  });

  test('for a moment: what came in it is dropped and counted, not left waiting for ever', async () => {
    const aggregator = createAggregator({ ...LATE, startedMs: at(3590) });
    aggregator.push(batchOf(3605, 100), at(3605));
    await aggregator.advance(at(3620), breathe);
    aggregator.look(at(24));
    aggregator.push(batchOf(24, 105, 3624), at(24));
    aggregator.look(at(3625));
    aggregator.push(batchOf(3626, 107), at(3626));
    await aggregator.advance(at(3640), breathe);
    const { pendingSamples, dropped } = aggregator.stats();
    expect([pendingSamples, [...dropped]]).toEqual([0, [['clock_set_back', 1]]]);
  });

  test('seed 95: with a clock that is never set no window of the wrong time is there twice, however long nobody looked', async () => {
    let monotonic = 3605;
    const look = { ...LATE, startedMs: at(3590), monotonic: () => monotonic * 1000 };
    const aggregator = createAggregator(look);
    aggregator.push(batchOf(3605, 100), at(3605));
    await aggregator.advance(at(3620), breathe);
    monotonic = 3622;
    aggregator.look(at(3622));
    // Set back by an hour; nobody looks before 3632, which is 32.
    aggregator.push(batchOf(3623, 101), at(3622));
    monotonic = 3632;
    aggregator.look(at(32));
    aggregator.push(batchOf(33, 105, 3633), at(33));
    const wrong = (await aggregator.advance(at(50), breathe)).at(-1) as Frame;
    expect(wrong.endMs).toBe(at(40));
    // 40 is 3640: less what is not exact, to the nearest window.
    const right = createAggregator({ ...LATE, startedMs: at(3660), restored: { frame: wrong, familyNamed } });
    expect(right.closedEndMs).toBe(at(3640));
  });

  test('but where it stays as it is, time comes to those windows, and they are closed', async () => {
    const aggregator = await restarted();
    for (let second = 30; second <= 3600; second += 10) {
      aggregator.look(at(second));
      await aggregator.advance(at(second), breathe);
    }
    expect((await aggregator.advance(at(3620), breathe)).map(({ endMs }) => endMs)).toEqual([at(3610)]);
    // Half an hour on it sleeps for forty minutes, over all that it had closed: that is no clock that was put right.
    const asleep = await restarted();
    asleep.look(at(1800));
    asleep.look(at(4200));
    expect(asleep.closedEndMs).toBe(at(10));
  });
});

describe('a window that a stop closed before its end', () => {
  const containers = (frame: Frame | undefined): (readonly [number, number])[] =>
    (frame?.tables ?? [])
      .filter(({ level, shape }) => level === 'container' && shape.measurement === 'container_work')
      .flatMap(({ timesMs, values }) =>
        [...timesMs].map((time, r) => [(time - EPOCH_MS) / 1000, values[r] as number] as const),
      );

  /** Stopped at second 14, within 10 to 20. */
  async function stopped(): Promise<Frame> {
    const aggregator = createAggregator({ ...LATE, startedMs: at(0) });
    aggregator.push(batchOf(5, 100), at(5));
    aggregator.push(batchOf(12, 103), at(12));
    return (await aggregator.flush(breathe)).at(-1) as Frame;
  }

  test('comes out a second time with what came since, none of it twice, and totals go on', async () => {
    const frame = await stopped();
    expect([containers(frame), totalIn(frame)]).toEqual([[[12, 103]], 3]);
    const next = createAggregator({ ...LATE, startedMs: at(15), restored: { frame, familyNamed } });
    next.push(batchOf(17, 108), at(17));
    next.push(batchOf(25, 110), at(25));
    const frames = await next.advance(at(40), breathe);
    expect(frames.map((one) => [one.endMs, containers(one), totalIn(one)])).toEqual([
      [at(20), [[17, 108]], undefined],
      [at(30), [[25, 110]], 10],
    ]);
  });

  test('killed within it after the next start: what was in memory comes again, late, and is not refused', async () => {
    const frame = await stopped();
    const next = createAggregator({ ...LATE, startedMs: at(15), restored: { frame, familyNamed } });
    next.push(batchOf(17, 108), at(17));
    // Killed at 18: on disk is what the stop left. Back when the window is due.
    const third = createAggregator({ ...LATE, startedMs: at(31), restored: { frame, familyNamed } });
    expect(third.push(batchOf(17, 108), at(31)).dropped).toEqual(new Map());
    expect(third.push(batchOf(25, 110), at(31)).dropped).toEqual(new Map());
    const frames = await third.advance(at(40), breathe);
    // 103 to 108 in 10 to 20, which is late; the cluster has it in the next window, with 110.
    expect(frames.map((one) => [one.endMs, one.late, containers(one), totalIn(one)])).toEqual([
      [at(20), ['n1'], [[17, 108]], undefined],
      [at(30), undefined, [[25, 110]], 10],
    ]);
  });
});
