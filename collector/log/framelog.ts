/**
 * The log: closed windows come in, are written and synced in the order in which they came, and every reader behind it goes through them at its
 * own pace. While the disk takes nothing, windows stay in memory as far as there is room, are handed to readers from there, and are written as
 * soon as it does again. Nothing here waits for a reader.
 */
import type { Log } from '../../src/log.ts';
import type { Frame } from '../../src/model/batch.ts';
import type { Clock } from '../../src/run/clock.ts';
import type { Breathe } from './encode.ts';
import type { Folder } from './files.ts';
import { Held } from './held.ts';
import type { LogReader } from './logreader.ts';
import { type LogLimits, Shelf } from './shelf.ts';
import type { Segment } from './segment.ts';
import { type NumberedFrames, SegmentWriter } from './writing.ts';

export interface FrameLogOptions {
  readonly folder: Folder;
  readonly clock: Clock;
  readonly log: Log;
  readonly breathe: Breathe;
  readonly limits: LogLimits;
  /** What was found on disk, oldest first. */
  readonly segments: readonly Segment[];
  /** Of them and of those set aside, so many were found damaged. */
  readonly damaged?: number;
  /** The number of the first frame to come. */
  readonly next: number;
  /** Told that a window, by its end, and all before it are on disk. */
  readonly onDurable?: (windowEndMs: number) => void;
}

export interface FrameLogStats {
  readonly bytes: number;
  readonly segments: number;
  /** Windows written, and their samples and bytes. */
  readonly frames: number;
  readonly samples: number;
  readonly bytesWritten: number;
  /** Times that the disk did not take what was to be written. */
  readonly failures: number;
  /** What it said last; undefined while it takes everything. */
  readonly trouble: string | undefined;
  readonly damaged: number;
  /** End of the last window on disk. */
  readonly durableEndMs: number;
  /** Windows in memory that are not on disk. */
  readonly waiting: number;
}

/** Between two attempts at a disk that takes nothing. */
const RETRY_MS = 2000;
/** How long a disk is waited for that says nothing at all. */
const ROOM_MS = 5000;

export class FrameLog {
  readonly shelf: Shelf;
  readonly held: Held;
  readonly #options: FrameLogOptions;
  readonly #writer: SegmentWriter;
  readonly #readers: LogReader[] = [];
  #next: number;
  #writing: Promise<void> | undefined;
  #cancelRetry = (): void => undefined;
  #closed = false;
  #frames = 0;
  #samples = 0;
  #failures = 0;
  #trouble: string | undefined;
  #durableSeq: number;
  #durableEndMs = 0;
  /** The last frame that is being written; 0 if none is. */
  #underWay = 0;
  /** The disk has said nothing for so long that nobody waits for it. */
  #stuck = false;
  /** Whoever waits for room is to look again. */
  #wake = (): void => undefined;

