/** What a query has used of what it may use: samples, cells in memory, time. Every loop over series or windows tells it, and it throws when enough is enough. */
import type { QueryLimits } from '../query.ts';
import { QueryError } from '../query.ts';

/** Work between two looks at the clock: well below a millisecond. */
const LOOK_EVERY = 50_000;

export interface Watch {
  /** Milliseconds that only grow. */
  readonly now: () => number;
  readonly isAborted: () => boolean;
}

export class Budget {
  readonly limits: QueryLimits;
  readonly #watch: Watch;
  readonly #startedAt: number;
  readonly #deadline: number;
  #samples = 0;
  #cells = 0;
  #work = 0;

  constructor(limits: QueryLimits, timeoutMs: number, watch: Watch) {
    this.limits = limits;
    this.#watch = watch;
    this.#startedAt = watch.now();
    this.#deadline = this.#startedAt + timeoutMs;
  }

  get samples(): number {
    return this.#samples;
  }

  tookMs(): number {
    return this.#watch.now() - this.#startedAt;
  }

  /** Samples that were read from the source or made by a subquery. */
  read(samples: number): void {
    this.#samples += samples;
    if (this.#samples > this.limits.maxSamples) throw tooMany();
    this.work(samples + 20);
  }

  /** Cells that stay in memory until the query is done: an operator's buffers, and the rows that it has to collect. Nine bytes each, and half as many as samples. */
  hold(cells: number): void {
    this.#cells += cells;
    if (this.#cells > this.limits.maxSamples / 2) throw tooMany();
    this.work(cells);
  }

  /** So many steps of something, whatever it is. */
  work(amount: number): void {
    this.#work += amount;
    if (this.#work < LOOK_EVERY) return;
    this.#work = 0;
    if (this.#watch.isAborted()) throw new QueryError('canceled', 'query was canceled in expression evaluation');
    if (this.#watch.now() > this.#deadline) throw new QueryError('timeout', 'query timed out in expression evaluation');
  }
}

function tooMany(): QueryError {
  return new QueryError('execution', 'query processing would load too many samples into memory in query execution');
}
