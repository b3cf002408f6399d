/**
 * The last frames in memory: for readers that are level with the end, and those that are not on disk yet. Bounded: what is on disk goes after
 * a few windows, what is not when there is no room for more.
 */
import type { NumberedFrames } from './writing.ts';

export interface HeldLimits {
  /** Frames that may wait for a disk that takes nothing, and their samples. */
  readonly heldFrames: number;
  readonly heldSamples: number;
}

/** Windows that stay in memory after they have been written: a sink that takes a window's time for a window never reads the disk. */
const LEVEL = 3;

export class Held {
  readonly #limits: HeldLimits;
  #frames: NumberedFrames[] = [];

  constructor(limits: HeldLimits) {
    this.#limits = limits;
  }

  add(numbered: NumberedFrames): void {
    this.#frames.push(numbered);
  }

  /** The frame, if it is here. */
  get(seq: number): NumberedFrames | undefined {
    return this.#frames.find((held) => held.seq === seq);
  }

  /** The first of those from a number on. */
  from(seq: number): NumberedFrames | undefined {
    return this.#frames.find((held) => held.seq >= seq);
  }

  /** Those behind a number. */
  after(seq: number): NumberedFrames[] {
    return this.#frames.filter((held) => held.seq > seq);
  }

  waiting(durableSeq: number): number {
    return this.#frames.reduce((count, { seq }) => count + (seq > durableSeq ? 1 : 0), 0);
  }

  /** Whether a few more than wait for the disk would find room, so that nothing has to go. */
  hasRoom(durableSeq: number): boolean {
    const waiting = this.after(durableSeq);
    const samples = waiting.reduce((sum, { frame }) => sum + frame.samples, 0);
    return waiting.length <= this.#limits.heldFrames / 2 && samples <= this.#limits.heldSamples / 2;
  }

  /** Of what is on disk, lets go of all but the last few. */
  trim(durableSeq: number): void {
    // Journals are large, and only for the disk.
    this.#frames = this.#frames
      .filter(({ seq }) => seq > durableSeq - LEVEL)
      .map((held) => (held.seq > durableSeq ? held : { seq: held.seq, frame: held.frame }));
  }

  /** Lets go of the oldest that are not on disk if there are too many; answers their numbers. */
  shed(durableSeq: number): number[] {
    const waiting = this.after(durableSeq);
    let samples = waiting.reduce((sum, { frame }) => sum + frame.samples, 0);
    const gone: number[] = [];
    for (const { seq, frame } of waiting) {
      if (waiting.length - gone.length <= this.#limits.heldFrames && samples <= this.#limits.heldSamples) break;
      samples -= frame.samples;
      gone.push(seq);
    }
    if (gone.length > 0) this.#frames = this.#frames.filter(({ seq }) => !gone.includes(seq));
    return gone;
  }
}
