/** What the log must know of whoever reads it, and what it tells them. */
import type { Segment } from './segment.ts';

/** A reader of the log, as the log sees it. */
export interface LogReader {
  readonly name: string;
  /** The number of the frame that it wants next. */
  readonly next: number;
  /** The same as a restart would find it: what lies before it is not needed any more. */
  readonly noted: number;
  /** A frame has got its place on disk. */
  settled(seq: number, segment: Segment): void;
  /** What it has not read of a segment it will not read. */
  lost(segment: Segment, reason: string): void;
  /** The same of a frame that never got to the disk. */
  lostFrame(seq: number, reason: string): void;
  /** There may be something to read. */
  ring(): void;
}
