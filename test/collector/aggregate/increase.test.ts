/** The rules of increase.ts, one line each: what was read before, what is read now, what that makes. */
import { describe, expect, test } from 'vitest';
import {
  addIncreases,
  baseline,
  countedSince,
  type IncreaseCounts,
  increase,
  lifeOf,
  type Moment,
} from '../../../collector/aggregate/increase.ts';

const STALE_MS = 300_000;
const none = (): IncreaseCounts => ({
  first: 0,
  newcomer: 0,
  resets: 0,
  backward: 0,
  gaps: 0,
  implausible: 0,
  late: 0,
});

/** Read before at second 100, again at 110; started at 50; the node watched since 0. */
const usual: Moment = {
  previousMs: 100_000,
  previousStartMs: 50_000,
  timeMs: 110_000,
  startMs: 50_000,
  replaceable: false,
  watchedSinceMs: 0,
};
const never = { previousMs: Number.NEGATIVE_INFINITY, previousStartMs: 0 };

interface Case {
  readonly moment?: Partial<Moment>;
  readonly from: number;
  readonly to: number;
  readonly gives: number;
  readonly next?: number;
  readonly counted?: keyof IncreaseCounts;
}

const cases: Record<string, Case> = {
  'it went on': { from: 5, to: 8, gives: 3 },
  'it stood still': { from: 5, to: 5, gives: 0 },
  'first reading, started before the node was watched': {
    moment: { ...never, startMs: 50_000, watchedSinceMs: 60_000 },
    from: Number.NaN,
    to: 8,
    gives: 0,
    counted: 'first',
  },
  'first reading, start unknown': {
    moment: { ...never, startMs: 0 },
    from: Number.NaN,
    to: 8,
    gives: 0,
    counted: 'first',
  },
  'first reading, started while the node was watched': {
    moment: { ...never, startMs: 105_000 },
    from: Number.NaN,
    to: 8,
    gives: 8,
    counted: 'newcomer',
  },
  'first reading, started as long ago as state is kept': {
    moment: { ...never, timeMs: 350_000 },
    from: Number.NaN,
    to: 8,
    gives: 8,
    counted: 'newcomer',
  },
  'first reading, started longer ago than that': {
    moment: { ...never, timeMs: 350_001 },
    from: Number.NaN,
    to: 8,
    gives: 0,
    counted: 'first',
  },
  'first reading, a start that is still to come': {
    moment: { ...never, startMs: 120_000 },
    from: Number.NaN,
    to: 8,
    gives: 0,
    counted: 'first',
  },
  'a column that comes late to a young row': { moment: {}, from: Number.NaN, to: 8, gives: 8, counted: 'newcomer' },
  'a column that comes late to an old row': {
    moment: { timeMs: 400_000, previousMs: 390_000 },
    from: Number.NaN,
    to: 8,
    gives: 0,
    counted: 'first',
  },
  'started again, lower': { moment: { startMs: 105_000 }, from: 5, to: 2, gives: 2, counted: 'resets' },
  'started again, higher': { moment: { startMs: 105_000 }, from: 5, to: 7, gives: 7, counted: 'resets' },
  'started again, with a column of its new life only': {
    moment: { startMs: 105_000, watchedSinceMs: 107_000 },
    from: Number.NaN,
    to: 7,
    gives: 7,
    counted: 'newcomer',
  },
  'the start became known': { moment: { previousStartMs: 0 }, from: 5, to: 7, gives: 2 },
  'lower, start unknown': { moment: { previousStartMs: 0, startMs: 0 }, from: 5, to: 2, gives: 2, counted: 'resets' },
  'lower, in one known life': { from: 5, to: 4.9, gives: 0, next: 5, counted: 'backward' },
  'lower, an interface that was replaced': {
    moment: { replaceable: true },
    from: 5,
    to: 2,
    gives: 2,
    counted: 'resets',
  },
  'the new start is learnt after the first reading of the new life': {
    moment: { startMs: 95_000 },
    from: 5,
    to: 7,
    gives: 2,
  },
  'the same, and the old life had counted more': {
    moment: { startMs: 95_000 },
    from: 50,
    to: 7,
    gives: 7,
    counted: 'resets',
  },
  'a negative number where a counter begins': {
    moment: { startMs: 105_000 },
    from: 5,
    to: -3,
    gives: 0,
    counted: 'resets',
  },
};

describe('increase', () => {
  test.each(Object.entries(cases))('%s', (_name, { moment, from, to, gives, next = to, counted }) => {
    const counts = none();
    const life = lifeOf({ ...usual, ...moment }, STALE_MS);
    expect(increase(from, to, life, counts)).toBe(gives);
    expect(baseline(from, to, life)).toBe(next);
    expect(counts).toEqual(counted === undefined ? none() : { ...none(), [counted]: 1 });
  });

  test('a whole column gives what its numbers give one by one', () => {
    const columns = Object.values(cases);
    const counts = none();
    const baselines = Float64Array.from(columns, (c) => c.from);
    const increases = new Float64Array(columns.length);
    addIncreases(
      {
        values: Float64Array.from(columns, (c) => c.to),
        offset: 0,
        places: Int32Array.from(columns, (_, i) => i),
        lives: Uint8Array.from(columns, (c) => lifeOf({ ...usual, ...c.moment }, STALE_MS)),
        slots: Int32Array.from(columns, (_, i) => i),
        baselines,
        increases,
        spans: new Float64Array(columns.length).fill(Number.POSITIVE_INFINITY),
        perSecond: 1,
        most: 1e12,
        suspects: new Map(),
      },
      counts,
    );
    expect([...increases]).toEqual(columns.map((c) => c.gives));
    expect([...baselines]).toEqual(columns.map((c) => c.next ?? c.to));
  });

  test('since when it was counted: the reading before, the start of a newcomer, nothing for a baseline', () => {
    const since = (moment: Moment) => countedSince(moment, lifeOf(moment, STALE_MS));
    expect(since(usual)).toBe(100_000);
    expect(since({ ...usual, ...never })).toBe(50_000);
    expect(since({ ...usual, ...never, startMs: 0 })).toBeNaN();
  });
});