  constructor(options: FrameLogOptions) {
    this.#options = options;
    const { folder, breathe, limits, log, clock } = options;
    this.#next = options.next;
    this.#durableSeq = options.next - 1;
    this.held = new Held(limits);
    const { segments, damaged = 0 } = options;
    this.shelf = new Shelf({ folder, log, clock, limits, segments, damaged, readers: this.#readers });
    this.#writer = new SegmentWriter({ folder, breathe, ...limits, onSegment: (segment) => this.shelf.add(segment) });
  }

  /** From now on the reader holds what it has not read. */
  join(reader: LogReader): void {
    this.#readers.push(reader);
  }

  /** Takes a frame; never waits. Answers its number. */
  offer(frame: Frame, journal?: Frame['journal']): number {
    const seq = this.#next++;
    this.held.add({ seq, frame, journal });
    this.#dropUnheld();
    this.#kick();
    return seq;
  }

  /**
   * Resolves when there is room for another frame without letting one go: whoever has many hands them over no faster than the disk takes them. Where the disk takes
   * nothing there is nothing to wait for, and the oldest go.
   */
  async room(): Promise<void> {
    const { clock } = this.#options;
    let patient = true;
    const cancel = clock.after(ROOM_MS, () => {
      patient = false;
      this.#wake();
    });
    while (patient && !this.#stuck && this.#trouble === undefined && !this.held.hasRoom(this.#durableSeq))
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    cancel();
    // Until it says something it is not waited for again.
    if (!patient) this.#stuck = true;
  }

  /** The number of the frame that will come next. */
  get next(): number {
    return this.#next;
  }

  /** The last frame that is on disk. */
  get durableSeq(): number {
    return this.#durableSeq;
  }

  /** The last frame that may be read: what is on disk; while the disk is in trouble, all. */
  get readable(): number {
    return this.#trouble === undefined ? this.#durableSeq : this.#next - 1;
  }

  /** Resolves when everything that was offered is on disk or has been refused by it. */
  async settle(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  stats(): FrameLogStats {
    const { bytes, count, damaged, bytesWritten } = this.shelf.stats();
    return {
      bytes,
      segments: count,
      frames: this.#frames,
      samples: this.#samples,
      bytesWritten,
      failures: this.#failures,
      trouble: this.#trouble,
      damaged,
      durableEndMs: this.#durableEndMs,
      waiting: this.held.waiting(this.#durableSeq),
    };
  }

  /** Tries once more to write what is not on disk. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelRetry();
    await this.settle();
    if (this.held.waiting(this.#durableSeq) > 0) await this.#write();
    await this.#writer.close();
    await this.shelf.settle();
  }

  #kick(): void {
    if (this.#writing !== undefined || this.#closed) return;
    this.#writing = this.#write().finally(() => {
      this.#writing = undefined;
      // What came while the last of it was being synced.
      if (this.#trouble === undefined && this.held.waiting(this.#durableSeq) > 0) this.#kick();
    });
  }

  async #write(): Promise<void> {
    const frames = this.held.after(this.#durableSeq);
    this.#underWay = frames.at(-1)?.seq ?? 0;
    try {
      if (frames.length > 0) await this.#append(frames);
    } catch (error) {
      this.#failed(error as Error);
    }
    this.#underWay = 0;
    this.#stuck = false;
    this.#wake();
    this.shelf.retire(this.#writer.current);
    for (const reader of this.#readers) reader.ring();
  }

  async #append(frames: readonly NumberedFrames[]): Promise<void> {
    // One by one where several wait, so that a disk with little room takes what it can.
    const pieces = this.#trouble === undefined ? [frames] : frames.map((frame) => [frame]);
    for (const piece of pieces) {
      await this.#writer.append(piece);
      const segment = this.shelf.newest as Segment;
      for (const { seq, frame } of piece) {
        for (const reader of this.#readers) reader.settled(seq, segment);
        this.#durableSeq = seq;
        if (frame.late === undefined) this.#durableEndMs = frame.endMs;
        this.#frames++;
        this.#samples += frame.samples;
      }
      const last = piece.findLast(({ frame }) => frame.late === undefined);
      if (last !== undefined) this.#options.onDurable?.(last.frame.endMs);
    }
    if (this.#trouble !== undefined) this.#options.log.info({ frames: frames.length }, 'the log is written again');
    this.#trouble = undefined;
    this.held.trim(this.#durableSeq);
  }

  #failed(error: Error): void {
    this.#failures++;
    if (this.#trouble === undefined) {
      this.#options.log.error(
        { err: error },
        'the log cannot be written: windows stay in memory, as far as there is room, until it can; make room on the disk of data_dir, or let us write there',
      );
    }
    this.#trouble = error.message;
    this.#cancelRetry();
    this.#cancelRetry = this.#options.clock.after(RETRY_MS, () => this.#kick());
  }

  /** What found no room in memory while the disk takes nothing. */
  #dropUnheld(): void {
    // What is being written may get to the disk, and would be both lost and delivered.
    for (const seq of this.held.shed(Math.max(this.#durableSeq, this.#underWay))) {
      for (const reader of this.#readers) if (reader.next <= seq) reader.lostFrame(seq, 'log_unwritable');
    }
  }
}
