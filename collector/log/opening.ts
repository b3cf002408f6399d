/**
 * What a start finds in the log's folder: segments, of which a torn tail is cut off, and the sinks' cursors; and what has been appended since a
 * cursor was written is counted for its sink. Nothing of it is trusted before its checksum is right.
 */
import type { Log } from '../../src/log.ts';
import type { Frame } from '../../src/model/batch.ts';
import { loadCursor, type SavedCursor, saveCursor, sinkOf } from './cursorfile.ts';
import { takeCopies } from './copy.ts';
import type { NumberedFrame } from './decode.ts';
import type { FileFacts, Folder } from './files.ts';
import { SegmentReader } from './reading.ts';
import { examine, firstSeqOf, isBadPlace, type Segment } from './segment.ts';

export interface SinkWish {
  readonly name: string;
  readonly wants: (frame: Frame) => number;
}

export interface FoundLog {
  /** Oldest first; those with a whole frame. */
  readonly segments: Segment[];
  /** One for each sink. */
  readonly cursors: ReadonlyMap<string, SavedCursor>;
  /** The number of the first frame to come. */
  readonly next: number;
  /** The last frame that can be read, with its journal, if one has it. */
  readonly last: Frame | undefined;
  /** How many segments were found to be damaged. */
  readonly damaged: number;
}

export interface OpenOptions {
  readonly folder: Folder;
  readonly log: Log;
  readonly sinks: readonly SinkWish[];
  /** The number of the first frame to come, at least: somebody else has read so far. */
  readonly least?: number;
}

export async function findLog(options: OpenOptions): Promise<FoundLog> {
  const { folder, log, sinks, least = 1 } = options;
  const spoilt = await takeCopies(await folder.list(), options);
  const files = await folder.list();
  for (const { name } of files) if (name.endsWith('.new')) await folder.remove(name);
  const { segments, damaged } = await findSegments(files, options);
  const saved = new Map<string, SavedCursor | undefined>();
  for (const file of files) {
    const sink = sinkOf(file.name);
    if (sink === undefined || !sinks.some(({ name }) => name === sink)) continue;
    saved.set(sink, await loadCursor(folder, file).catch((error: Error) => setAside(file, error, { folder, log })));
  }
  const ends = [...saved.values()].map((cursor) => Math.max(cursor?.next ?? 1, (cursor?.counted ?? 0) + 1));
  const next = Math.max(1, least, (segments.at(-1)?.lastSeq ?? 0) + 1, ...ends);
  const cursors = new Map<string, SavedCursor>();
  for (const { name } of sinks) {
    // A sink that is new begins now; one whose cursor is damaged gets again what is there.
    cursors.set(name, saved.get(name) ?? emptyCursor(saved.has(name) ? (segments[0]?.firstSeq ?? next) : next));
  }
  await countAppended(cursors, segments, options);
  // From here on it may be under way.
  for (const [name, cursor] of cursors) await saveCursor(folder, name, { ...cursor, clean: false });
  return { segments, cursors, next, last: await lastFrame(folder, segments), damaged: damaged + spoilt };
}

/** The frames with a number from `seq` on that can be read, in order. */
export async function* framesFrom(
  folder: Folder,
  segments: readonly Segment[],
  seq: number,
): AsyncGenerator<NumberedFrame & { segment: Segment }> {
  let wanted = seq;
  for (const segment of segments) {
    if (segment.lastSeq < wanted) continue;
    const reader = await SegmentReader.open(folder, segment).catch((error: unknown) => unreadable(segment, error));
    if (reader === undefined) continue;
    try {
      for (let found = await reader.from(wanted); found !== undefined; found = await reader.from(wanted)) {
        wanted = found.seq + 1;
        yield { ...found, segment };
      }
    } finally {
      await reader.close();
    }
  }
}

/** From the last segment that gives one. */
async function lastFrame(folder: Folder, segments: readonly Segment[]): Promise<Frame | undefined> {
  for (const segment of segments.toReversed()) {
    let last: Frame | undefined;
    for await (const { frame } of framesFrom(folder, [segment], segment.firstSeq)) last = frame.journal ? frame : last;
    if (last !== undefined) return last;
  }
  return undefined;
}

