/**
 * One sink's place in the log, in the form of its queue: level with the end it is given frames from memory, behind it from disk. What waits for
 * the sink is known in samples without reading it, by segment, so that what goes unread can be counted.
 */
import type { Frame } from '../../src/model/batch.ts';
import type { Folder } from './files.ts';
import type { FrameLog } from './framelog.ts';
import type { LogReader } from './logreader.ts';
import { SegmentReader } from './reading.ts';
import type { Segment } from './segment.ts';
import type { NumberedFrames } from './writing.ts';

/** What a cursor tells its sink's books. */
export interface CursorEvents {
  readonly wants: (frame: Frame) => number;
  /** Samples that were counted as received will not come. */
  readonly onLost: (reason: string, samples: number) => void;
  /** More came out than was counted when it went in: the sink has been told to take other levels meanwhile. */
  readonly onMore: (samples: number) => void;
  /** It has moved on, or lost something; resolves when that is noted where a restart finds it, or cannot be. */
  readonly onMoved: () => Promise<void>;
}

export interface CursorOptions extends CursorEvents {
  readonly name: string;
  readonly folder: Folder;
  readonly log: FrameLog;
  readonly next: number;
  /** Samples that wait, by the first number of their segment. */
  readonly waiting: ReadonlyMap<number, number>;
  /** Frames before this number were there before this start, and the run before ended without a word: the sink may have got the first already. */
  readonly again: number;
}

export interface TakenFrame {
  readonly frame: Frame;
  readonly samples: number;
  /** May have been delivered before, by a run that could not take note of it. */
  readonly again?: true;
}

interface Taken extends TakenFrame {
  readonly seq: number;
}

export class Cursor implements LogReader {
  readonly keeps = true;
  readonly name: string;
  /** Where a restart would go on. */
  noted: number;
  readonly #options: CursorOptions;
  #next: number;
  /** By segment, without the frame that is taken. */
  readonly #waiting: Map<number, number>;
  /** By number: frames that are not on disk yet. */
  readonly #unsettled = new Map<number, number>();
  #taken: Taken | undefined;
  #noted: Promise<void> = Promise.resolve();
  #again: number;
  #reader: SegmentReader | undefined;
  #ring = (): void => undefined;

  constructor(options: CursorOptions) {
    this.name = options.name;
    this.#options = options;
    this.#next = options.next;
    this.noted = options.next;
    this.#waiting = new Map(options.waiting);
    this.#again = options.again;
    options.log.join(this);
  }

  get next(): number {
    return this.#taken?.seq ?? this.#next;
  }

  /** Who is to be told that there may be something to take. */
  onReady(ring: () => void): void {
    this.#ring = ring;
  }

  /** A frame has been offered to the log, of which the sink wants so many samples. */
  push({ samples }: { readonly frame: Frame; readonly samples: number }): number {
    this.#unsettled.set(this.#options.log.next - 1, samples);
    return 0;
  }

  async take(): Promise<TakenFrame | undefined> {
    // So that a crash makes the sink see one frame again, and not several.
    await this.#noted;
    while (this.#taken === undefined) {
      const found = await this.#find();
      if (found === undefined) return undefined;
      this.#takeOut(found);
    }
    return this.#taken;
  }

  putBack(): void {
    // It is kept: the next attempt is at the same frame, and what it was counted as waits with it.
  }

  remove(): void {
    this.#taken = undefined;
    this.#noted = this.#options.onMoved();
  }

  /** Nothing is given up at the end: what waits is in the log. */
  clear(): number {
    return 0;
  }

  get frames(): number {
    return this.#options.log.next - this.#next + (this.#taken === undefined ? 0 : 1);
  }

