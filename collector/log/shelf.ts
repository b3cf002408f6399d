/**
 * Which segments there are, and when they go: as soon as every reader has passed them and a restart does not need them, or when there are too many bytes
 * or they are too old; then each reader that had not passed is told what it lost. A damaged segment is not removed but set aside.
 */
import type { Log } from '../../src/log.ts';
import type { Clock } from '../../src/run/clock.ts';
import type { Folder } from './files.ts';
import type { LogReader } from './logreader.ts';
import type { HeldLimits } from './held.ts';
import type { Segment } from './segment.ts';

export interface LogLimits extends HeldLimits {
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  readonly segmentBytes: number;
  readonly segmentMs: number;
  readonly segmentSamples: number;
  /** When there are too many bytes: let the oldest go, or keep all and let the agents wait. */
  readonly whenFull: 'drop_oldest' | 'push_back';
}

export interface ShelfOptions {
  readonly folder: Folder;
  readonly log: Log;
  readonly clock: Clock;
  readonly limits: LogLimits;
  readonly segments: readonly Segment[];
  readonly readers: readonly LogReader[];
  /** Segments that were found damaged at the start. */
  readonly damaged: number;
}

/** Segments set aside that stay, for people to look at. */
const SET_ASIDE = 2;
const ASIDE = '.damaged';
/** Segments that stay although all have passed them: a restart goes on from their last frame, and where that is damaged, from the one before. */
const LAST = 2;

export class Shelf {
  readonly #options: ShelfOptions;
  readonly #segments: Segment[];
  #damaged: number;
  #removedBytes = 0;
  #foundBytes: number;
  #full = false;
  /** File operations, one after the other. */
  #chores: Promise<void> = Promise.resolve();

  constructor(options: ShelfOptions) {
    this.#options = options;
    this.#segments = [...options.segments];
    this.#damaged = options.damaged;
    this.#foundBytes = this.#bytes();
  }

  get newest(): Segment | undefined {
    return this.#segments.at(-1);
  }

  /** Oldest first. */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** A segment has begun. One of the same name holds nothing. */
  add(segment: Segment): void {
    const at = this.#segments.findIndex(({ name }) => name === segment.name);
    if (at >= 0) this.#segments.splice(at, 1);
    this.#segments.push(segment);
  }

  /** The segment that holds a frame, or the next one after it. */
  holding(seq: number): Segment | undefined {
    return this.#segments.find(({ lastSeq }) => lastSeq >= seq);
  }

  /** Whether a segment is still there. */
  has(segment: Segment): boolean {
    return this.#segments.includes(segment);
  }

  /** Whether no more is to be taken in: what readers have yet to read is too much. What stays for a restart alone would stay however long agents waited. */
  get full(): boolean {
    const { limits, readers } = this.#options;
    if (limits.whenFull !== 'push_back' || this.#bytes() <= limits.maxBytes) return false;
    const unread = this.#segments.filter(({ lastSeq }) => readers.some(({ noted }) => noted <= lastSeq));
    return unread.reduce((sum, { length }) => sum + length, 0) > limits.maxBytes;
  }

  /** Lets go of what may go or must. `current` is being written and stays. */
  retire(current: Segment | undefined): void {
    const { readers, limits, clock, log } = this.#options;
    for (let oldest = this.#segments[0]; oldest !== undefined && oldest !== current; oldest = this.#segments[0]) {
      const { lastSeq } = oldest;
      const passed = this.#segments.length > LAST && readers.every(({ noted }) => noted > lastSeq);
      const tooOld = oldest.lastEndMs < clock.now() - limits.maxAgeMs;
      const tooMany = limits.whenFull === 'drop_oldest' && this.#bytes() > limits.maxBytes;
      if (!passed && !tooOld && !tooMany) break;
      const behind = readers.filter(({ next }) => next <= lastSeq);
      if (behind.length > 0 && !this.#full) {
        const sinks = behind.map(({ name }) => name).join(', ');
        log.warn(
          { sinks },
          `the log is full (${tooMany ? 'max_bytes' : 'max_age'}): the oldest windows go, and these sinks will not get them`,
        );
      }
      this.#full = behind.length > 0;
      for (const reader of behind) reader.lost(oldest, tooMany ? 'log_full' : 'log_too_old');
      this.#segments.shift();
      this.#removedBytes += oldest.length;
      this.#goes(oldest);
    }
  }

  /** Says once that a segment is damaged. */
  note(segment: Segment): void {
    this.#damaged++;
    this.#options.log.error(
      { file: segment.name, damage: segment.damage },
      'a segment of the log is damaged: what is whole before the damage is read, the rest of it is lost; reading goes on behind it',
    );
  }

  stats(): { bytes: number; count: number; damaged: number; bytesWritten: number } {
    const bytes = this.#bytes();
    const bytesWritten = bytes + this.#removedBytes - this.#foundBytes;
    return { bytes, count: this.#segments.length, damaged: this.#damaged, bytesWritten };
  }

  /** Resolves when no file operation is under way. */
  async settle(): Promise<void> {
    await this.#chores;
  }

  #bytes(): number {
    return this.#segments.reduce((sum, { length }) => sum + length, 0);
  }

  #goes(segment: Segment): void {
    const { folder, log } = this.#options;
    const work = async (): Promise<void> => {
      if (segment.damage === undefined) return folder.remove(segment.name);
      await folder.rename(segment.name, segment.name + ASIDE);
      const aside = (await folder.list()).filter(({ name }) => name.endsWith(ASIDE));
      for (const { name } of aside.slice(0, -SET_ASIDE)) await folder.remove(name);
    };
    this.#chores = this.#chores.then(work).catch((error: unknown) => {
      log.warn({ err: error, file: segment.name }, 'a file of the log that is no longer needed could not be removed');
    });
  }
}
