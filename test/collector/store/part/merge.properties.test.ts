/** Parts as one are what a plain map of all their samples is: the later part's row counts, and what is deleted is not there. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect, test as plain } from 'vitest';
import { mergeParts } from '../../../../collector/store/part/merge.ts';
import { openPart } from '../../../../collector/store/part/part.ts';
import { writePart } from '../../../../collector/store/part/write.ts';
import type { RowChunk, TableChunk } from '../../../../collector/store/types.ts';
import { memoryParts } from '../../../support/memoryparts.ts';
import { anyMatchers, anyTables, column, matchesAll, row, seriesLabels, START_MS, table, truthOf } from './tables.ts';

function partsOf(all: readonly (readonly TableChunk[])[]) {
  const files = memoryParts();
  const infos = all.map((tables, i) => writePart(files, `p${i}`, tables));
  return infos.filter(({ rows }) => rows > 0).map(({ name }) => openPart(files, name));
}

function taken(tables: Iterable<TableChunk>): TableChunk[] {
  return [...tables].map((t) => ({ ...t, rows: [...t.rows] }));
}

/** By series' labels and time: the value, or undefined for absent, or 'NaN' for one that was measured. */
type Cell = number | 'NaN' | undefined;

/** All parts' rows over each other, told without the code under test: a row of a later part takes the place of an earlier one's in the columns it has. */
function laid(all: readonly (readonly TableChunk[])[]): Map<string, Map<number, Cell>> {
  const found = new Map<string, Map<number, Cell>>();
  for (const tables of all) {
    for (const { columns, rows } of tables) {
      for (const r of rows) {
        for (const [c, of] of columns.entries()) {
          const key = seriesLabels(r.labels, of).key;
          const series = found.get(key) ?? new Map<number, Cell>();
          found.set(key, series);
          for (const [i, time] of r.timesMs.entries()) series.set(time, cell(r, c, i));
        }
      }
    }
  }
  return found;
}

function cell(r: RowChunk, c: number, i: number): Cell {
  const value = r.cells[c]![i]!;
  return r.nans?.[c]?.has(i) ? 'NaN' : Number.isNaN(value) ? undefined : value;
}

function pointsOf(series: Map<number, Cell>): [number, Cell][] {
  return [...series].filter(([, value]) => value !== undefined).sort(([a], [b]) => a - b);
}

describe('merging', () => {
  test.prop([fc.array(anyTables, { minLength: 1, maxLength: 4 })], { numRuns: 60 })('any parts', (all) => {
    const merged = taken(mergeParts(partsOf(all)));
    const truth = [...laid(all)]
      .map(([key, series]) => [key, pointsOf(series)] as const)
      .filter(([, points]) => points.length > 0);
    const back = [...laid([merged])]
      .map(([key, series]) => [key, pointsOf(series)] as const)
      .filter(([, points]) => points.length > 0);
    expect(new Map(back)).toEqual(new Map(truth));
  });

  test.prop([anyTables, anyMatchers, fc.nat(3e6), fc.nat(6e6)], { numRuns: 60 })(
    'deletes',
    (tables, matchers, from, length) => {
      const tombstone = { matchers, fromMs: START_MS + from, toMs: START_MS + from + length };
      const merged = taken(mergeParts(partsOf([tables]), { tombstones: [tombstone] }));
      const sets = new Map(
        tables.flatMap(({ columns, rows }) =>
          [...rows].flatMap((r) => columns.map((c) => seriesLabels(r.labels, c))).map((l) => [l.key, l]),
        ),
      );
      const truth = [...truthOf(tables)].map(([key, { points }]) => {
        const concerned = matchesAll(sets.get(key)!, matchers);
        return [
          key,
          points.filter(([time]) => !concerned || time < tombstone.fromMs || time > tombstone.toMs),
        ] as const;
      });
      const back = [...truthOf(merged)].map(([key, { points }]) => [key, points] as const);
      expect(new Map(back)).toEqual(new Map(truth.filter(([, points]) => points.length > 0)));
    },
  );

  test.prop([fc.array(anyTables, { minLength: 2, maxLength: 3 })], { numRuns: 25 })('in steps or at once', (all) => {
    const parts = partsOf(all);
    const first = partsOf([taken(mergeParts(parts.slice(0, 2)))]);
    expect(taken(mergeParts([...first, ...parts.slice(2)]))).toEqual(taken(mergeParts(parts)));
  });
});

const HOUR = 3_600_000;

