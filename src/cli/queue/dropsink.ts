/**
 * `plimsoll queue drop --sink`: moves a sink's place in the log on, over what it is not to get, and counts that in its books as dropped by hand. Only
 * while no collector has the folder: it keeps places in memory and would write its own over ours.
 */
import { loadCursor, cursorName, type SavedCursor, saveCursor } from '../../../collector/log/cursorfile.ts';
import { diskFolder } from '../../../collector/log/disk.ts';
import type { FileFacts, Folder } from '../../../collector/log/files.ts';
import { type FoundLog, findLog, framesFrom, type SinkWish } from '../../../collector/log/opening.ts';
import type { Log } from '../../log.ts';
import { QueueError } from './failure.ts';
import { readLog, windowsOf } from './read/log.ts';
import { whileOurs } from './ours.ts';

export const BY_HAND = 'dropped_by_hand';

export interface DropSinkOptions {
  readonly path: string;
  readonly sink: SinkWish;
  /** Windows that end by then; all if undefined. */
  readonly untilMs: number | undefined;
  readonly log: Log;
}

export interface Dropped {
  readonly samples: number;
  /** Still waiting. */
  readonly left: number;
}

/** Undefined if the sink has no place there. Rejects with a QueueError where that cannot be done. */
export async function dropForSink(options: DropSinkOptions): Promise<Dropped | undefined> {
  return whileOurs(options.path, 'collector', async () => {
    const folder = diskFolder(options.path);
    const file = (await folder.list()).find(({ name }) => name === cursorName(options.sink.name));
    return file === undefined ? undefined : dropIn(folder, file, options);
  });
}

async function dropIn(
  folder: Folder,
  file: FileFacts,
  { path, sink, untilMs, log }: DropSinkOptions,
): Promise<Dropped> {
  const before = await loadCursor(folder, file).catch((error: Error) => {
    throw new QueueError(
      `${path}/${file.name} ${error.message}: start the collector, which sets it aside, and stop it`,
    );
  });
  // As a start: a torn tail is cut off, and what came to the disk after the place was written is counted as received.
  const found = await findLog({ folder, log, sinks: [sink] });
  const cursor = found.cursors.get(sink.name) ?? before;
  const next = await nextAfter(path, { cursor, found, untilMs });
  const waiting = next > cursor.next ? await leftOf(folder, { cursor, found, next, sink }) : cursor.waiting;
  const samples = sumOf(cursor.waiting) - sumOf(waiting);
  const dropped = new Map(cursor.dropped);
  if (samples > 0) dropped.set(BY_HAND, (dropped.get(BY_HAND) ?? 0) + samples);
  await saveCursor(folder, sink.name, {
    ...cursor,
    next,
    counted: Math.max(cursor.counted, next - 1),
    dropped: [...dropped],
    waiting,
    // What a crash left unsaid concerned the first window of those that waited.
    clean: before.clean || next > cursor.next,
  });
  return { samples, left: sumOf(waiting) };
}

interface Place {
  readonly cursor: SavedCursor;
  readonly found: FoundLog;
}

/** The first window that stays: the sink gets windows in their order, and none is left out of the midst. */
async function nextAfter(
  path: string,
  { cursor, found, untilMs }: Place & { readonly untilMs: number | undefined },
): Promise<number> {
  const log = await readLog(path);
  const ahead = (log === undefined ? [] : windowsOf(log)).filter(({ seq }) => seq >= cursor.next);
  const stays = untilMs === undefined ? undefined : ahead.find(({ endMs }) => endMs > untilMs);
  return stays?.seq ?? Math.max(cursor.next, found.next);
}

/** What waits from a window on, by segment. */
async function leftOf(
  folder: Folder,
  { cursor, found, next, sink }: Place & { readonly next: number; readonly sink: SinkWish },
): Promise<SavedCursor['waiting']> {
  const left: [firstSeq: number, samples: number][] = [];
  for (const [firstSeq, samples] of cursor.waiting) {
    const segment = found.segments.find((known) => known.firstSeq === firstSeq);
    if (segment === undefined || segment.lastSeq < next) continue;
    let passed = 0;
    if (firstSeq < next) {
      for await (const { seq, frame } of framesFrom(folder, [segment], Math.max(firstSeq, cursor.next))) {
        if (seq >= next) break;
        passed += sink.wants(frame);
      }
    }
    left.push([firstSeq, Math.max(0, samples - passed)]);
  }
  return left;
}

function sumOf(waiting: SavedCursor['waiting']): number {
  return waiting.reduce((sum, [, samples]) => sum + samples, 0);
}
