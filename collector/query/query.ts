/** A question in PromQL and its answer, as they cross from the thread that serves HTTP to the one that has the store. Plain data, to be posted. */
import type { LabelPair } from '../../src/model/labels.ts';

export interface QueryRequest {
  readonly query: string;
  /** An instant has `stepMs` 0 and `startMs` = `endMs`. Integer Unix milliseconds. */
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  /** Default 5 minutes. */
  readonly lookbackMs?: number;
  readonly timeoutMs?: number;
  /** At most so many series in the answer, with a warning; 0 or absent: no limit. */
  readonly limit?: number;
}

/** One series of an answer. A vector's has one point. */
export interface AnswerSeries {
  /** Sorted, `__name__` among them where it was kept. */
  readonly labels: readonly LabelPair[];
  /** Series with a point at every step have the same array. */
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
}

export interface QueryAnswer {
  readonly type: 'vector' | 'matrix' | 'scalar' | 'string';
  /** In the order of the answer (sort() and topk order vectors; matrices are sorted by labels). A scalar is one series without labels. */
  readonly series: readonly AnswerSeries[];
  /** Of type `string` alone. */
  readonly text?: string;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  /** Samples that were read, the most at once, and milliseconds it took: for `stats`. */
  readonly samples: number;
  readonly tookMs: number;
}

/** Prometheus' own words: `bad_data` is 400, `execution` 422, `timeout` and `canceled` 503, `not_found` 404, `unavailable` 503. */
export type QueryErrorType =
  | 'bad_data'
  | 'execution'
  | 'timeout'
  | 'canceled'
  | 'internal'
  | 'unavailable'
  | 'not_found';

/** What was wrong with a question, in Prometheus' form; for a parse error with the place, which the page marks. */
export class QueryError extends Error {
  readonly type: QueryErrorType;
  /** Offsets into the query, of a parse error. */
  readonly place: { readonly from: number; readonly to: number } | undefined;

  constructor(type: QueryErrorType, message: string, place?: { readonly from: number; readonly to: number }) {
    super(message);
    this.name = 'QueryError';
    this.type = type;
    this.place = place;
  }
}

/** What one query may cost. */
export interface QueryLimits {
  /** Samples read over the whole query: 50 million. */
  readonly maxSamples: number;
  /** Steps of a range: 11 000, as in Prometheus. */
  readonly maxSteps: number;
  /** Points in the answer: 5 million. */
  readonly maxPoints: number;
  readonly timeoutMs: number;
}