  get samples(): number {
    return sum(this.#waiting) + sum(this.#unsettled) + (this.#taken?.samples ?? 0);
  }

  /** Of the samples that wait, those that a crash would take from here. */
  get unsettled(): number {
    const taken = this.#taken;
    const unsaved = taken !== undefined && taken.seq > this.#options.log.durableSeq ? taken.samples : 0;
    return sum(this.#unsettled) + unsaved;
  }

  /** Whether a frame has been handed out and not yet been dealt with. */
  get busy(): boolean {
    return this.#taken !== undefined;
  }

  /** What a restart would find: where to go on, and what waits there. */
  position(): { readonly next: number; readonly waiting: ReadonlyMap<number, number> } {
    const waiting = new Map(this.#waiting);
    const taken = this.#taken;
    if (taken === undefined) return { next: this.#next, waiting };
    // Before it is on disk, a crash takes it from the log, and nothing waits.
    if (taken.seq > this.#options.log.durableSeq) return { next: taken.seq, waiting };
    const at = this.#options.log.shelf.holding(taken.seq)?.firstSeq ?? taken.seq;
    return { next: taken.seq, waiting: waiting.set(at, (waiting.get(at) ?? 0) + taken.samples) };
  }

  settled(seq: number, { firstSeq }: Segment): void {
    const samples = this.#unsettled.get(seq);
    if (samples === undefined) return;
    this.#unsettled.delete(seq);
    this.#waiting.set(firstSeq, (this.#waiting.get(firstSeq) ?? 0) + samples);
  }

  lost(segment: Segment, reason: string): void {
    this.#give(segment.firstSeq, reason);
    this.#moveTo(segment.lastSeq + 1);
    this.#noted = this.#options.onMoved();
  }

  lostFrame(seq: number, reason: string): void {
    const samples = this.#unsettled.get(seq) ?? 0;
    this.#unsettled.delete(seq);
    if (samples > 0) this.#options.onLost(reason, samples);
  }

  ring(): void {
    this.#ring();
  }

  async close(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    // It was only read.
    await reader?.close().catch(() => undefined);
  }

  /** The next frame, wherever it is. */
  async #find(): Promise<NumberedFrames | undefined> {
    const { log } = this.#options;
    for (;;) {
      if (this.#next > log.readable) return undefined;
      const held = log.held.get(this.#next);
      if (held !== undefined) return held;
      const segment = log.shelf.holding(this.#next);
      // Gone, and not on disk: on to what is there.
      if (segment === undefined) return log.held.from(this.#next);
      const read = await this.#read(segment);
      if (read !== undefined) return read;
    }
  }

  /** The next frame in a segment; undefined if it holds none any more, and then the cursor is behind it. */
  async #read(segment: Segment): Promise<NumberedFrames | undefined> {
    const { folder, log } = this.#options;
    if (this.#reader?.segment !== segment) {
      await this.close();
      this.#reader = await SegmentReader.open(folder, segment, { journal: false }).catch((error: Error) => {
        segment.damage = error.message;
        return undefined;
      });
    }
    const whole = segment.damage === undefined;
    const numbered = await this.#reader?.from(this.#next);
    // It may have gone meanwhile, and is counted as lost.
    if (numbered !== undefined && log.shelf.has(segment) && numbered.seq >= this.#next) return numbered;
    if (whole && segment.damage !== undefined) log.shelf.note(segment);
    if (log.shelf.has(segment)) this.lost(segment, segment.damage === undefined ? 'levels_changed' : 'log_damaged');
    await this.close();
    return undefined;
  }

  #takeOut({ seq, frame }: NumberedFrames): void {
    const { wants, log } = this.#options;
    const samples = wants(frame);
    const { firstSeq = seq } = log.shelf.holding(seq) ?? {};
    if (!this.#unsettled.delete(seq)) {
      const counted = this.#waiting.get(firstSeq) ?? 0;
      if (samples > counted) this.#options.onMore(samples - counted);
      this.#waiting.set(firstSeq, Math.max(0, counted - samples));
    }
    this.#moveTo(seq + 1);
    if (samples === 0) return;
    this.#taken = { seq, frame, samples, ...(seq < this.#again ? { again: true } : {}) };
    this.#again = 0;
  }

  /** What is left of segments that lie behind is of frames that were damaged, or of levels that are no longer taken. */
  #moveTo(next: number): void {
    this.#next = Math.max(this.#next, next);
    const { segments } = this.#options.log.shelf;
    for (const [firstSeq] of this.#waiting) {
      const segment = segments.find((known) => known.firstSeq === firstSeq);
      const passed = segment === undefined || (segment.lastSeq < this.#next && segment !== segments.at(-1));
      // One that is no longer there was set aside at the start.
      const damaged = segment === undefined || segment.damage !== undefined;
      if (passed) this.#give(firstSeq, damaged ? 'log_damaged' : 'levels_changed');
    }
  }

  #give(firstSeq: number, reason: string): void {
    const samples = this.#waiting.get(firstSeq) ?? 0;
    this.#waiting.delete(firstSeq);
    if (samples > 0) this.#options.onLost(reason, samples);
  }
}

function sum(counts: ReadonlyMap<number, number>): number {
  let total = 0;
  for (const count of counts.values()) total += count;
  return total;
}
