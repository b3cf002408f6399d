/**
 * What waits for one sink: whole frames, bounded by number and by samples, the oldest dropped when there is no room. This one
 * is in memory; the log's cursor (collector/log/cursor.ts) takes its place behind the same interface.
 */
import type { Frame } from '../../src/model/batch.ts';

export interface QueuedFrame {
  readonly frame: Frame;
  /** How many of its samples the sink wants. */
  readonly samples: number;
  /** It may have been delivered by an earlier run, which could not take note of it. */
  readonly again?: true;
}

export interface FrameQueue {
  /** What is in it at the end is not lost: the next run goes on with it. */
  readonly keeps?: true;
  /** Told whom to wake where frames come to be there later than they are pushed. */
  onReady?(ring: () => void): void;
  /** Puts a frame at the end. Answers how many samples were dropped to make room, those of the frame itself included. */
  push(entry: QueuedFrame): number;
  /** The oldest frame, which from now on is not dropped; undefined if there is none. It still counts as queued. */
  take(): QueuedFrame | undefined | Promise<QueuedFrame | undefined>;
  /** The frame taken last may be dropped again; it comes next unless it is. */
  putBack(): void;
  /** The frame taken last is dealt with. */
  remove(): void;
  /** Drops everything, answering how many samples that was. */
  clear(): number;
  readonly frames: number;
  readonly samples: number;
}

export interface QueueLimits {
  readonly maxFrames: number;
  readonly maxSamples: number;
}

export function createMemoryQueue({ maxFrames, maxSamples }: QueueLimits): FrameQueue {
  const entries: QueuedFrame[] = [];
  let samples = 0;
  let taken = false;

  function drop(index: number): number {
    const [gone] = entries.splice(index, 1);
    const count = gone?.samples ?? 0;
    samples -= count;
    return count;
  }

  return {
    push(entry) {
      entries.push(entry);
      samples += entry.samples;
      let dropped = 0;
      const first = taken ? 1 : 0;
      while (entries.length > first && (entries.length > maxFrames || samples > maxSamples)) dropped += drop(first);
      return dropped;
    },
    take() {
      taken = entries.length > 0;
      return entries[0];
    },
    putBack() {
      taken = false;
    },
    remove() {
      if (taken) drop(0);
      taken = false;
    },
    clear() {
      taken = false;
      let dropped = 0;
      while (entries.length > 0) dropped += drop(0);
      return dropped;
    },
    get frames() {
      return entries.length;
    },
    get samples() {
      return samples;
    },
  };
}
