/** Tables whose rows are read at the same moments have one block of times between them, and each is read as if it were its own. */
import { fc, test } from '@fast-check/vitest';
import { expect, test as plain } from 'vitest';
import { emptyPoints } from '../../../../collector/query/source.ts';
import { mergeParts } from '../../../../collector/store/part/merge.ts';
import { openPart, type PartReader } from '../../../../collector/store/part/part.ts';
import { writePart } from '../../../../collector/store/part/write.ts';
import type { TableChunk } from '../../../../collector/store/types.ts';
import { memoryParts } from '../../../support/memoryparts.ts';
import { anyTables, column, readAll, row, START_MS, table, truthOf } from './tables.ts';

const NO_POINTS = { points: [], ends: [] };

/** The tables, and all of their rows once more with other metrics, as another family has them. */
function twice(tables: readonly TableChunk[]): TableChunk[] {
  const others = tables.map((one) => ({
    ...one,
    measurement: `${one.measurement}_other`,
    columns: one.columns.map((of) => ({ ...of, metric: `other_${of.metric}`, field: `other_${of.field}` })),
  }));
  return [...tables, ...others];
}

function read(part: PartReader): Map<string, ReturnType<typeof readAll>> {
  const points = emptyPoints();
  const found = new Map<string, ReturnType<typeof readAll>>();
  for (const series of part.select({ matchers: [], fromMs: 0, toMs: 4e12 })) {
    series.read(points);
    found.set(series.labels.key, readAll(points));
  }
  return found;
}

test.prop([anyTables, fc.boolean()], { numRuns: 60 })(
  'any tables, each twice, written and merged',
  (tables, merges) => {
    const all = twice(tables);
    const files = memoryParts();
    let info = writePart(files, 'p', all);
    if (info.rows === 0) return;
    if (merges) info = writePart(files, 'q', mergeParts([openPart(files, 'p')], { copies: true }));
    const part = openPart(files, info.name);
    expect(part.check()).toEqual([]);
    const found = read(part);
    for (const [key, truth] of truthOf(all)) expect(found.get(key) ?? NO_POINTS, key).toEqual(truth);
  },
);

plain('ten families take the times of one', () => {
  // Times off their tick by what no encoding finds: 0 to 99 ms, 31 further from one to the next.
  const rows = Array.from({ length: 20 }, (_, r) =>
    row(
      { id: `${r}`.padStart(2, '0') },
      Array.from({ length: 300 }, (__, i) => START_MS + i * 10_000 + ((i * i * 31 + r * 7) % 97)),
      [new Array<number>(300).fill(r)],
    ),
  );
  const sizeOf = (families: number): number => {
    const tables = Array.from({ length: families }, (_, f) => table([column(`m_${f}`)], rows, `container_${f}`));
    return writePart(memoryParts(), 'p', tables).bytes;
  };
  const [one, two, ten] = [sizeOf(1), sizeOf(2), sizeOf(10)];
  // 6 000 times of 7 bits are 5 kB; a family more has its numbers, which are constant, and its directory.
  expect(one).toBeGreaterThan(5000);
  expect(two - one).toBeLessThan(1000);
  expect(ten - one).toBeLessThan(9 * 1000);
});

plain('so do slices of a group, where times are those of a clock', () => {
  const start = START_MS - (START_MS % 7_200_000);
  const times = Array.from({ length: 4 * 720 }, (_, i) => start + i * 10_000);
  const tables = [table([column('m')], [row({ id: 'x' }, times, [times.map((_, i) => i)])])];
  const files = memoryParts();
  writePart(files, 'p', tables);
  const part = openPart(files, 'p');
  expect(part.tableReaders[0]?.groups()[0]?.slices.map(({ at }) => at[0])).toEqual([8, 8, 8, 8]);
  expect(read(part)).toEqual(truthOf(tables));
});
