/** A curve in one line of text: the last minutes of a number, each cell the average of its share of the time. */
import type { Trail } from '../numbers/trails.ts';

const BARS = '▁▂▃▄▅▆▇█';

export interface SparkOptions {
  /** The right edge. */
  readonly endMs: number;
  readonly spanMs: number;
  readonly cells: number;
  /** What a full cell is; where there is no limit, the largest value that is shown, but at least `least`. */
  readonly full?: number | undefined;
  readonly least?: number;
  /** Between two readings: up to two of them a value stands in for the next. */
  readonly everyMs?: number | undefined;
}

/** The trail's values, blank where nothing is known. */
export function spark(
  trail: Trail | undefined,
  of: 'cpu' | 'memory',
  { endMs, spanMs, cells, full, least = 0, everyMs = 10_000 }: SparkOptions,
): string {
  if (!trail || cells <= 0) return ' '.repeat(Math.max(0, cells));
  // Cells begin at whole multiples of their length, so that they do not change once they are past.
  const cellMs = Math.max(1, spanMs / cells);
  const lastCell = Math.floor(endMs / cellMs);
  const values = averages(trail, of, { firstCell: lastCell - cells + 1, cells, cellMs });
  const shown = standIns(values, Math.ceil((2 * everyMs) / cellMs));
  const top = full ?? Math.max(least, ...shown.filter((value) => !Number.isNaN(value)));
  return shown.map((value) => bar(value, top)).join('');
}

interface Cells {
  readonly firstCell: number;
  readonly cells: number;
  readonly cellMs: number;
}

function averages({ timesMs, ...lists }: Trail, of: 'cpu' | 'memory', { firstCell, cells, cellMs }: Cells): number[] {
  const sums = new Array<number>(cells).fill(0);
  const counts = new Array<number>(cells).fill(0);
  for (let i = timesMs.length - 1; i >= 0; i--) {
    const cell = Math.floor((timesMs[i] as number) / cellMs) - firstCell;
    if (cell < 0) break;
    const value = lists[of][i] as number;
    if (cell >= cells || Number.isNaN(value)) continue;
    sums[cell] = (sums[cell] as number) + value;
    counts[cell] = (counts[cell] as number) + 1;
  }
  return sums.map((sum, i) => (counts[i] ? sum / (counts[i] as number) : Number.NaN));
}

/** Readings that are further apart than a cell leave cells without one. */
function standIns(values: readonly number[], reach: number): number[] {
  let last = Number.NaN;
  let age = 0;
  return values.map((value) => {
    if (Number.isNaN(value)) return ++age <= reach ? last : Number.NaN;
    last = value;
    age = 0;
    return value;
  });
}

function bar(value: number, top: number): string {
  if (Number.isNaN(value)) return ' ';
  const step = top <= 0 ? 0 : Math.min(BARS.length - 1, Math.floor((value / top) * BARS.length));
  return BARS[Math.max(0, step)] as string;
}

/** How full something is, `[██████····]`, with cells for the inside. */
export function gauge(share: number | undefined, cells: number): string {
  if (share === undefined) return '';
  const fullCells = Math.max(0, Math.min(cells, Math.round(share * cells)));
  return `[${'█'.repeat(fullCells)}${'·'.repeat(cells - fullCells)}]`;
}
