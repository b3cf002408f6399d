/**
 * What a query knows of the store: a source of series. The store implements it over head and parts, tests over arrays. Everything here is
 * synchronous: queries run on the store's own thread, and one series at a time is in memory.
 */
import type { Labels } from '../../src/model/labels.ts';

export type MatchOp = '=' | '!=' | '=~' | '!~';

/** As in PromQL: a missing label is the empty text; regular expressions are anchored at both ends. `__name__` is a label like any other. */
export interface Matcher {
  readonly name: string;
  readonly op: MatchOp;
  readonly value: string;
}

export interface Selection {
  readonly matchers: readonly Matcher[];
  /**
   * Both ends belong to it; integer Unix milliseconds. A source that answers from points of some resolution reaches back two of them further than
   * `fromMs`, because the first range is widened to them.
   */
  readonly fromMs: number;
  readonly toMs: number;
  /**
   * What the samples are for, so that the source may answer from downsamples: the step of the question (0 for an instant), the range of the
   * selector (0 for none), and the function around it, for example `max_over_time`. All absent: raw samples are wanted.
   */
  readonly stepMs?: number;
  readonly rangeMs?: number;
  readonly func?: string;
}

/** Samples of one series, oldest first. Arrays may be longer than `length`, and are reused for the next series: copy what is to stay. */
export interface Points {
  length: number;
  /** Integer Unix milliseconds, strictly ascending. */
  timesMs: Float64Array;
  /** NaN here is a number that somebody measured, never "absent". */
  values: Float64Array;
  /** Times at which the series went stale, ascending: an instant after the last point and at or after such a time finds nothing. */
  ends: number[];
  /** 0: raw. Else each point stands for so many milliseconds, and ranges and lookback shorter than two of them are widened to that. */
  resolutionMs: number;
  /** From downsamples of gauges: how many raw samples each point stands for. Undefined: one each. */
  counts: Float64Array | undefined;
}

/** One series that matches. `read` may be called once, before the next series is taken. */
export interface Series {
  /** Sorted, with `__name__` among them. */
  readonly labels: Labels;
  /** Fills `into`; more than fits makes it grow. */
  read(into: Points): void;
}

/** For `/api/v1/metadata`, as the catalogue or the sender has it. */
export interface MetricInfo {
  readonly metric: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary' | 'unknown';
  readonly unit: string;
  readonly help: string;
}

export interface Source {
  /** Series that may have a sample in the selection, each once, in no particular order. Throws a QueryError of the query's limits. */
  select(selection: Selection): Iterable<Series>;
  /** What the index knows, sorted, without reading a block; empty `matchers`: of everything. Each of `matchers` is one selector: their union. */
  labelNames(matchers: readonly (readonly Matcher[])[], fromMs: number, toMs: number): string[];
  labelValues(name: string, matchers: readonly (readonly Matcher[])[], fromMs: number, toMs: number): string[];
  labelSets(matchers: readonly (readonly Matcher[])[], fromMs: number, toMs: number): Iterable<Labels>;
  metadata(): Iterable<MetricInfo>;
  /** What the last `select`s were answered from, if not from raw samples alone, in a sentence for `infos`; forgets it. */
  notes(): string[];
}

export function emptyPoints(): Points {
  return {
    length: 0,
    timesMs: new Float64Array(256),
    values: new Float64Array(256),
    ends: [],
    resolutionMs: 0,
    counts: undefined,
  };
}
