/**
 * Windows in, series out: each number of the window under the name and labels that it has on the page, and a marker for each series that the
 * window before had and this one has not. No series comes twice, because a server would take the second for a contradiction.
 */
import { type Block, blocksOf, type Part } from '../../../src/exposition/block.ts';
import { metricType } from '../../../src/exposition/format.ts';
import { labels, pairsOf } from '../../../src/model/labels.ts';
import type { Unit } from '../../../src/model/shape.ts';
import type { Table } from '../../../src/model/table.ts';
import { type Presence, presenceOf, shapeKey } from './presence.ts';
import type { RowLabels, RowLabelTexts } from './rowlabels.ts';

/** What the series of a column have in common. */
export interface SeriesColumn {
  readonly metric: string;
  readonly type: 'counter' | 'gauge' | 'unknown';
  readonly unit: Unit;
  readonly help: string;
  /** The labels that the column fixes, and the metric's name as `__name__`; sorted. */
  readonly fixed: readonly (readonly [name: string, value: string])[];
}

/** One number; NaN is the marker that the series has ended. */
export interface Series {
  readonly column: SeriesColumn;
  readonly labels: RowLabels;
  readonly timeMs: number;
  readonly value: number;
}

/** A series, numbers that are not written, by reason, or a point at which other work may run. */
export type SeriesStep = Series | { readonly dropped: number; readonly reason: string };

/** What a frame has for this sink; what it has where is found out when it is written, and kept. */
export interface Window {
  readonly tables: readonly Table[];
  presence: Presence | undefined;
}

export interface Windows {
  readonly now: Window;
  /** Windows whose series may be alive at the server, the newest last. */
  readonly before: readonly Window[];
  /** The time of markers: after every number of the windows before, and before any of this one's successors. */
  readonly markMs: number;
  readonly texts: RowLabelTexts;
}

/** Series between two points at which other work may run: a few milliseconds. */
const SERIES_PER_BREATH = 2000;

const BREATH = { dropped: 0, reason: 'none' };

export function* seriesOf(windows: Windows): Generator<SeriesStep> {
  let count = 0;
  for (const step of allOf(windows)) {
    yield step;
    if (++count % SERIES_PER_BREATH === 0) yield BREATH;
  }
}

function* allOf({ now, before, markMs, texts }: Windows): Generator<SeriesStep> {
  const present = yield* lookedAt(now, texts);
  const blocks = new Map(blocksOf(now.tables).map((block) => [block.metric, block]));
  const seen = new Map<string, Set<string>>();
  for (const block of blocks.values()) {
    const keys = isPlain(block, present) ? undefined : new Set<string>();
    if (keys) seen.set(block.metric, keys);
    yield* numbersOf(block, texts, keys);
  }
  for (const [i, window] of before.entries()) {
    const later = [present];
    for (const newer of before.slice(i + 1)) later.push(yield* lookedAt(newer, texts));
    const own = yield* lookedAt(window, texts);
    yield* markersOf(window, own, { later, markMs, texts, seenNow });
  }

  /** The series that the metric has now, where looking for the row does not tell whether it has gone. */
  function seenNow(metric: string, part: Part): ReadonlySet<string> | undefined {
    const block = blocks.get(metric);
    const known = seen.get(metric);
    if (!block || known || block.parts.every(({ table }) => shapeKey(table.shape) === shapeKey(part.table.shape)))
      return known;
    const keys = new Set<string>();
    for (const _ of numbersOf(block, texts, keys));
    seen.set(metric, keys);
    return keys;
  }
}

function* lookedAt(window: Window, texts: RowLabelTexts): Generator<SeriesStep, Presence> {
  if (window.presence) return window.presence;
  const looking = presenceOf(window.tables, texts);
  for (;;) {
    const { value, done } = looking.next();
    if (done) {
      window.presence = value;
      return value;
    }
    yield BREATH;
  }
}

/** Whether no two series of it can be the same. */
function isPlain(block: Block, present: Presence): boolean {
  return !block.mixed && block.parts.every(({ table }) => present.plain(table.shape));
}

function* numbersOf(block: Block, texts: RowLabelTexts, keys: Set<string> | undefined): Generator<SeriesStep> {
  for (const part of block.parts) {
    const { table, column: c } = part;
    const column = columnOf(block, part);
    const n = table.rows.length;
    for (let r = 0; r < n; r++) {
      const value = table.values[c * n + r] as number;
      if (Number.isNaN(value)) continue;
      // The infinities stand for "not measured", as they do on the page.
      const bad = value - value !== 0;
      const labels = labelsOf(part, r, texts);
      if (bad || (keys && !added(keys, part, labels))) yield { dropped: 1, reason: bad ? 'not_finite' : 'duplicate' };
      else yield { column, labels, timeMs: table.timesMs[r] as number, value };
    }
  }
}

interface Marking extends Pick<Windows, 'markMs' | 'texts'> {
  /** The windows after. */
  readonly later: readonly Presence[];
  readonly seenNow: (metric: string, part: Part) => ReadonlySet<string> | undefined;
}

function* markersOf(
  { tables }: Window,
  own: Presence,
  { later, markMs, texts, seenNow }: Marking,
): Generator<SeriesStep> {
  for (const block of blocksOf(tables)) {
    const marked = isPlain(block, own) ? undefined : new Set<string>();
    for (const part of block.parts) {
      const { table, column: c } = part;
      const column = columnOf(block, part);
      const alive = seenNow(block.metric, part);
      const n = table.rows.length;
      for (let r = 0; r < n; r++) {
        if (r % SERIES_PER_BREATH === 0) yield BREATH;
        const value = table.values[c * n + r] as number;
        if (value - value !== 0 || later.some((window) => window.has(table, r, c))) continue;
        const labels = labelsOf(part, r, texts);
        if (alive?.has(keyOf(part, labels)) || (marked && !added(marked, part, labels))) continue;
        yield { column, labels, timeMs: markMs, value: Number.NaN };
      }
    }
  }
}

function labelsOf({ table, labels: fixed }: Part, r: number, texts: RowLabelTexts): RowLabels {
  const row = table.rows[r] as Table['rows'][number];
  const labels = texts.of(row);
  if (fixed.length === 0 || !fixed.some(([name]) => labels.names.includes(name))) return labels;
  return texts.without(
    row,
    fixed.map(([name]) => name),
  );
}

function added(keys: Set<string>, part: Part, labels: RowLabels): boolean {
  const key = keyOf(part, labels);
  if (keys.has(key)) return false;
  keys.add(key);
  return true;
}

/** Of all labels but the metric's name. Made where it is needed alone, which is seldom. */
function keyOf({ labels: fixed }: Part, own: RowLabels): string {
  return fixed.length === 0 ? own.key : labels([...fixed, ...pairsOf(own)]).key;
}

const columns = new WeakMap<object, SeriesColumn>();

/** Kept with the column, which is the same object from window to window. */
function columnOf(block: Block, { table, column: c, labels }: Part): SeriesColumn {
  const key = table.shape.columns[c] as object;
  let made = columns.get(key);
  if (!made) {
    const { metric, unit, help } = block;
    const fixed = [...labels, ['__name__', metric] as const].sort(([a], [b]) => (a < b ? -1 : 1));
    made = { metric, type: metricType(block), unit, help, fixed };
    columns.set(key, made);
  }
  return made;
}
