/** What the main thread and the store's thread say to each other. Plain data. */
import type { MetricInfo } from '../../query/source.ts';
import type { QueryErrorType, QueryRequest } from '../../query/query.ts';
import type { Retention } from '../life/plan.ts';
import type { TakingLimits } from '../received/taking.ts';
import type { Packed } from '../received/packing.ts';
import type { Scope } from '../types.ts';
import type { Matcher } from '../../query/source.ts';

/** What is known of a segment of the log: up to there it is on disk, and may be read. */
export interface SegmentFacts {
  readonly name: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly lastEndMs: number;
  readonly length: number;
}

export type Question =
  | { readonly what: 'query'; readonly request: QueryRequest }
  | { readonly what: 'labelNames'; readonly scope: Scope }
  | { readonly what: 'labelValues'; readonly name: string; readonly scope: Scope }
  | { readonly what: 'series'; readonly scope: Scope }
  | { readonly what: 'metadata' }
  | { readonly what: 'stats' }
  | { readonly what: 'write'; readonly series: Packed; readonly info: readonly MetricInfo[] }
  /** Begins an export, under the question's own number. */
  | { readonly what: 'export'; readonly scope: Scope }
  /** The next piece of an export; an empty one is the end. */
  | { readonly what: 'more'; readonly of: number }
  | { readonly what: 'enough'; readonly of: number }
  | { readonly what: 'erase'; readonly matchers: readonly Matcher[]; readonly fromMs: number; readonly toMs: number }
  /** Reads all of the log that it has been told of, and seals if told so. */
  | { readonly what: 'settle'; readonly seal: boolean };

export type ToStore =
  | { readonly kind: 'log'; readonly segments: readonly SegmentFacts[] }
  | { readonly kind: 'tick'; readonly nowMs: number }
  /** `abort`: not 0 once nobody waits for the answer any more. */
  | {
      readonly kind: 'ask';
      readonly id: number;
      readonly question: Question;
      readonly nowMs: number;
      readonly abort?: Int32Array;
    }
  | { readonly kind: 'close' };

export interface Failure {
  readonly type: QueryErrorType;
  readonly message: string;
  readonly place?: { readonly from: number; readonly to: number } | undefined;
}

export type FromStore =
  /** What was on disk has been read; questions are answered from now on. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: Failure }
  /** The log is read up to `next`, and needed from `noted` on. */
  | { readonly kind: 'read'; readonly next: number; readonly noted: number }
  | {
      readonly kind: 'log';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly fields: object;
      readonly text: string;
    }
  /** It cannot go on, and restarting would change nothing. */
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'closed' };

export interface StoreThreadOptions {
  /** The store's folder. */
  readonly path: string;
  /** The log's; none: there is no log to read. */
  readonly logPath: string | undefined;
  readonly instance: string;
  readonly retention: Retention;
  readonly taking: TakingLimits;
  readonly limits: {
    readonly maxSamples: number;
    readonly maxSteps: number;
    readonly maxPoints: number;
    readonly timeoutMs: number;
  };
}
