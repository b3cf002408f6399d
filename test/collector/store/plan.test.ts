/** Which parts are merged, which go, and which answer: decided from the manifest and the time alone. */
import { expect, test } from 'vitest';
import { choose, DAY_MS } from '../../../collector/store/choose.ts';
import { nextMerge, outlived, type Retention } from '../../../collector/store/life/plan.ts';
import type { PartEntry } from '../../../collector/store/manifest.ts';

const DAY = 20_000 * DAY_MS;
const HOUR_MS = 3_600_000;
const QUARTER_MS = 900_000;

let names = 0;
function part(more: Partial<PartEntry>): PartEntry {
  const minMs = more.minMs ?? DAY;
  return {
    name: `${++names}`,
    bytes: 100,
    minMs,
    maxMs: minMs + QUARTER_MS - 1,
    resolutionMs: 0,
    rows: 1,
    series: 1,
    samples: 1,
    kind: 'single',
    tier: 0,
    madeMs: minMs + QUARTER_MS,
    ...more,
  };
}

test('quarters of an hour become two hours when those are over, and not before', () => {
  const parts = Array.from({ length: 9 }, (_, q) => part({ minMs: DAY + q * QUARTER_MS }));
  expect(nextMerge(parts, DAY + 2 * HOUR_MS + 60_000)).toBeUndefined();
  // Eight of them are of the first two hours.
  expect(nextMerge(parts, DAY + 2 * HOUR_MS + 300_000)).toMatchObject({ tier: 1, parts: parts.slice(0, 8) });
});

test('what came late between them waits for the day, where all are merged', () => {
  const first = part({ minMs: DAY });
  const late = part({ minMs: DAY - HOUR_MS, maxMs: DAY + HOUR_MS });
  const wide = { ...late, minMs: DAY + 3 * HOUR_MS, maxMs: DAY + 5 * HOUR_MS };
  const parts = [part({ minMs: DAY + 4 * HOUR_MS }), wide, part({ minMs: DAY + 4 * HOUR_MS + QUARTER_MS })];
  expect(nextMerge([first, ...parts], DAY + 10 * HOUR_MS)).toBeUndefined();
  expect(nextMerge([first, ...parts], DAY + DAY_MS + HOUR_MS)).toMatchObject({ tier: 2, parts: [first, ...parts] });
});

test('a merged day takes late samples with its downsamples', () => {
  const day = part({ tier: 2, maxMs: DAY + DAY_MS - 1 });
  const coarse = [part({ tier: 2, resolutionMs: 300_000 }), part({ tier: 2, resolutionMs: HOUR_MS })];
  const late = part({ minMs: DAY + HOUR_MS, madeMs: DAY + 2 * DAY_MS });
  const parts = [day, ...coarse, late];
  expect(nextMerge(parts, DAY + 2 * DAY_MS + HOUR_MS - 1)).toBeUndefined();
  expect(nextMerge(parts, DAY + 2 * DAY_MS + HOUR_MS)).toMatchObject({ tier: 2, parts: [day, late], replaces: coarse });
});

const RETENTION: Retention = {
  single: [7 * DAY_MS, 90 * DAY_MS, 365 * DAY_MS],
  group: [7 * DAY_MS, 90 * DAY_MS, 365 * DAY_MS],
  maxBytes: 1000,
};

test('each resolution goes at its age, raw samples not before their downsamples are made', () => {
  const parts = [
    part({ tier: 2 }),
    part({ tier: 0 }),
    part({ tier: 2, resolutionMs: 300_000 }),
    part({ tier: 2, resolutionMs: HOUR_MS }),
  ];
  const at = (days: number) =>
    outlived(parts, RETENTION, DAY + days * DAY_MS + QUARTER_MS).map((one) => parts.indexOf(one));
  expect(at(6)).toEqual([]);
  expect(at(8)).toEqual([0]);
  expect(at(91)).toEqual([0, 2]);
  expect(at(366)).toEqual([0, 1, 2, 3]);
});

test('when the room is used up single containers go before groups, the oldest first, today’s last', () => {
  const now = DAY + 5 * DAY_MS;
  const group = part({ kind: 'group', tier: 2, bytes: 400 });
  const old = part({ tier: 2, bytes: 400, minMs: DAY + DAY_MS });
  const older = part({ tier: 2, bytes: 400 });
  const today = part({ bytes: 400, minMs: now - HOUR_MS });
  const parts = [group, old, older, today];
  // 1600 in 1000: two of 400 are too many.
  expect(outlived(parts, RETENTION, now)).toEqual([older, old]);
  expect(outlived(parts, { ...RETENTION, maxBytes: 500 }, now)).toEqual([older, old, group]);
});

test('raw where there is raw; downsamples where there is none, or where the step makes raw needless', () => {
  const gone = [part({ resolutionMs: 300_000, tier: 2 }), part({ resolutionMs: HOUR_MS, tier: 2 })];
  const raw = part({ minMs: DAY + DAY_MS, tier: 2 });
  const fine = part({ minMs: DAY + DAY_MS, resolutionMs: 300_000, tier: 2 });
  const all = [...gone, raw, fine];
  const range = { matchers: [], fromMs: DAY, toMs: DAY + 2 * DAY_MS };
  const short = choose(all, { ...range, stepMs: 60_000, rangeMs: 300_000, func: 'rate' });
  expect(short.parts).toEqual([gone[0], raw]);
  expect(short.note).toBe(
    `samples up to ${new Date(DAY + QUARTER_MS - 1).toISOString()} are answered from downsamples of 5 minutes`,
  );
  // Half an hour is six times five minutes.
  expect(choose(all, { ...range, stepMs: 1_800_000, rangeMs: 1_800_000, func: 'rate' }).parts).toEqual([gone[0], fine]);
  expect(choose(all, { ...range, stepMs: 1_800_000, rangeMs: 1_800_000, func: 'deriv' }).parts).toEqual([gone[0], raw]);
  expect(choose(all, { ...range, stepMs: 6 * HOUR_MS, rangeMs: 0, func: '' }).parts).toEqual([gone[1], fine]);
  expect(choose([raw], range)).toEqual({ parts: [raw], note: undefined });
});
