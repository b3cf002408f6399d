/** What a route of Prometheus' API is here: parameters in, data or a QueryError out; the envelope around both is one for all. */
import type { Store } from '../store/types.ts';
import type { Clock } from '../../src/run/clock.ts';
import type { Language } from './language.ts';
import type { Params } from './params.ts';

export interface Asked {
  readonly params: Params;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
  /** Throws a QueryError `unavailable` where nothing is kept. */
  readonly store: Store;
  /** In the path: `/api/v1/label/<name>/values`. */
  readonly name: string;
}

export interface Answer {
  /** What JSON makes of it, or, if it may be large, JSON in pieces. */
  readonly data: unknown;
  readonly pieces?: Iterable<string>;
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}

export type Method = 'GET' | 'POST';

export interface Route {
  /** Below `/api/v1`. */
  readonly path: string;
  readonly methods: readonly Method[];
  /** `query` and `lookup` ask the store, and wait for their turn; each kind has its own. */
  readonly turn?: 'query' | 'lookup';
  readonly handle: (asked: Asked) => Answer | Promise<Answer>;
}

/** What one question may cost, from the configuration. */
export interface ApiLimits {
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly maxSteps: number;
  readonly maxSamples: number;
  /** Of an answer; also series of `/federate`. */
  readonly maxPoints: number;
}

export interface ApiOptions {
  /** Undefined where nothing is kept. */
  readonly store: Store | undefined;
  /** Why, and what to do. */
  readonly noStore: string;
  readonly language: Language;
  readonly limits: ApiLimits;
  readonly clock: Clock;
  readonly version: string;
  /** How long what is kept is kept, in words, for `status/runtimeinfo`. */
  readonly retention: string;
  /** Undefined while it is alive; else what is stuck. */
  readonly alive: () => string | undefined;
}

export const READ: readonly Method[] = ['GET'];
export const ASK: readonly Method[] = ['GET', 'POST'];
