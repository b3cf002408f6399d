/**
 * The log and its readers, put together: opens what is in the folder, gives each sink its cursor with the books it had, and writes cursors down as
 * they move on.
 */
import type { Log } from '../../src/log.ts';
import type { Frame } from '../../src/model/batch.ts';
import type { Clock } from '../../src/run/clock.ts';
import { Cursor } from './cursor.ts';
import { saveCursor, type SavedCursor } from './cursorfile.ts';
import type { Breathe } from './encode.ts';
import type { Folder } from './files.ts';
import { FrameLog } from './framelog.ts';
import { type FoundLog, findLog } from './opening.ts';
import type { LogLimits } from './shelf.ts';

/** A sink's books, as far as they are kept across restarts. Counts are samples. */
export interface Books {
  readonly received: number;
  readonly delivered: number;
  readonly dropped: ReadonlyMap<string, number>;
}

/** What keeps a sink's books. */
export interface BookKeeper {
  receive(samples: number): void;
  drop(reason: string, samples: number): void;
  books(): Books;
}

export interface KeptSink {
  readonly name: string;
  readonly wants: (frame: Frame) => number;
  /** Begins the sink's books with what they were. */
  readonly begin: (books: Books) => BookKeeper;
}

export interface KeepingOptions {
  readonly folder: Folder;
  readonly clock: Clock;
  readonly log: Log;
  readonly breathe: Breathe;
  readonly limits: LogLimits;
  readonly sinks: readonly KeptSink[];
  readonly onDurable?: (windowEndMs: number) => void;
  /** The number of the first frame to come, at least. */
  readonly least?: number;
}

export interface Keeping {
  readonly log: FrameLog;
  readonly found: FoundLog;
  /** By sink. */
  readonly cursors: ReadonlyMap<string, Cursor>;
  close(): Promise<void>;
}

/** A cursor that does not move on is written down all the same, so that a restart has little to count. */
const NOTE_EVERY_FRAMES = 30;

export async function openLog(options: KeepingOptions): Promise<Keeping> {
  const { folder, sinks, log: words, least = 1 } = options;
  const found = await findLog({ folder, log: words, sinks, least });
  const log = new FrameLog({ ...options, segments: found.segments, damaged: found.damaged, next: found.next });
  const keepers = sinks.map((sink) =>
    keeperOf(sink, found.cursors.get(sink.name) as SavedCursor, { ...options, frames: log, next: found.next }),
  );
  let noted = log.durableSeq;
  log.join({
    name: 'keeper',
    next: Number.POSITIVE_INFINITY,
    noted: Number.POSITIVE_INFINITY,
    settled: () => undefined,
    lost: () => undefined,
    lostFrame: () => undefined,
    ring: () => {
      if (log.durableSeq - noted < NOTE_EVERY_FRAMES) return;
      noted = log.durableSeq;
      for (const { note } of keepers) void note(false);
    },
  });
  return {
    log,
    found,
    cursors: new Map(keepers.map(({ cursor }) => [cursor.name, cursor])),
    async close() {
      await log.close();
      for (const { cursor, note } of keepers) {
        await cursor.close();
        await note(true);
      }
    },
  };
}

interface Keeper {
  readonly cursor: Cursor;
  readonly note: (clean: boolean) => Promise<void>;
}

interface KeeperContext extends Pick<KeepingOptions, 'folder' | 'log'> {
  readonly frames: FrameLog;
  readonly next: number;
}

function keeperOf(
  { name, wants, begin }: KeptSink,
  saved: SavedCursor,
  { folder, log, frames, next }: KeeperContext,
): Keeper {
  const books = begin({ received: saved.received, delivered: saved.delivered, dropped: new Map(saved.dropped) });
  let saving: Promise<void> = Promise.resolve();
  let failing = false;
  const write = async (clean: boolean): Promise<void> => {
    try {
      const now = savedOf(cursor, books.books(), { counted: frames.durableSeq, clean });
      await saveCursor(folder, name, now);
      cursor.noted = now.next;
      failing = false;
    } catch (error) {
      if (!failing)
        log.warn(
          { err: error, sink: name },
          'the sink’s place in the log cannot be written: after a crash it would get windows again',
        );
      failing = true;
    }
  };
  const note = (clean: boolean): Promise<void> => {
    // After the one before; the books are read when they are in order again.
    saving = saving.then(() => write(clean));
    return saving;
  };
  const cursor = new Cursor({
    name,
    folder,
    log: frames,
    wants,
    next: saved.next,
    waiting: new Map(saved.waiting),
    again: saved.clean ? 0 : next,
    onLost: (reason, samples) => books.drop(reason, samples),
    onMore: (samples) => books.receive(samples),
    onMoved: () => note(false),
  });
  return { cursor, note };
}

function savedOf(cursor: Cursor, books: Books, { counted, clean }: { counted: number; clean: boolean }): SavedCursor {
  const { next, waiting } = cursor.position();
  return {
    next,
    counted,
    received: books.received - cursor.unsettled,
    delivered: books.delivered,
    dropped: [...books.dropped],
    waiting: [...waiting],
    clean: clean && !cursor.busy,
  };
}