function unreadable(segment: Segment, error: unknown): undefined {
  if (!isBadPlace(error)) throw error;
  segment.damage ??= `cannot be read: ${(error as Error).message}`;
  return undefined;
}

async function findSegments(
  files: readonly FileFacts[],
  { folder, log }: OpenOptions,
): Promise<{ readonly segments: Segment[]; readonly damaged: number }> {
  const segments: Segment[] = [];
  const begins = files.flatMap(({ name }) => firstSeqOf(name) ?? []);
  let damagedCount = 0;
  for (const file of files) {
    const firstSeq = firstSeqOf(file.name);
    if (firstSeq === undefined) continue;
    const { segment, torn } = await examine(folder, file, firstSeq);
    if (torn > 0) segment.damage = cutOff(segment, begins);
    const { damage, length, lastSeq } = segment;
    if (torn > 0 && damage === undefined) {
      log.warn(
        { file: file.name, bytes: torn },
        'the log ends within a record that was being written: that is cut off',
      );
      await folder.truncate(file.name, length);
    }
    if (damage !== undefined) {
      damagedCount++;
      log.error(
        { file: file.name, damage },
        'a segment of the log is damaged and set aside; what is whole before the damage is read first',
      );
    }
    if (lastSeq >= firstSeq) segments.push(segment);
    else if (damage === undefined) await folder.remove(file.name);
    else await folder.rename(file.name, `${file.name}.damaged`);
  }
  return { segments, damaged: damagedCount };
}

/** What a crash leaves at the end of the newest file is no damage. Behind an older one frames that were whole are not there any more. */
function cutOff({ firstSeq, lastSeq }: Segment, begins: readonly number[]): string | undefined {
  const next = Math.min(...begins.filter((seq) => seq > firstSeq));
  if (next === Number.POSITIVE_INFINITY || next === lastSeq + 1) return undefined;
  return `ends within the frame ${lastSeq + 1}, and the next file begins with ${next}`;
}

async function setAside(
  file: FileFacts,
  error: Error,
  { folder, log }: { folder: Folder; log: Log },
): Promise<undefined> {
  log.error(
    { file: file.name, err: error },
    'a sink’s place in the log cannot be read and is set aside: the sink gets again what is in the log',
  );
  await folder.rename(file.name, `${file.name}.damaged`);
  return undefined;
}

function emptyCursor(next: number): SavedCursor {
  return { next, counted: next - 1, received: 0, delivered: 0, dropped: [], waiting: [], clean: true };
}

/** Frames that came to the disk after a cursor was written: received by its sink all the same. */
async function countAppended(
  cursors: Map<string, SavedCursor>,
  segments: readonly Segment[],
  { folder, sinks }: OpenOptions,
): Promise<void> {
  const last = segments.at(-1)?.lastSeq ?? 0;
  const behind = sinks.filter(({ name }) => (cursors.get(name)?.counted ?? last) < last);
  if (behind.length === 0) return;
  const from = Math.min(...behind.map(({ name }) => cursors.get(name)?.counted ?? last)) + 1;
  for await (const { seq, frame, segment } of framesFrom(folder, segments, from)) {
    for (const { name, wants } of behind) {
      const cursor = cursors.get(name) as SavedCursor;
      if (cursor.counted < seq)
        cursors.set(name, counted(cursor, { seq, samples: wants(frame), firstSeq: segment.firstSeq }));
    }
  }
}

function counted(
  cursor: SavedCursor,
  { seq, samples, firstSeq }: { seq: number; samples: number; firstSeq: number },
): SavedCursor {
  // Delivered already, out of memory, before it came to the disk.
  if (seq < cursor.next) return { ...cursor, counted: seq };
  const waiting = new Map(cursor.waiting);
  waiting.set(firstSeq, (waiting.get(firstSeq) ?? 0) + samples);
  return { ...cursor, counted: seq, received: cursor.received + samples, waiting: [...waiting] };
}
