/** What is read, from wherever: all numbers of one moment. */
import type { Sums } from './sums.ts';

/** One look at all numbers. Two readings of one time are the same reading: nothing new was to be had. */
export interface Reading {
  /** When the numbers were read, Unix milliseconds. */
  readonly timeMs: number;
  readonly sums: Sums;
}

/** Answers the newest reading; rejects when it cannot be had, with what somebody can do about it. */
export type Read = (signal?: AbortSignal) => Promise<Reading>;
