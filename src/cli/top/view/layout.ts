/** Which columns fit, and how wide each is: names give way before numbers, and what is left over goes to names, then to curves. Pure. */
import type { Row } from '../numbers/row.ts';
import { COLUMNS, type Column, type Scene } from './columns.ts';
import { type Line, type Piece, piece } from './line.ts';
import { cutMiddle, filledTo, plain, width } from './text.ts';

export interface Placed {
  readonly column: Column;
  readonly cells: number;
}

export interface Layout {
  readonly placed: readonly Placed[];
  /** Those for which there is no room. */
  readonly missing: readonly Column[];
}

export interface LayoutOptions {
  readonly rows: readonly Row[];
  readonly columns: number;
  /** How many columns after the name are passed over, for screens that are too narrow for all. */
  readonly shift?: number;
  /** Columns that make no sense for these rows. */
  readonly without?: ReadonlySet<string>;
}

const GAP = 1;

export function layoutOf({ rows, columns, shift = 0, without = new Set() }: LayoutOptions): Layout {
  const [name, ...others] = COLUMNS.filter(({ id, has }) => !without.has(id) && (id === 'name' || rows.some(has)));
  const passed = Math.min(shift, Math.max(0, others.length - 1));
  const candidates = [name as Column, ...others.slice(passed)];
  const chosen = chooseBy(candidates, columns);
  const placed = candidates.filter((column) => chosen.has(column));
  const missing = [...others.slice(0, passed), ...others.slice(passed).filter((column) => !chosen.has(column))];
  return { placed: widen(placed, rows, columns), missing };
}

/** By rank, each that still fits. */
function chooseBy(candidates: readonly Column[], columns: number): Set<Column> {
  const chosen = new Set<Column>();
  let used = -GAP;
  for (const column of [...candidates].sort((a, b) => a.rank - b.rank)) {
    if (chosen.size > 0 && used + GAP + column.width > columns) continue;
    chosen.add(column);
    used += GAP + column.width;
  }
  return chosen;
}

/** Texts grow to the longest of theirs, the first of them first; then curves. */
function widen(placed: readonly Column[], rows: readonly Row[], columns: number): Placed[] {
  let left = columns - placed.reduce((sum, column) => sum + GAP + column.width, -GAP);
  const cells = new Map(placed.map((column) => [column, Math.min(column.width, columns)]));
  const growing = placed
    .filter(({ most }) => most !== undefined)
    .sort((a, b) => Number(isCurve(a)) - Number(isCurve(b)));
  for (const column of growing) {
    const wanted = isCurve(column)
      ? (column.most as number)
      : // On a line of a thousand cells, which is one for a pipe, nothing has to be cut.
        Math.min(Math.max(column.most as number, Math.floor(columns / 3)), longest(column, rows));
    const more = Math.max(0, Math.min(left, wanted - column.width));
    cells.set(column, (cells.get(column) as number) + more);
    left -= more;
  }
  return placed.map((column) => ({ column, cells: cells.get(column) as number }));
}

function isCurve({ id }: Column): boolean {
  return id.endsWith('curve');
}

function longest({ id, title }: Column, rows: readonly Row[]): number {
  const of = id === 'host' ? (row: Row) => row.node : id === 'image' ? (row: Row) => row.image : (row: Row) => row.name;
  return rows.reduce((most, row) => Math.max(most, width(plain(of(row)))), title.length);
}

/** The titles; the one sorted by is marked. */
export function titleLine({ placed }: Layout, scene: Scene, sort: string): Line {
  return joined(
    placed.map(({ column, cells }) => {
      const title = titleOf(column, scene);
      return piece(filledTo(title, cells, column.align), sortsBy(column.id, sort) ? 'strong' : 'title');
    }),
    'title',
  );
}

/** Titles of the columns for which there is no room, as they would stand in the head. */
export function missingTitles({ missing }: Layout, scene: Scene): string[] {
  return missing.map((column) => titleOf(column, scene));
}

/** A curve says how far back it goes. */
function titleOf(column: Column, { title, model }: Scene): string {
  if (column.id === 'name') return title;
  return isCurve(column) ? column.title.replace('2', `${Math.round(model.curveMs / 60_000)}`) : column.title;
}

/** The two directions of traffic are sorted by together. */
function sortsBy(id: string, sort: string): boolean {
  if (sort === 'net') return id === 'rx' || id === 'tx';
  if (sort === 'io') return id === 'read' || id === 'write';
  return id === sort;
}

export function rowLine({ placed }: Layout, row: Row, scene: Scene): Line {
  return joined(
    placed.map(({ column, cells }) => {
      const cell = column.cell(row, scene, cells);
      const text = column.id === 'name' ? cutMiddle(cell.text, cells) : cell.text;
      return { text: filledTo(text, cells, column.align), tone: cell.tone };
    }),
  );
}

function joined(pieces: readonly Piece[], tone?: Piece['tone']): Line {
  return pieces.flatMap((each, i) => (i === 0 ? [each] : [{ text: ' ', tone }, each]));
}