/** The same, so many hours later. */
function later(tables: readonly TableChunk[], hours: number): TableChunk[] {
  return tables.map((t) => ({
    ...t,
    rows: [...t.rows].map((r) => ({ ...r, timesMs: r.timesMs.map((time) => time + hours * HOUR) })),
  }));
}

describe('rows that are passed on as they are', () => {
  test.prop([fc.array(anyTables, { minLength: 1, maxLength: 4 }), fc.nat(3)], { numRuns: 60 })(
    'make the part that decoded ones make',
    (all, hours) => {
      const parts = partsOf(all.map((tables, i) => later(tables, i * hours)));
      const files = memoryParts();
      const { bytes: _, ...copied } = writePart(files, 'p', mergeParts(parts, { copies: true }));
      const read = copied.rows > 0 ? taken(openPart(files, 'p').tables()) : [];
      const { bytes: __, ...decoded } = writePart(files, 'p', mergeParts(parts));
      expect(copied).toEqual(decoded);
      expect(read).toEqual(copied.rows > 0 ? taken(openPart(files, 'p').tables()) : []);
    },
  );

  plain('are those of which each two hours lie in one part, and that do not leave', () => {
    const start = START_MS + 2 * HOUR - (START_MS % (2 * HOUR));
    const at = (...minutes: number[]): number[] => minutes.map((m) => start + m * 60_000);
    const columns = [column('m_bytes'), column('m_total', 'counter')];
    const first = table(columns, [
      row({ a: '1' }, at(0, 10), [
        [1, 2],
        [NaN, 3],
      ]),
      row({ a: '2' }, at(0, 10), [
        [1, NaN],
        [1, NaN],
      ]),
      row({ a: '3' }, at(0), [[1], [1]]),
    ]);
    const second = table(columns, [
      row({ a: '1' }, at(120, 130), [
        [3, 4],
        [4, NaN],
      ]),
      row({ a: '3' }, at(119), [[2], [2]]),
    ]);
    const [merged] = [...mergeParts(partsOf([[first], [second]]), { copies: true })];
    const rows: unknown[] = [];
    for (const r of merged!.rows) rows.push([r.encoded?.map(({ pieces }) => pieces.length), [...r.timesMs]]);
    expect(rows).toEqual([
      [[2, 2], at(0, 10, 120, 130)],
      [undefined, at(0, 10)],
      [undefined, at(0, 119)],
    ]);
  });
});

describe('what stays when parts become one', () => {
  const columns = [column('m_bytes')];
  const at = (...seconds: number[]): number[] => seconds.map((s) => START_MS + s * 1000);

  plain('a row that left keeps the time at which it left, once', () => {
    const first = [table(columns, [row({ a: 'x' }, at(0, 10), [[1, 2]])])];
    const second = [table(columns, [row({ a: 'x' }, at(20, 30), [[NaN, NaN]])])];
    const [merged] = taken(mergeParts(partsOf([first, second])));
    const [only] = merged!.rows as RowChunk[];
    expect([...only!.timesMs]).toEqual(at(0, 10, 20));
    expect([...only!.cells[0]!]).toEqual([1, 2, NaN]);
  });

  plain('a column that only the newer parts have is absent before', () => {
    const first = [table(columns, [row({ a: 'x' }, at(0), [[1]])])];
    const second = [table([column('m_total', 'counter'), ...columns], [row({ a: 'x' }, at(10), [[7], [2]])])];
    const [merged] = taken(mergeParts(partsOf([first, second])));
    expect(merged!.columns.map(({ metric }) => metric)).toEqual(['m_bytes', 'm_total']);
    expect([...merged!.rows].map(({ cells }) => cells.map((c) => [...c]))).toEqual([
      [
        [1, 2],
        [NaN, 7],
      ],
    ]);
  });

  plain('a level that is not taken, and times out of range, are left out', () => {
    const parts = partsOf([
      [
        table(columns, [row({ a: 'x' }, at(0, 10, 20), [[1, 2, 3]])]),
        table(columns, [row({ a: 'x' }, at(0), [[1]])], 'service_x', 'service'),
      ],
    ]);
    const merged = taken(
      mergeParts(parts, { takes: (level) => level === 'container', fromMs: START_MS + 1, toMs: START_MS + 10_000 }),
    );
    expect(merged.map(({ level, rows }) => [level, [...rows].map((r) => [...r.timesMs])])).toEqual([
      ['container', [at(10)]],
    ]);
  });
});
