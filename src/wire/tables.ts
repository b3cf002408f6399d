/** Reads one section with the numbers of one family: whose rows, when they were read, and the columns. */
import { WireError } from '../errors.ts';
import type { FamilyTable } from '../model/batch.ts';
import type { EntityRow } from '../model/table.ts';
import type { Defining } from './define.ts';
import type { WireFamily } from './dictionary.ts';
import { isTime } from './header.ts';
import { atMost } from './limits.ts';
import type { Reader } from './reader.ts';
import { unpack } from './unpack.ts';

export interface WireTable {
  /** Undefined if the catalogue does not know the family. */
  readonly table: FamilyTable | undefined;
  /** Per row: its number. */
  readonly refs: Uint32Array;
  readonly samples: number;
  readonly unknown: number;
}

/** What a body's tables may still use; shared by them. */
export interface Space {
  cells: number;
  tables: number;
}

export interface TableContext {
  readonly space: Space;
  readonly batchMs: number;
}

export function readTable(
  reader: Reader,
  { dictionary, limits }: Defining,
  { space, batchMs }: TableContext,
): WireTable {
  if (--space.tables < 0) throw new WireError('limit', `the body has more tables than ${limits.tables}`);
  const wire = dictionary.family(reader.varint('family number of a table'));
  const what = `family ${wire.name}`;
  const count = reader.count(`rows of ${what}`, limits.rows);
  const width = wire.family?.columns.length ?? 0;
  // The rows' times and a column that is read only to be counted take space too.
  const cells = count * (width + 2);
  if (cells > space.cells) atMost(`cells of the body, with ${what}`, limits.cells - space.cells + cells, limits.cells);
  space.cells -= cells;
  const refs = new Uint32Array(count);
  const rows: EntityRow[] = [];
  let ref = -1;
  dictionary.beginTable();
  for (let r = 0; r < count; r++) {
    ref += reader.signed(`row numbers of ${what}`);
    rows.push(dictionary.row(ref));
    refs[r] = ref;
  }
  const timesMs = readTimes(reader, count, { batchMs, what });
  const values = new Float64Array(count * width).fill(Number.NaN);
  const { samples, unknown } = readColumns(reader, wire, values, count);
  const table = wire.family && { shape: wire.family, rows, timesMs, values };
  return { table, refs, samples, unknown };
}

function readTimes(reader: Reader, rows: number, { batchMs, what }: { batchMs: number; what: string }): Float64Array {
  const times = new Float64Array(rows);
  if (unpack(reader, times, { from: 0, rows }, `times of ${what}`) < rows) {
    throw new WireError('bad_number', `a row of ${what} has no time`);
  }
  for (let r = 0; r < rows; r++) {
    const timeMs = batchMs + (times[r] as number);
    if (!isTime(timeMs))
      throw new WireError('bad_number', `a row's time in ${what} is ${timeMs}; legal: integer milliseconds`);
    times[r] = timeMs;
  }
  return times;
}

/** Columns follow until the section ends; their numbers ascend. */
function readColumns(
  reader: Reader,
  wire: WireFamily,
  values: Float64Array,
  rows: number,
): { samples: number; unknown: number } {
  let samples = 0;
  let unknown = 0;
  let previous = -1;
  let ignored: Float64Array | undefined;
  while (reader.left > 0) {
    const number = reader.varint(`a column number of family ${wire.name}`);
    const column = wire.columns[number];
    if (column === undefined || number <= previous) {
      throw new WireError(
        'bad_reference',
        `column ${number} of family ${wire.name} comes after ${previous}; legal: ascending, below ${wire.columns.length}`,
      );
    }
    previous = number;
    const what = `column ${number} of family ${wire.name}`;
    if (column >= 0) {
      samples += unpack(reader, values, { from: column * rows, rows }, what);
    } else {
      ignored ??= new Float64Array(rows);
      unknown += unpack(reader, ignored, { from: 0, rows }, what);
    }
  }
  return { samples, unknown };
}
