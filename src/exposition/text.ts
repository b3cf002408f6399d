/**
 * Tables in, exposition text out, in pieces of about 64 KB, so that a page of any size neither blocks the process nor is ever
 * held as a whole. All lines of a metric come together, each series once.
 */
import type { Shape } from '../model/shape.ts';
import type { Table } from '../model/table.ts';
import { breathe } from '../run/clock.ts';
import { type Block, blocksOf, type Part } from './block.ts';
import { type Format, headingLines, labelText } from './format.ts';
import { type LabelTexts, labelsText, type Sheet, sheetOf } from './sheet.ts';

export interface RenderOptions {
  readonly format: Format;
  /** Puts the time of reading behind each number. Prometheus then notices only after five minutes that a series has gone. */
  readonly timestamps: boolean;
  /** Kept by whoever renders often; a fresh one by default. */
  readonly texts?: LabelTexts;
  /** Leaves OpenMetrics' closing line out, for a page that goes on. */
  readonly open?: boolean;
  /** Makes bytes of a piece of text; `Buffer.from` by default. */
  readonly encode?: (text: string) => Buffer;
  /** Called with the metric's name for each series left out because its name and labels had come before. */
  readonly onDuplicate?: (metric: string) => void;
}

/** OpenMetrics' closing line; a page without it counts as cut off. */
export const END = '# EOF\n';

/** Characters after which a piece is handed out. */
const PIECE = 64 * 1024;

/** Pieces, about a millisecond each, after which {@link streamText} lets other work run. */
const PIECES_PER_BREATH = 4;

/** The page, piece by piece, without pauses. */
export function* renderText(tables: Iterable<Table>, options: RenderOptions): Generator<Buffer> {
  for (const piece of pieces(tables, options)) if (piece) yield piece;
}

/** The page, piece by piece, other work running in between. */
export async function* streamText(tables: Iterable<Table>, options: RenderOptions): AsyncGenerator<Buffer> {
  let count = 0;
  for (const piece of pieces(tables, options)) {
    if (piece) yield piece;
    if (!piece || ++count % PIECES_PER_BREATH === 0) await breathe();
  }
}

/** Pieces of the page; undefined where nothing is ready yet but other work may run. */
function* pieces(source: Iterable<Table>, options: RenderOptions): Generator<Buffer | undefined> {
  const tables = [...source];
  const { format, timestamps, texts = new WeakMap(), open = false, encode = Buffer.from } = options;
  const sheets = new Map<Table, Sheet>();
  const seen = new Map<Shape, Set<string>>();
  for (const table of tables) sheets.set(table, yield* sheetOf(table, { texts, format, timestamps, seen }));
  const blocks = blocksOf(tables);
  const names = new Set(blocks.map((block) => block.metric));
  let out = '';
  for (const block of blocks) {
    // Written only once there is a sample: a metric that nobody has is not there at all.
    let heading = headingLines(block, format, names);
    for (const lines of blockLines(block, sheets, options)) {
      out += heading + lines;
      heading = '';
      if (out.length < PIECE) continue;
      yield encode(out);
      out = '';
    }
  }
  if (format === 'openmetrics' && !open) out += END;
  if (out !== '') yield encode(out);
}

function* blockLines(block: Block, sheets: ReadonlyMap<Table, Sheet>, options: RenderOptions): Generator<string> {
  const safe =
    !block.mixed && block.parts.every((part) => !overlapping(part, sheets) && sheets.get(part.table)?.unique);
  const seen = safe ? undefined : new Set<string>();
  for (const part of block.parts) {
    const run = {
      block,
      part,
      sheet: sheets.get(part.table) as Sheet,
      seen,
      onDuplicate: options.onDuplicate,
      next: 0,
    };
    while (run.next < part.table.rows.length) {
      const lines = seen ? checkedLines(run, seen) : plainLines(run);
      if (lines !== '') yield lines;
    }
  }
}

function overlapping(part: Part, sheets: ReadonlyMap<Table, Sheet>): boolean {
  return part.labels.length > 0 && (sheets.get(part.table)?.overlaps ?? false);
}

/** One column being written. */
interface Run {
  readonly block: Block;
  readonly part: Part;
  readonly sheet: Sheet;
  readonly onDuplicate: RenderOptions['onDuplicate'];
  /** The row to go on with. */
  next: number;
}

/** Lines of rows that are known to differ, up to a piece of them: the path that nearly everything takes. */
function plainLines(run: Run): string {
  const { table, column } = run.part;
  const { texts, times } = run.sheet;
  const { values } = table;
  const n = table.rows.length;
  const fixed = fixedText(run.part);
  const labelled = fixed === '' ? `${run.block.metric}{` : `${run.block.metric}{${fixed},`;
  const bare = fixed === '' ? `${run.block.metric} ` : `${run.block.metric}{${fixed}} `;
  const offset = column * n;
  let lines = '';
  let r = run.next;
  for (; r < n && lines.length < PIECE; r++) {
    const value = values[offset + r] as number;
    // True for NaN and the infinities alone, which stand for "not measured".
    if (value - value !== 0) continue;
    const text = texts[r] as string;
    lines += text === '' ? bare + value : `${labelled + text}} ${value}`;
    lines += times === undefined ? '\n' : `${times[r]}\n`;
  }
  run.next = r;
  return lines;
}

/** The same with each series checked against those before it. */
function checkedLines(run: Run, seen: Set<string>): string {
  const { table, column, labels } = run.part;
  const { texts, times, overlaps } = run.sheet;
  const n = table.rows.length;
  const fixed = fixedText(run.part);
  const fixedNames = labels.map(([name]) => name);
  let lines = '';
  let r = run.next;
  for (; r < n && lines.length < PIECE; r++) {
    const value = table.values[column * n + r] as number;
    if (!Number.isFinite(value)) continue;
    const row = table.rows[r];
    const own = overlaps && row ? labelsText(row.labels, fixedNames) : (texts[r] as string);
    const all = fixed === '' || own === '' ? fixed + own : `${fixed},${own}`;
    if (seen.has(all)) {
      run.onDuplicate?.(run.block.metric);
      continue;
    }
    seen.add(all);
    lines += `${run.block.metric}${all === '' ? '' : `{${all}}`} ${value}${times?.[r] ?? ''}\n`;
  }
  run.next = r;
  return lines;
}

function fixedText(part: Part): string {
  return part.labels.map(([name, value]) => labelText(name, value)).join(',');
}
