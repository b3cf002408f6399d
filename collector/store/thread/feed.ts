/** The store as a reader of the log, on the main thread: passes on which frames are on disk, and keeps their segments until what is in them is in a part. */
import type { LogReader } from '../../log/logreader.ts';
import type { Segment } from '../../log/segment.ts';
import type { SegmentFacts } from './messages.ts';

/** What of the log the feed looks at. */
export interface FedLog {
  readonly shelf: { readonly segments: readonly Segment[] };
  join(reader: LogReader): void;
}

export interface FeedOptions {
  readonly log: FedLog;
  readonly tell: (segments: readonly SegmentFacts[]) => void;
  /** Told of windows that will not come, with the reason. */
  readonly onLost: (windows: number, reason: string) => void;
}

export class LogFeed implements LogReader {
  readonly name = 'store';
  /** The first frame that the store's thread has not read yet. */
  next = 0;
  /** The first that a restart would want. */
  noted = 0;
  readonly #options: FeedOptions;

  constructor(options: FeedOptions) {
    this.#options = options;
    options.log.join(this);
  }

  settled(): void {
    // Told of with the others, when all of them are on disk.
  }

  lost(segment: Segment, reason: string): void {
    this.#options.onLost(segment.lastSeq - Math.max(this.next, segment.firstSeq) + 1, reason);
    this.next = Math.max(this.next, segment.lastSeq + 1);
  }

  lostFrame(_seq: number, reason: string): void {
    this.#options.onLost(1, reason);
  }

  /** There is more on disk, or somebody has begun anew and knows of nothing. */
  ring(): void {
    const { log, tell } = this.#options;
    tell(
      log.shelf.segments.map(({ name, firstSeq, lastSeq, lastEndMs, length }) => ({
        name,
        firstSeq,
        lastSeq,
        lastEndMs,
        length,
      })),
    );
  }

  read(next: number, noted: number): void {
    this.next = Math.max(this.next, next);
    this.noted = Math.max(this.noted, noted);
  }
}
