/** Many windows closed at once, as an agent that was away for long brings them: none is let go of because the log has no room for all of them in memory. */
import { expect, test } from 'vitest';
import { type Aggregator, createAggregator } from '../../collector/aggregate/aggregator.ts';
import { AGGREGATOR_DEFAULTS } from '../../collector/aggregate/options.ts';
import { createCatchUp } from '../../collector/catchup.ts';
import type { Folder } from '../../collector/log/files.ts';
import { openLog } from '../../collector/log/keeping.ts';
import { framesFrom } from '../../collector/log/opening.ts';
import { startWindows } from '../../collector/windows.ts';
import { silent } from '../../src/log.ts';
import type { Batch, Frame } from '../../src/model/batch.ts';
import { TableBuilder } from '../../src/model/builder.ts';
import type { Family } from '../../src/model/family.ts';
import { labelValue, labels, NO_LABELS } from '../../src/model/labels.ts';
import { type EntityRow, entityRow } from '../../src/model/table.ts';
import { fakeClock } from '../support/clock.ts';
import { crashingDisk } from '../support/crashingdisk.ts';
import { waitFor } from '../support/wait.ts';
import { work } from './aggregate/families.ts';

const T = 1_700_000_000_000;
const WINDOW_MS = 10_000;
const times = { windowMs: WINDOW_MS, latenessMs: WINDOW_MS };
const breathe = () => Promise.resolve();
const ROWS = new Map(
  ['a', 'b'].map((node) => {
    const set = labels([['name', node]]);
    return [node, entityRow({ key: node, kind: 'container', startMs: 0, labels: set }, NO_LABELS)] as const;
  }),
);

const LOG = {
  ...{ log: silent, breathe, sinks: [] },
  limits: {
    ...{ segmentBytes: 1e9, segmentMs: 1e9, segmentSamples: 1e9, maxBytes: 1e12, maxAgeMs: 1e12 },
    ...{ heldFrames: 4, heldSamples: 1e9, whenFull: 'drop_oldest' as const },
  },
};

/** Of the tick in a window: a gauge that is the window's number. */
function batchOf(node: string, window: number): Batch {
  const timeMs = T + window * WINDOW_MS + 5000;
  const builder = new TableBuilder<Family, EntityRow>(work);
  builder.add(ROWS.get(node) as EntityRow, timeMs);
  builder.set(work.at.held, window);
  return { node, session: `${node}-1`, seq: window + 1, timeMs, intervalMs: WINDOW_MS, tables: [builder.build()] };
}

/** When a window is due. */
const due = (window: number): number => T + (window + 2) * WINDOW_MS;

/** The windows in which a node's container has the value that it had then. */
function windowsOf(node: string, frames: readonly Frame[]): number[] {
  return frames.flatMap(({ startMs, tables }) =>
    tables.flatMap(({ level, rows, shape, values }) => {
      const r = rows.findIndex((row) => level === 'container' && labelValue(row.labels, 'name') === node);
      const c = shape.columns.findIndex(({ field }) => field === 'held');
      const window = (startMs - T) / WINDOW_MS;
      return r >= 0 && values[c * rows.length + r] === window ? [window] : [];
    }),
  );
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** a has told of the first window alone, b of all; they are closed. */
async function withoutA(count: number): Promise<{ aggregator: Aggregator; frames: Frame[] }> {
  const aggregator = createAggregator({ ...AGGREGATOR_DEFAULTS, ...times, maxLateMs: 86_400_000, cluster: 'c' });
  await aggregator.advance(T + WINDOW_MS, breathe);
  const frames: Frame[] = [];
  for (const window of upTo(count)) {
    for (const node of window === 0 ? ['a', 'b'] : ['b']) aggregator.push(batchOf(node, window), due(window) - 1);
    frames.push(...(await aggregator.advance(due(window), breathe)));
  }
  return { aggregator, frames };
}

test('an agent that tells of 100 windows at once: all of them are on disk, where memory has room for four', async () => {
  const { aggregator, frames } = await withoutA(100);
  expect(windowsOf('b', frames)).toEqual(upTo(100));
  expect(windowsOf('a', frames)).toEqual([0]);
  const clock = fakeClock(due(99) + 1);
  const folder = crashingDisk();
  const { log } = await openLog({ ...LOG, folder, clock });
  for (const window of upTo(100).slice(1)) aggregator.push(batchOf('a', window), clock.now());
  const windows = startWindows({
    ...{ ...times, aggregator, clock, log: silent, look: () => undefined, after: () => undefined },
    catchUp: createCatchUp({ ...times, waitMs: 60_000 }),
    offer: ({ journal, ...frame }) => void log.offer(frame, journal),
    room: () => log.room(),
  });
  // The window of the last is told of when a later one has come.
  aggregator.push(batchOf('a', 100), clock.now());
  await clock.advance(1000);
  await waitFor(() => log.stats().frames === 99 && log.stats().waiting === 0, { what: 'all windows on disk' });
  const kept: Frame[] = [];
  for await (const { frame } of framesFrom(folder, log.shelf.segments, 1)) kept.push(frame);
  expect(windowsOf('a', kept)).toEqual(upTo(100).slice(1));
  await windows.stop();
});

test('one at a time or all at once: the same frames', async () => {
  const results: Frame[][] = [];
  for (const most of [Number.POSITIVE_INFINITY, 1]) {
    const { aggregator, frames } = await withoutA(10);
    for (const window of upTo(12).slice(1)) aggregator.push(batchOf('a', window), due(10) - 1);
    for (;;) {
      const more = await aggregator.advance(due(10), breathe, most);
      expect(more.length).toBeLessThanOrEqual(most);
      frames.push(...more);
      if (more.length === 0) break;
    }
    for (;;) {
      const more = await aggregator.flush(breathe, most);
      frames.push(...more);
      if (more.length === 0) break;
    }
    results.push(frames);
  }
  const [all, oneByOne] = results;
  expect(oneByOne).toEqual(all);
  // a's windows 1 to 9 late, 10 on time; 11 is closed by the end.
  expect(windowsOf('a', all as Frame[])).toEqual(upTo(12));
});

test('what is told of a long time holds no window up that is due: after 20 late ones it comes', async () => {
  const { aggregator } = await withoutA(50);
  for (const window of upTo(51).slice(1)) aggregator.push(batchOf('a', window), due(50) - 1);
  const late: boolean[] = [];
  for (;;) {
    const [frame] = await aggregator.advance(due(50), breathe, 1);
    if (frame === undefined) break;
    late.push(frame.late !== undefined);
  }
  // Windows 1 to 49 of a are late and 50 is due; its own part of that one, which is closed without it, waits for its next batch.
  expect(late.indexOf(false)).toBe(20);
  expect(late.filter((isLate) => isLate)).toHaveLength(49);
});

test('a disk that says nothing is waited for once, for five seconds, and not again until it has said something', async () => {
  const { frames } = await withoutA(3);
  const clock = fakeClock();
  const disk = crashingDisk();
  let answer = (): void => undefined;
  const silence = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const folder: Folder = {
    ...disk,
    create: async (name) => {
      await silence;
      return disk.create(name);
    },
  };
  const { log } = await openLog({ ...LOG, folder, clock });
  // Three wait, which is more than half of what there is room for.
  for (const frame of frames) log.offer(frame);
  let waits = true;
  const first = log.room().then(() => {
    waits = false;
  });
  await clock.advance(4999);
  expect(waits).toBe(true);
  await clock.advance(1);
  await first;
  // No timer has to go off.
  await log.room();
  answer();
  await log.settle();
  expect(log.stats()).toMatchObject({ waiting: 0, frames: 3 });
});
