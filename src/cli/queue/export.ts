/**
 * `plimsoll queue export`: windows of the log as lines, one window in memory at a time and no faster than they are read. Windows come in the
 * order of the log, so that what was late stands behind what was not; a collector may write to the folder meanwhile.
 */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { SavedCursor } from '../../../collector/log/cursorfile.ts';
import { SegmentReader } from '../../../collector/log/reading.ts';
import { createEncoder } from '../../../collector/sinks/influx/line.ts';
import type { Selection } from '../../../collector/sinks/levels.ts';
import { jsonLines } from '../../../collector/sinks/stdout/json.ts';
import type { Frame, LevelTable } from '../../model/batch.ts';
import { QueueError } from './failure.ts';
import { type LogFacts, unlessGone } from './read/log.ts';
import type { SegmentFacts, WindowFacts } from './read/windows.ts';

export interface ExportOptions {
  readonly log: LogFacts;
  readonly format: 'json' | 'influx';
  /** Windows that begin then or later, and before `toMs`. */
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
  /** Only what this sink has not got yet. */
  readonly sink: string | undefined;
  readonly selection: Selection;
  /** Levels that somebody has named: each must be in some window. */
  readonly levels: readonly string[];
  readonly out: Writable;
  readonly complain: (words: string) => void;
}

interface Counts {
  windows: number;
  lines: number;
  tooLong: number;
  readonly seen: Set<string>;
}

type Lines = (tables: readonly LevelTable[]) => Generator<string | undefined>;

/** Answers whether all of it could be read; what could not is said. Rejects with a QueueError for what cannot be exported. */
export async function exportWindows(options: ExportOptions): Promise<boolean> {
  const { log, levels, complain } = options;
  const wanted = wantedBy(options);
  const counts: Counts = { windows: 0, lines: 0, tooLong: 0, seen: new Set() };
  const lines = options.format === 'json' ? asJson : asInflux();
  let whole = true;
  for (const facts of log.segments) {
    const trouble = await exportSegment(facts, wanted, { options, counts, lines });
    if (trouble === undefined) continue;
    complain(trouble);
    whole = false;
  }
  if (counts.tooLong > 0) complain(`${counts.tooLong} rows have tags that are too long for InfluxDB and were left out`);
  const missing = levels.filter((level) => !counts.seen.has(level));
  if (missing.length === 0 || counts.windows === 0) return whole;
  const there = [...counts.seen].sort().join(', ');
  throw new QueueError(
    `--level: ${missing.join(', ')} is in none of the ${counts.windows} windows; there are ${there}`,
  );
}

function wantedBy({ log, fromMs, toMs, sink }: ExportOptions): (window: WindowFacts) => boolean {
  const next = sink === undefined ? 0 : placeOf(sink, log).next;
  return ({ seq, startMs }) =>
    seq >= next && (fromMs === undefined || startMs >= fromMs) && (toMs === undefined || startMs < toMs);
}

function placeOf(sink: string, { path, cursors }: LogFacts): Pick<SavedCursor, 'next'> {
  const cursor = cursors.get(sink);
  if (typeof cursor === 'object') return cursor;
  if (cursor === undefined)
    throw new QueueError(`--sink: ${sink} has no place in ${path} yet: it begins with the collector's next start`);
  // It gets all of it again.
  return { next: 0 };
}

interface Way {
  readonly options: ExportOptions;
  readonly counts: Counts;
  readonly lines: Lines;
}

/** Answers what went wrong, in words. */
async function exportSegment(
  { segment, windows }: SegmentFacts,
  wants: (window: WindowFacts) => boolean,
  way: Way,
): Promise<string | undefined> {
  const wanted = new Set(windows.filter(wants).map(({ seq }) => seq));
  const last = windows.findLast(({ seq }) => wanted.has(seq))?.seq;
  const { folder } = way.options.log;
  if (last === undefined) return undefined;
  const reader = await unlessGone(SegmentReader.open(folder, segment));
  if (reader === undefined)
    return `${segment.name} has gone meanwhile: every sink has got its windows, or the log was full`;
  const damage = segment.damage;
  try {
    // From the first: each is told as differences to the one before.
    for (let read = await reader.next(); read !== undefined && read.seq <= last; read = await reader.next()) {
      if (wanted.has(read.seq)) await write(read.frame, way);
    }
  } finally {
    await reader.close();
  }
  const found = segment.damage;
  return found === undefined || found === damage
    ? undefined
    : `${segment.name} ${found}; what is behind it is left out`;
}

/** Pieces that are handed over at once. */
const PIECE_CHARS = 64 * 1024;

async function write(frame: Frame, { options, counts, lines }: Way): Promise<void> {
  counts.windows++;
  for (const { level } of frame.tables) counts.seen.add(level);
  let piece = '';
  for (const line of lines(options.selection.tables(frame))) {
    if (line === undefined) {
      counts.tooLong++;
      continue;
    }
    counts.lines++;
    piece += line;
    if (piece.length < PIECE_CHARS) continue;
    await put(options.out, piece);
    piece = '';
  }
  if (piece !== '') await put(options.out, piece);
}

async function put(out: Writable, text: string): Promise<void> {
  if (!out.write(text)) await once(out, 'drain');
}

function* asJson(tables: readonly LevelTable[]): Generator<string> {
  for (const { text } of jsonLines(tables)) yield text;
}

/** Undefined for a line that no server would take. */
function asInflux(): Lines {
  const encoder = createEncoder({ idField: true });
  return function* (tables) {
    for (const table of tables) {
      for (const { text } of encoder.lines(table)) yield text === undefined ? undefined : `${text}\n`;
    }
  };
}
