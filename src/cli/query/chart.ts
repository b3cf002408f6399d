/**
 * A range as a chart in text. One series is drawn in braille dots, two by four in each cell; of several each has a letter of its own, so that no
 * colour is needed to tell them apart. Gaps stay gaps. Pure.
 */
import { cutMiddle, plain, width } from '../top/view/text.ts';
import { type Line, sharedBy, titleOf } from './answer.ts';
import { short, shown } from './numbers.ts';
import { mark } from './time.ts';

export interface ChartOptions {
  readonly columns: number;
  readonly rows: number;
  readonly startMs: number;
  readonly endMs: number;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
/** More letters on one chart than anybody follows. */
export const MOST_SERIES = 12;

interface Area {
  readonly width: number;
  readonly height: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly low: number;
  readonly high: number;
}

export function chartOf(all: readonly Line[], { columns, rows, startMs, endMs }: ChartOptions): string[] {
  const drawn = [...all].sort((a, b) => lastOf(b) - lastOf(a)).slice(0, MOST_SERIES);
  const values = drawn.flatMap(({ points }) => points.map(([, value]) => value)).filter(Number.isFinite);
  if (values.length === 0) return ['nothing to draw: no number in this range'];
  const { low, high, marks } = scaleOf(Math.min(...values), Math.max(...values), Math.max(2, Math.floor(rows / 4)));
  const labels = marks.map(short);
  const left = Math.max(...labels.map(width)) + 1;
  const area = { width: Math.max(10, columns - left - 1), height: rows, startMs, endMs, low, high };
  const cells = drawn.length === 1 ? brailleCells(drawn[0] as Line, area) : letterCells(drawn, area);
  const axis = new Map(marks.map((value, i) => [rowOf(value, area), labels[i] as string]));
  const body = cells.map((row, i) => `${(axis.get(i) ?? '').padStart(left)}${axis.has(i) ? '┤' : '│'}${row}`.trimEnd());
  return [...body, ...timeAxis(area, left), ...legend(drawn, all, columns)];
}

/** Marks at 1, 2 or 5 times a power of ten, and zero where it is near. */
export function scaleOf(min: number, max: number, wanted: number): { low: number; high: number; marks: number[] } {
  const from = min > 0 && (min < 0.5 * max || min === max) ? 0 : min;
  const to = max < 0 && (max > 0.5 * min || min === max) ? 0 : max;
  const span = to - from || Math.abs(to) || 1;
  const rough = span / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((times) => times * power >= rough) ?? 10) * power;
  const first = Math.floor(from / step);
  const last = Math.max(first + 1, Math.ceil(to / step));
  // By counting, so that 0.1 + 0.2 is 0.3.
  const digits = Math.max(0, Math.min(20, -Math.floor(Math.log10(step))));
  const marks = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toFixed(digits)));
  return { low: first * step, high: last * step, marks };
}

function rowOf(value: number, { low, high, height }: Area): number {
  return Math.round(((high - value) / (high - low)) * (height - 1));
}

/** Dots of a cell by place: the bits of Unicode's braille patterns. */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

function brailleCells(line: Line, area: Area): string[] {
  const bits = Array.from({ length: area.height }, () => new Uint8Array(area.width));
  const put = (x: number, y: number): void => {
    const row = bits[Math.floor(y / 4)];
    if (row) row[x >> 1] = (row[x >> 1] as number) | (DOTS[y % 4]?.[x % 2] as number);
  };
  trace(line, { ...area, width: 2 * area.width, height: 4 * area.height }, put);
  return bits.map((row) => [...row].map((dots) => (dots === 0 ? ' ' : String.fromCodePoint(0x2800 + dots))).join(''));
}

function letterCells(lines: readonly Line[], area: Area): string[] {
  const cells = Array.from({ length: area.height }, () => new Array<string>(area.width).fill(' '));
  // The first last: it lies on top.
  for (const [i, line] of [...lines.entries()].reverse()) {
    trace(line, area, (x, y) => {
      const row = cells[y];
      if (row && x < area.width) row[x] = LETTERS[i] as string;
    });
  }
  return cells.map((row) => row.join(''));
}

/** Calls for every dot of the curve: points joined where one follows the other, not over a gap. */
function trace({ points }: Line, area: Area, put: (x: number, y: number) => void): void {
  const { width: across, startMs, endMs } = area;
  const gapMs = 1.5 * usualStep(points);
  let before: { readonly ms: number; readonly x: number; readonly y: number } | undefined;
  for (const [ms, value] of points) {
    if (!Number.isFinite(value)) {
      before = undefined;
      continue;
    }
    const x = Math.round(((ms - startMs) / Math.max(1, endMs - startMs)) * (across - 1));
    const y = rowOf(value, area);
    if (before && ms - before.ms <= gapMs) join(before, { x, y }, put);
    else put(x, y);
    before = { ms, x, y };
  }
}

interface Dot {
  readonly x: number;
  readonly y: number;
}

/** A straight line, in as many dots as its longer side has. */
function join(from: Dot, to: Dot, put: (x: number, y: number) => void): void {
  const steps = Math.max(1, Math.abs(to.x - from.x), Math.abs(to.y - from.y));
  for (let i = 0; i <= steps; i++)
    put(Math.round(from.x + ((to.x - from.x) * i) / steps), Math.round(from.y + ((to.y - from.y) * i) / steps));
}

/** The least distance of two points is the step: others are gaps. */
function usualStep(points: Line['points']): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 1; i < points.length; i++)
    least = Math.min(least, (points[i]?.[0] as number) - (points[i - 1]?.[0] as number));
  return least;
}

function timeAxis({ width: across, startMs, endMs }: Area, left: number): string[] {
  const spanMs = endMs - startMs;
  const each = width(mark(startMs, spanMs)) + 4;
  const count = Math.max(2, Math.min(7, Math.floor(across / each)));
  const ticks = new Array<string>(across).fill('─');
  let words = '';
  for (let i = 0; i < count; i++) {
    const x = Math.round((i * (across - 1)) / (count - 1));
    const text = mark(startMs + (spanMs * i) / (count - 1), spanMs);
    ticks[x] = '┴';
    const at = Math.min(across - width(text), Math.max(0, x - Math.floor(width(text) / 2)));
    if (at >= width(words)) words = words.padEnd(at) + text;
  }
  const indent = ' '.repeat(left);
  return [`${indent}└${ticks.join('')}`, `${indent} ${words}`];
}

function legend(drawn: readonly Line[], all: readonly Line[], columns: number): string[] {
  const shared = sharedBy(all);
  const lines = drawn.map((line, i) => {
    const letter = drawn.length === 1 ? '' : `${LETTERS[i]} `;
    const numbers = line.points.map(([, value]) => value).filter(Number.isFinite);
    const figures = `  last ${shown(lastOf(line))}  min ${shown(Math.min(...numbers))}  max ${shown(Math.max(...numbers))}`;
    const room = columns - width(letter) - width(figures);
    return `${letter}${cutMiddle(plain(titleOf(line.labels, shared)), Math.max(8, room))}${figures}`;
  });
  const more = all.length - drawn.length;
  const [first] = all;
  const same =
    first && shared.size > 0
      ? [`all: ${plain(titleOf(new Map([...first.labels].filter(([name]) => shared.has(name)))))}`]
      : [];
  return [
    ...same,
    ...lines,
    ...(more > 0 ? [`and ${more} more, with lower last values: narrow the query, or --csv`] : []),
  ];
}

function lastOf({ points }: Line): number {
  const value = points.at(-1)?.[1] ?? Number.NEGATIVE_INFINITY;
  return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value;
}
