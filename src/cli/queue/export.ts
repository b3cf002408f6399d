/**
 * `plimsoll queue export`: windows of the log as lines, one window in memory at a time. They come in the order of the log, so that what was late
 * stands behind what was not; a collector may write to the folder meanwhile.
 */
import { SegmentReader } from '../../../collector/log/reading.ts';
import type { Selection } from '../../../collector/sinks/levels.ts';
import { QueueError } from './failure.ts';
import type { Printer } from './printing.ts';
import { type LogFacts, unlessGone } from './read/log.ts';
import type { SegmentFacts, WindowFacts } from './read/windows.ts';

/** What begins then or later, and before `toMs`; without limits all. */
export interface Range {
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
}

export interface ExportOptions extends Range {
  readonly log: LogFacts;
  /** Only what this sink has not got yet. */
  readonly sink: string | undefined;
  readonly selection: Selection;
  readonly printer: Printer;
  readonly complain: (words: string) => void;
}

export function isIn({ fromMs, toMs }: Range, timeMs: number): boolean {
  return (fromMs === undefined || timeMs >= fromMs) && (toMs === undefined || timeMs < toMs);
}

/** Answers whether all of it could be read; what could not is said. Rejects with a QueueError for what cannot be exported. */
export async function exportWindows(options: ExportOptions): Promise<boolean> {
  const { log, sink, complain } = options;
  const next = sink === undefined ? 0 : placeOf(sink, log);
  const wants = ({ seq, startMs }: WindowFacts): boolean => seq >= next && isIn(options, startMs);
  let whole = true;
  for (const facts of log.segments) {
    const trouble = await exportSegment(facts, wants, options);
    if (trouble === undefined) continue;
    complain(trouble);
    whole = false;
  }
  options.printer.end('windows');
  return whole;
}

function placeOf(sink: string, { path, cursors }: LogFacts): number {
  const cursor = cursors.get(sink);
  if (typeof cursor === 'object') return cursor.next;
  if (cursor === undefined)
    throw new QueueError(`--sink: ${sink} has no place in ${path} yet: it begins with the collector's next start`);
  // It gets all of it again.
  return 0;
}

/** Answers what went wrong, in words. */
async function exportSegment(
  { segment, windows }: SegmentFacts,
  wants: (window: WindowFacts) => boolean,
  { log, selection, printer }: ExportOptions,
): Promise<string | undefined> {
  const wanted = new Set(windows.filter(wants).map(({ seq }) => seq));
  const last = windows.findLast(({ seq }) => wanted.has(seq))?.seq;
  if (last === undefined) return undefined;
  const reader = await unlessGone(SegmentReader.open(log.folder, segment));
  if (reader === undefined)
    return `${segment.name} has gone meanwhile: every sink has got its windows, or the log was full`;
  const damage = segment.damage;
  try {
    // From the first: each is told as differences to the one before.
    for (let read = await reader.next(); read !== undefined && read.seq <= last; read = await reader.next()) {
      if (wanted.has(read.seq)) await printer.print(selection.tables(read.frame), read.frame.tables);
    }
  } finally {
    await reader.close();
  }
  const found = segment.damage;
  return found === undefined || found === damage
    ? undefined
    : `${segment.name} ${found}; what is behind it is left out`;
}
