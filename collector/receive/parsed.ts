/**
 * What every reader of others' bodies makes of them, piece by piece: samples of one series, what is not kept and why, what a metric is. Readers
 * are pure generators, so that whoever drives them may pause between two pieces, and none holds more than a piece.
 */
import type { HashedLabels, LabelCache } from './labelcache.ts';
import type { MetricInfo } from '../query/source.ts';

export type Parsed =
  | {
      readonly kind: 'samples';
      readonly labels: HashedLabels;
      /** Integer Unix milliseconds, in any order. */
      readonly timesMs: readonly number[];
      /** NaN at a position in `stale` is the marker that the series has ended, elsewhere a measured NaN. */
      readonly values: readonly number[];
      readonly stale?: readonly number[];
    }
  /** Samples that are not kept. */
  | { readonly kind: 'dropped'; readonly reason: string; readonly samples: number; readonly problem?: string }
  /** What is no sample and not kept: exemplars, start timestamps. */
  | { readonly kind: 'ignored'; readonly what: string; readonly count: number }
  | { readonly kind: 'info'; readonly info: MetricInfo }
  | BadLine;

/** A line that is none; `line` is counted from 1. */
export interface BadLine {
  readonly kind: 'bad_line';
  readonly line: number;
  readonly text: string;
  readonly why: string;
}

/** Samples of one series in one piece: a body may hold millions. */
export const SAMPLES_A_PIECE = 5000;

/** What somebody's series may be called and labelled with. */
export interface LabelLimits {
  readonly maxLabels: number;
  /** Of a name or a value. */
  readonly maxLabelBytes: number;
  /** Of what has been checked before; without it each is checked anew. */
  readonly cache?: LabelCache;
}

/** Text of others that is quoted in an answer or a log. */
export function excerpt(text: string, length = 200): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}
