/** Parts thinned out: increases are what they were, sums, counts, least and most are those of the samples, and an hour is the same by way of five minutes. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect, test as plain } from 'vitest';
import { emptyPoints } from '../../../../collector/query/source.ts';
import { downsampleParts } from '../../../../collector/store/part/downsample.ts';
import { openPart } from '../../../../collector/store/part/part.ts';
import { writePart } from '../../../../collector/store/part/write.ts';
import type { TableChunk } from '../../../../collector/store/types.ts';
import { memoryParts } from '../../../support/memoryparts.ts';
import { anyTables, column, row, START_MS, table, type Truth, truthOf } from './tables.ts';

const FIVE = 300_000;
const HOUR = 3_600_000;

function rawPart(tables: readonly TableChunk[]) {
  const files = memoryParts();
  return writePart(files, 'p', tables).rows > 0 ? openPart(files, 'p') : undefined;
}

function thinned(part: ReturnType<typeof rawPart>, resolutionMs: number) {
  const files = memoryParts();
  const { rows } = writePart(files, 'p', part === undefined ? [] : downsampleParts([part], resolutionMs), {
    resolutionMs,
  });
  return rows > 0 ? openPart(files, 'p') : undefined;
}

interface Read extends Truth {
  readonly counts: number[] | undefined;
  readonly resolutionMs: number;
}

function read(part: ReturnType<typeof rawPart>, func?: string): Map<string, Read> {
  const points = emptyPoints();
  const found = new Map<string, Read>();
  const selection = { matchers: [], fromMs: 0, toMs: 4e12, ...(func === undefined ? {} : { func }) };
  for (const series of part?.select(selection) ?? []) {
    series.read(points);
    const all = Array.from({ length: points.length }, (_, i): [number, number] => [
      points.timesMs[i]!,
      points.values[i]!,
    ]);
    const counts = points.counts && [...points.counts.subarray(0, points.length)];
    found.set(series.labels.key, { points: all, ends: [...points.ends], counts, resolutionMs: points.resolutionMs });
  }
  return found;
}

/** As a query adds up a counter: what it grew by from point to point, and all of it where it fell. */
function increase(points: readonly (readonly [number, number])[]): number {
  return points
    .slice(1)
    .reduce((sum, [, value], i) => sum + (value < points[i]![1] ? value : value - points[i]![1]), 0);
}

const slot = (time: number, resolution: number): number => Math.ceil(time / resolution);

describe('counters', () => {
  test.prop([anyTables, fc.constantFrom(FIVE, HOUR)], { numRuns: 60 })(
    'every increase and every end is what it was',
    (tables, resolution) => {
      const counters = tables.map((t) => ({
        ...t,
        columns: t.columns.map((c) => ({ ...c, kind: 'counter' as const })),
      }));
      const truth = truthOf(counters);
      const found = read(thinned(rawPart(counters), resolution));
      expect([...found.keys()].sort()).toEqual([...truth.keys()].sort());
      for (const [key, { points, ends }] of truth) {
        const thin = found.get(key)!;
        expect(thin.ends).toEqual(ends);
        expect(thin.points[0]).toEqual(points[0]);
        const all = new Map(points);
        for (const [time, value] of thin.points) expect(all.get(time)).toBe(value);
        for (let to = 0; to < points.length; to++) {
          const isLast =
            points[to + 1] === undefined || slot(points[to + 1]![0], resolution) > slot(points[to]![0], resolution);
          if (!isLast || points.some(([, value]) => !Number.isFinite(value) || Math.abs(value) > 1e12)) continue;
          // Up to the last reading of each slot what it grew by, added up in another order.
          const raw = increase(points.slice(0, to + 1));
          const thinIncrease = increase(thin.points.filter(([time]) => time <= points[to]![0]));
          expect(Math.abs(thinIncrease - raw)).toBeLessThanOrEqual(
            1e-9 * Math.max(1, ...points.map(([, v]) => Math.abs(v))) * points.length,
          );
        }
      }
    },
  );
});

describe('gauges', () => {
  test.prop([anyTables, fc.constantFrom(FIVE, HOUR)], { numRuns: 60 })(
    'average, count, least and most',
    (tables, resolution) => {
      const gauges = tables.map((t) => ({ ...t, columns: t.columns.map((c) => ({ ...c, kind: 'gauge' as const })) }));
      const part = thinned(rawPart(gauges), resolution);
      const [average, least, most] = [read(part), read(part, 'min_over_time'), read(part, 'max_over_time')];
      const truth = truthOf(gauges);
      expect([...average.keys()].sort()).toEqual([...truth.keys()].sort());
      for (const [key, { points }] of truth) {
        const found = average.get(key)!;
        expect(found.resolutionMs).toBe(resolution);
        expect(found.counts!.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(
          points.filter(([, v]) => !Number.isNaN(v)).length,
        );
        let before = -Infinity;
        found.points.forEach(([time, value], i) => {
          const own = points
            .filter(([t]) => t > before && t <= time)
            .map(([, v]) => v)
            .filter((v) => !Number.isNaN(v));
          before = time;
          if (own.length === 0 || own.some((v) => Math.abs(v) > 1e15)) return;
          expect(found.counts![i]).toBe(own.length);
          expect(least.get(key)!.points[i]).toEqual([time, Math.min(...own)]);
          expect(most.get(key)!.points[i]).toEqual([time, Math.max(...own)]);
          const mean = own.reduce((a, b) => a + b, 0) / own.length;
          expect(Math.abs(value - mean)).toBeLessThanOrEqual(1e-12 * own.reduce((a, b) => a + Math.abs(b), 0));
        });
      }
    },
  );

  plain('by hand: a sum of decimals is a decimal, and a row that leaves ends where it left', () => {
    // 0.1 + 0.2 is 0.30000000000000004 in doubles; the average of both is 0.15.
    const at = (seconds: number): number => START_MS - (START_MS % HOUR) + seconds * 1000;
    const part = rawPart([
      table([column('m')], [row({ a: 'x' }, [at(10), at(20), at(30), at(310)], [[0.1, 0.2, NaN, 7]])]),
    ]);
    const [series] = [...read(thinned(part, FIVE)).values()];
    expect(series).toEqual({
      points: [
        [at(20), 0.15],
        [at(310), 7],
      ],
      ends: [at(30)],
      counts: [2, 1],
      resolutionMs: FIVE,
    });
  });
});

describe('an hour', () => {
  test.prop([anyTables], { numRuns: 60 })('is the same from raw samples and from five minutes', (tables) => {
    const raw = rawPart(tables);
    const byWay = thinned(thinned(raw, FIVE), HOUR);
    const direct = thinned(raw, HOUR);
    for (const func of ['avg_over_time', 'min_over_time', 'max_over_time'])
      expect(read(byWay, func)).toEqual(read(direct, func));
  });
});
