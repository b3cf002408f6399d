/**
 * Writes frames at the end of the log: encoded, appended, synced once for all that are handed over together. After an error nothing goes into
 * that segment any more: the next call begins a new one, so that no half of a record stands before a whole one.
 */
import type { Frame } from '../../src/model/batch.ts';
import { copyName, dropCopies, inTwo } from './copy.ts';
import { type Breathe, FrameEncoder } from './encode.ts';
import type { Folder, LogFile } from './files.ts';
import { record, segmentHead } from './record.ts';
import { emptySegment, type Segment } from './segment.ts';

export interface NumberedFrames {
  readonly seq: number;
  readonly frame: Frame;
  /** What goes to the disk with it, and to no reader. */
  readonly journal?: Frame['journal'];
}

export interface WritingOptions {
  readonly folder: Folder;
  readonly breathe: Breathe;
  /** A segment that has grown to this is the last one's no longer. */
  readonly segmentBytes: number;
  /** Likewise one whose frames span so much time. */
  readonly segmentMs: number;
  /** Likewise one of so many samples: a restart reads all of the last one. */
  readonly segmentSamples: number;
  /** Told of a segment that has begun. */
  readonly onSegment: (segment: Segment) => void;
}

interface Open {
  readonly segment: Segment;
  readonly file: LogFile;
  readonly encoder: FrameEncoder;
  readonly firstEndMs: number;
  written: number;
  samples: number;
}

export class SegmentWriter {
  readonly #options: WritingOptions;
  #open: Open | undefined;
  /** How far windows have come: a late frame is no older for the log than those that it comes after. */
  #reachedMs = 0;

  constructor(options: WritingOptions) {
    this.#options = options;
  }

  /** The segment that is being written; undefined before the first frame. */
  get current(): Segment | undefined {
    return this.#open?.segment;
  }

  /** Appends and syncs. When it has resolved, all of it is on disk; when it rejects, nothing of it counts as written. */
  async append(frames: readonly NumberedFrames[]): Promise<void> {
    try {
      for (const numbered of frames) await this.#put(numbered);
      const open = this.#open as Open;
      await open.file.sync();
      // From here on a start goes on from this one.
      if (open.segment.length === 0) await dropCopies(this.#options.folder, open.segment.name);
      this.#settle(open, frames);
    } catch (error) {
      await this.#abandon();
      throw error;
    }
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.file.close();
  }

  async #put({ seq, frame, journal = [] }: NumberedFrames): Promise<void> {
    if (frame.late === undefined || this.#reachedMs === 0) this.#reachedMs = frame.endMs;
    const endMs = this.#reachedMs;
    this.#open ??= await this.#begin(seq, endMs);
    const open = this.#open;
    const payload = await open.encoder.encode({ ...frame, journal }, seq, this.#options.breathe);
    const bytes = await record(payload, { seq, endMs });
    await open.file.append(bytes);
    open.written += bytes.length;
    open.samples += frame.samples;
  }

  async #begin(firstSeq: number, endMs: number): Promise<Open> {
    const segment = emptySegment(firstSeq);
    const file = await this.#create(segment.name);
    const head = segmentHead();
    const open = { segment, file, encoder: new FrameEncoder(), firstEndMs: endMs, written: head.length, samples: 0 };
    try {
      await file.append(head);
      await this.#options.folder.sync();
    } catch (error) {
      await file.close();
      throw error;
    }
    this.#options.onSegment(segment);
    return open;
  }

  /** The segment's file and its copy, as one. */
  async #create(name: string): Promise<LogFile> {
    const { folder } = this.#options;
    const file = await folder.create(name);
    try {
      return inTwo(file, await folder.create(copyName(name)));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  #settle(open: Open, frames: readonly NumberedFrames[]): void {
    const last = frames.at(-1) as NumberedFrames;
    open.segment.length = open.written;
    open.segment.lastSeq = last.seq;
    open.segment.lastEndMs = this.#reachedMs;
    const { segmentBytes, segmentMs, segmentSamples } = this.#options;
    const small = open.written < segmentBytes && open.samples < segmentSamples;
    if (small && this.#reachedMs - open.firstEndMs < segmentMs) return;
    this.#open = undefined;
    // All of it is synced: what closing may say changes nothing.
    void open.file.close().catch(() => undefined);
  }

  async #abandon(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    await open.file.close().catch(() => undefined);
    const { name, length } = open.segment;
    for (const one of [name, copyName(name)]) await this.#options.folder.truncate(one, length).catch(() => undefined);
  }
}
