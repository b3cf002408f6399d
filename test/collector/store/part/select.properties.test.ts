/** Whatever is put into a part comes out of it: each number to the bit, for every selector what a plain map answers. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { emptyPoints } from '../../../../collector/query/source.ts';
import { BlockCache } from '../../../../collector/store/part/cache.ts';
import { openPart } from '../../../../collector/store/part/part.ts';
import { writePart } from '../../../../collector/store/part/write.ts';
import type { TableChunk } from '../../../../collector/store/types.ts';
import { memoryParts } from '../../../support/memoryparts.ts';
import { anyMatchers, anyTables, matchesAll, readAll, seriesLabels, START_MS, truthOf } from './tables.ts';

function partOf(tables: readonly TableChunk[]) {
  const files = memoryParts();
  const info = writePart(files, 'p', tables);
  const [part, roomless] =
    info.rows > 0 ? [openPart(files, 'p'), openPart(files, 'p', new BlockCache(1))] : [undefined, undefined];
  return { files, info, part, roomless };
}

function labelsByKey(tables: readonly TableChunk[]) {
  return new Map(
    tables.flatMap(({ columns, rows }) =>
      [...rows].flatMap((r) => columns.map((c) => seriesLabels(r.labels, c)).map((l) => [l.key, l] as const)),
    ),
  );
}

describe('a part against a plain map', () => {
  test.prop([anyTables, anyMatchers, fc.nat(4 * 3_600_000), fc.nat(4 * 3_600_000)], { numRuns: 100 })(
    'select, for the first time, again, and where nothing can be remembered',
    (tables, matchers, from, length) => {
      const { part, roomless } = partOf(tables);
      const [fromMs, toMs] = from % 3 === 0 ? [0, 4e12] : [START_MS + from, START_MS + from + length];
      const sets = labelsByKey(tables);
      const truth = [...truthOf(tables, fromMs, toMs)].filter(([key]) => matchesAll(sets.get(key)!, matchers));
      const points = emptyPoints();
      for (const asked of [part, part, roomless, roomless]) {
        const found = new Map<string, unknown>();
        for (const series of asked?.select({ matchers, fromMs, toMs }) ?? []) {
          expect(found.has(series.labels.key)).toBe(false);
          series.read(points);
          if (points.length > 0) found.set(series.labels.key, readAll(points));
        }
        expect(found).toEqual(new Map(truth));
      }
    },
  );

  test.prop([anyTables, anyMatchers], { numRuns: 60 })('labels', (tables, matchers) => {
    const { part } = partOf(tables);
    const sets = labelsByKey(tables);
    const truth = [...truthOf(tables).keys()].map((key) => sets.get(key)!).filter((l) => matchesAll(l, matchers));
    expect([...(part?.labelSets(matchers) ?? [])].map((l) => l.key).sort()).toEqual(truth.map((l) => l.key).sort());
    expect([...(part?.labelNames(matchers) ?? [])].sort()).toEqual([...new Set(truth.flatMap((l) => l.names))].sort());
    for (const name of ['__name__', 'a', 'scope', 'missing']) {
      const values = truth.flatMap((l) => (l.names.includes(name) ? [l.values[l.names.indexOf(name)]!] : []));
      expect([...(part?.labelValues(name, matchers) ?? [])].sort()).toEqual([...new Set(values)].sort());
    }
  });

  test.prop([anyTables], { numRuns: 60 })('tables, counts and check', (tables) => {
    const { part, info } = partOf(tables);
    const truth = truthOf(tables);
    expect(info.series).toBe(truth.size);
    expect(info.samples).toBe([...truth.values()].reduce((sum, { points }) => sum + points.length, 0));
    const back = [...(part?.tables() ?? [])].map((t) => ({ ...t, rows: [...t.rows] }));
    const filled = tables.filter((t) => [...t.rows].length > 0);
    expect(back.map(({ columns, measurement }) => [measurement, columns])).toEqual(
      filled.map(({ columns, measurement }) => [measurement, columns]),
    );
    for (const [i, t] of filled.entries()) {
      const rows = [...t.rows];
      expect(back[i]!.rows.map(({ labels, timesMs, cells }) => ({ labels, timesMs, cells }))).toEqual(
        rows.map(({ labels, timesMs, cells }) => ({ labels, timesMs, cells })),
      );
    }
    expect(part?.check() ?? []).toEqual([]);
  });
});
