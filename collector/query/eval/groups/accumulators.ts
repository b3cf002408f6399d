/** What an aggregation keeps of a group: per step some numbers, however many series pass. Adding a row is one tight loop; the result is written at the end. */
import type { AggregateOp } from '../../parse/ast.ts';
import type { Row } from '../rows.ts';

export interface Accumulator {
  add(values: Float64Array, has: Uint8Array): void;
  finish(into: Row): void;
  /** Numbers kept per step. */
  readonly width: number;
}

class Sum implements Accumulator {
  readonly width = 3;
  readonly #sum: Float64Array;
  readonly #rest: Float64Array;
  readonly #has: Uint8Array;

  constructor(steps: number) {
    this.#sum = new Float64Array(steps);
    this.#rest = new Float64Array(steps);
    this.#has = new Uint8Array(steps);
  }

  add(values: Float64Array, has: Uint8Array): void {
    const sums = this.#sum;
    const rests = this.#rest;
    const there = this.#has;
    for (let i = 0; i < values.length; i++) {
      if (has[i] === 0) continue;
      there[i] = 1;
      const value = values[i] as number;
      const sum = sums[i] as number;
      const total = sum + value;
      if (!Number.isFinite(total)) rests[i] = 0;
      else
        rests[i] =
          (rests[i] as number) + (Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum);
      sums[i] = total;
    }
  }

  finish({ values, has }: Row): void {
    has.set(this.#has);
    for (let i = 0; i < values.length; i++) values[i] = (this.#sum[i] as number) + (this.#rest[i] as number);
  }
}

/** Sum over count; where the sum overflows, the mean is moved from value to value. */
class Average implements Accumulator {
  readonly width = 4;
  readonly #sum: Float64Array;
  readonly #rest: Float64Array;
  readonly #count: Float64Array;
  readonly #moving: Uint8Array;

  constructor(steps: number) {
    this.#sum = new Float64Array(steps);
    this.#rest = new Float64Array(steps);
    this.#count = new Float64Array(steps);
    this.#moving = new Uint8Array(steps);
  }

  add(values: Float64Array, has: Uint8Array): void {
    for (let i = 0; i < values.length; i++) if (has[i] === 1) this.#add(i, values[i] as number);
  }

  #add(i: number, value: number): void {
    const count = (this.#count[i] as number) + 1;
    this.#count[i] = count;
    if (this.#moving[i] === 0) {
      const total = (this.#sum[i] as number) + value;
      if (Math.abs(total) !== Number.POSITIVE_INFINITY || count === 1) {
        this.#compensate(i, value);
        return;
      }
      this.#moving[i] = 1;
      this.#sum[i] = (this.#sum[i] as number) / (count - 1);
      this.#rest[i] = (this.#rest[i] as number) / (count - 1);
    }
    const mean = this.#sum[i] as number;
    if (Math.abs(mean) === Number.POSITIVE_INFINITY) {
      if (value === mean || Number.isFinite(value)) return;
    }
    this.#compensate(i, value / count - (mean + (this.#rest[i] as number)) / count);
  }

  #compensate(i: number, value: number): void {
    const sum = this.#sum[i] as number;
    const total = sum + value;
    if (!Number.isFinite(total)) this.#rest[i] = 0;
    else {
      const lost = Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum;
      this.#rest[i] = (this.#rest[i] as number) + lost;
    }
    this.#sum[i] = total;
  }

  finish({ values, has }: Row): void {
    for (let i = 0; i < values.length; i++) {
      const count = this.#count[i] as number;
      has[i] = count > 0 ? 1 : 0;
      const total = (this.#sum[i] as number) + (this.#rest[i] as number);
      values[i] = this.#moving[i] === 1 ? total : total / count;
    }
  }
}

class Count implements Accumulator {
  readonly width = 1;
  readonly #count: Float64Array;
  readonly #asOne: boolean;

  constructor(steps: number, asOne: boolean) {
    this.#count = new Float64Array(steps);
    this.#asOne = asOne;
  }

  add(_values: Float64Array, has: Uint8Array): void {
    for (let i = 0; i < has.length; i++) this.#count[i] = (this.#count[i] as number) + (has[i] as number);
  }

  finish({ values, has }: Row): void {
    for (let i = 0; i < values.length; i++) {
      const count = this.#count[i] as number;
      has[i] = count > 0 ? 1 : 0;
      values[i] = this.#asOne ? 1 : count;
    }
  }
}

/** NaN gives way to any number. */
class Extreme implements Accumulator {
  readonly width = 2;
  readonly #best: Float64Array;
  readonly #has: Uint8Array;
  /** 1: the largest; -1: the smallest. */
  readonly #sign: 1 | -1;

  constructor(steps: number, sign: 1 | -1) {
    this.#best = new Float64Array(steps).fill(Number.NaN);
    this.#has = new Uint8Array(steps);
    this.#sign = sign;
  }

  add(values: Float64Array, has: Uint8Array): void {
    for (let i = 0; i < values.length; i++) {
      if (has[i] === 0) continue;
      this.#has[i] = 1;
      const value = values[i] as number;
      const best = this.#best[i] as number;
      if (Number.isNaN(best) || (this.#sign === 1 ? value > best : value < best)) this.#best[i] = value;
    }
  }

  finish({ values, has }: Row): void {
    values.set(this.#best);
    has.set(this.#has);
  }
}

class Variance implements Accumulator {
  readonly width = 3;
  readonly #count: Float64Array;
  readonly #mean: Float64Array;
  readonly #moment: Float64Array;
  readonly #root: boolean;

  constructor(steps: number, root: boolean) {
    this.#count = new Float64Array(steps);
    this.#mean = new Float64Array(steps);
    this.#moment = new Float64Array(steps);
    this.#root = root;
  }

  add(values: Float64Array, has: Uint8Array): void {
    for (let i = 0; i < values.length; i++) {
      if (has[i] === 0) continue;
      const value = values[i] as number;
      const count = (this.#count[i] as number) + 1;
      const off = value - (this.#mean[i] as number);
      const mean = (this.#mean[i] as number) + off / count;
      this.#count[i] = count;
      this.#mean[i] = mean;
      this.#moment[i] = (this.#moment[i] as number) + off * (value - mean);
    }
  }

  finish({ values, has }: Row): void {
    for (let i = 0; i < values.length; i++) {
      const count = this.#count[i] as number;
      has[i] = count > 0 ? 1 : 0;
      const variance = (this.#moment[i] as number) / count;
      values[i] = this.#root ? Math.sqrt(variance) : variance;
    }
  }
}

const MAKERS: ReadonlyMap<AggregateOp, (steps: number) => Accumulator> = new Map<
  AggregateOp,
  (steps: number) => Accumulator
>([
  ['sum', (steps) => new Sum(steps)],
  ['avg', (steps) => new Average(steps)],
  ['count', (steps) => new Count(steps, false)],
  ['group', (steps) => new Count(steps, true)],
  ['max', (steps) => new Extreme(steps, 1)],
  ['min', (steps) => new Extreme(steps, -1)],
  ['stddev', (steps) => new Variance(steps, true)],
  ['stdvar', (steps) => new Variance(steps, false)],
]);

/** Undefined for those that need all values at once. */
export function accumulator(op: AggregateOp): ((steps: number) => Accumulator) | undefined {
  return MAKERS.get(op);
}
