/** An answer as a table: of a moment a row for each series with its labels as columns, of a range a row for each time. Pure. */
import { cut, filledTo, plain, width } from '../top/view/text.ts';
import { type Line, type Result, sharedBy, titleOf } from './answer.ts';
import { shown } from './numbers.ts';
import { stamp } from './time.ts';

/** Nobody reads more columns of labels than that in a terminal; --json has all. */
const MOST_VALUES = 40;

/** Lines that fit `columns`. */
export function tableOf({ type, lines, text }: Result, columns: number): string[] {
  if (type === 'string') return [plain(text)];
  if (lines.length === 0) return [];
  if (type === 'scalar') return [shown(lines[0]?.points[0]?.[1] ?? Number.NaN)];
  return type === 'vector' ? vectorTable(lines, columns) : matrixTable(lines, columns);
}

function vectorTable(lines: readonly Line[], columns: number): string[] {
  const shared = sharedBy(lines);
  const named = lines.some(({ labels }) => labels.has('__name__') && !shared.has('__name__'));
  const names = [...new Set(lines.flatMap(({ labels }) => [...labels.keys()]))].filter(
    (name) => name !== '__name__' && !shared.has(name),
  );
  const titles = [...(named ? ['metric'] : []), ...names, 'VALUE'];
  const rows = lines.map(({ labels, points }) => [
    ...(named ? [labels.get('__name__') ?? ''] : []),
    ...names.map((name) => labels.get(name) ?? ''),
    shown(points[0]?.[1] ?? Number.NaN),
  ]);
  return [...sharedWords(lines, shared), ...aligned([titles, ...rows], columns)];
}

/** Times down, series across; as many as fit, and how many do not. */
function matrixTable(lines: readonly Line[], columns: number): string[] {
  const shared = sharedBy(lines);
  const across = lines.slice(0, MOST_VALUES);
  const times = [...new Set(lines.flatMap(({ points }) => points.map(([ms]) => ms)))].sort((a, b) => a - b);
  const values = across.map(({ points }) => new Map(points));
  const cells = [
    ['TIME', ...across.map(({ labels }) => titleOf(labels, shared))],
    ...times.map((ms) => [stamp(ms), ...values.map((of) => (of.has(ms) ? shown(of.get(ms) as number) : ''))]),
  ];
  const fitting = fittingIn(cells, columns);
  const missing = lines.length - (fitting - 1);
  const rest = missing > 0 ? [`no room for ${missing} more series: --json or --csv has all`] : [];
  return [
    ...sharedWords(lines, shared),
    ...aligned(
      cells.map((row) => row.slice(0, fitting)),
      columns,
    ),
    ...rest,
  ];
}

/** How many columns fit, if each title is cut to a readable length. */
function fittingIn(cells: readonly (readonly string[])[], columns: number): number {
  let left = columns;
  const [titles = []] = cells;
  for (let i = 0; i < titles.length; i++) {
    left -= widthOf(cells, i, MOST_TITLE) + (i === 0 ? 0 : 2);
    if (left < 0 && i > 1) return i;
  }
  return titles.length;
}

const MOST_TITLE = 28;

function widthOf(cells: readonly (readonly string[])[], i: number, most: number): number {
  const [titles = [], ...rows] = cells;
  const ofValues = Math.max(0, ...rows.map((row) => width(row[i] ?? '')));
  return Math.max(ofValues, Math.min(most, width(plain(titles[i] ?? ''))));
}

function sharedWords(lines: readonly Line[], shared: ReadonlySet<string>): string[] {
  const [first] = lines;
  if (!first || shared.size === 0) return [];
  const all = new Map([...first.labels].filter(([name]) => shared.has(name)));
  return [`all: ${plain(titleOf(all))}`];
}

/** The last column is numbers, which end at one edge; of a range's table all but the first. Labels give way where there is no room. */
function aligned(cells: readonly (readonly string[])[], columns: number): string[] {
  const clean = cells.map((row) => row.map(plain));
  const [titles = []] = clean;
  const isRange = titles[0] === 'TIME';
  const widths = titles.map((_, i) => widthOf(clean, i, MOST_TITLE));
  for (let over = total(widths) - columns; over > 0; over--) {
    const at = widest(widths, isRange);
    if (at < 0 || (widths[at] as number) <= 8) break;
    widths[at] = (widths[at] as number) - 1;
  }
  return clean.map((row) =>
    row
      .map((cell, i) => {
        const right = isRange ? i > 0 : i === row.length - 1;
        return filledTo(cut(cell, widths[i] as number), widths[i] as number, right ? 'right' : 'left');
      })
      .join('  ')
      .trimEnd(),
  );
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, one) => sum + one, 0) + 2 * (widths.length - 1);
}

/** Numbers are never cut. */
function widest(widths: readonly number[], isRange: boolean): number {
  const labels = isRange ? [] : widths.slice(0, -1);
  return labels.length === 0 ? -1 : labels.indexOf(Math.max(...labels));
}
