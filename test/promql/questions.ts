/** Questions made up at random: legal PromQL over the series of a vocabulary, up to some levels deep. The same seed asks the same. */
import type { Random } from '../hostile/attack.ts';
import { oneOf, randomOf } from '../hostile/attack.ts';
import type { Question } from './server.ts';

/** What questions are made of: the world of some series. */
export interface Vocabulary {
  readonly metrics: readonly string[];
  readonly matchers: readonly string[];
  /** A matcher of every selector. */
  readonly always?: string;
  /** A selector of several metrics at once. */
  readonly several: string;
  readonly labels: readonly string[];
  /** Lists of labels that vectors are joined on. */
  readonly joins: readonly string[];
  /** Labels that one side of a join may bring. */
  readonly brought: string;
  readonly ranges: readonly string[];
  readonly offsets: readonly string[];
  /** Selects one series. */
  readonly single: string;
  /** Whose values are all different: which of equal ones topk keeps is up to the server. */
  readonly distinct: string;
  /** A classic histogram, and what keeps its series apart. */
  readonly buckets?: { readonly metric: string; readonly by: string };
  /** Whether functions over ranges that end on whole seconds can be asked: versions differ where a sample lies on one. */
  readonly subqueries: boolean;
  /** The first moment that is asked of, on no sample and no subquery's step; and the stretch of time behind it. */
  readonly fromMs: number;
  readonly spanMs: number;
  readonly stepsMs: readonly number[];
  readonly pinned: string;
}

const SCALARS = ['0', '1', '2', '-1.5', '0.5', '1e3', 'Inf', 'NaN', 'time()', 'pi()', '0x1F'];
const OVER_TIME =
  'rate increase delta irate idelta deriv changes resets avg_over_time sum_over_time min_over_time max_over_time count_over_time stddev_over_time stdvar_over_time last_over_time present_over_time absent_over_time'.split(
    ' ',
  );
const OF_ONE =
  'abs ceil floor exp ln log2 log10 sqrt sgn sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh deg rad minute hour day_of_week day_of_month day_of_year days_in_month month year timestamp absent sort sort_desc'.split(
    ' ',
  );
const ARITHMETIC = ['+', '-', '*', '/', '%', '^', 'atan2'];
const COMPARE = ['==', '!=', '<', '<=', '>', '>='];

/** At an instant or over a range, at times that are on no sample and on no subquery's step. */
export function question(seed: number, of: Vocabulary): Question {
  const random = randomOf(seed);
  // The first numbers of neighbouring seeds are alike.
  for (let i = 0; i < 8; i++) random();
  const expr = new Maker(random, of).vector(3);
  const startMs = of.fromMs + Math.floor(random() * (of.spanMs / 1000)) * 1000;
  if (random() < 0.4) return { expr, startMs, endMs: startMs, stepMs: 0 };
  const stepMs = oneOf(random, of.stepsMs);
  return { expr, startMs, endMs: startMs + stepMs * Math.floor(random() * 30), stepMs };
}

class Maker {
  readonly #random: Random;
  readonly #of: Vocabulary;

  constructor(random: Random, of: Vocabulary) {
    this.#random = random;
    this.#of = of;
  }

  #one<T>(of: readonly T[]): T {
    return oneOf(this.#random, of);
  }

  #chance(part: number): boolean {
    return this.#random() < part;
  }

  #labels(): string {
    return this.#of.labels.filter(() => this.#chance(0.3)).join(', ');
  }

  #selector(): string {
    const { matchers, always = '', several, metrics } = this.#of;
    const some = matchers.filter(() => this.#chance(1 / matchers.length));
    const chosen = [...(always === '' ? [] : [always]), ...some].join(', ');
    return this.#chance(0.05)
      ? `{${several}${chosen ? `, ${chosen}` : ''}}`
      : this.#one(metrics) + (chosen ? `{${chosen}}` : '');
  }

  #shift(): string {
    let out = '';
    if (this.#chance(0.1)) out += ` offset ${this.#one(this.#of.offsets)}`;
    if (this.#chance(0.07)) out += ` @ ${this.#one(['start()', 'end()', this.#of.pinned])}`;
    return out;
  }

  #range(depth: number): string {
    if (depth > 0 && this.#of.subqueries && this.#chance(0.15)) {
      return `(${this.vector(depth - 1)})[${this.#one(this.#of.ranges)}:${this.#one(['', '15s', '40s'])}]${this.#shift()}`;
    }
    return `${this.#selector()}[${this.#one(this.#of.ranges)}]${this.#shift()}`;
  }

  #scalar(): string {
    return this.#one([...SCALARS, `scalar(${this.#of.single})`]);
  }

  vector(depth: number): string {
    if (depth === 0 || this.#chance(0.1)) return this.#selector() + this.#shift();
    const die = this.#random();
    if (die < 0.3) return this.#call(depth);
    if (die < 0.55) return this.#aggregate(depth);
    if (die < 0.7) return this.#withScalar(depth);
    if (die < 0.95) return this.#pairing(depth);
    return `-${this.#selector()}`;
  }

  #call(depth: number): string {
    const die = this.#random();
    if (die < 0.45) return `${this.#one(OVER_TIME)}(${this.#range(depth)})`;
    if (die < 0.6) return `${this.#one(OF_ONE)}(${this.vector(depth - 1)})`;
    const inner = this.vector(depth - 1);
    return this.#one([
      () => `quantile_over_time(${this.#one(['0', '0.3', '0.9', '1', '2'])}, ${this.#range(depth)})`,
      () => `predict_linear(${this.#range(depth)}, ${this.#one(['60', '-30', '3600'])})`,
      () => `clamp(${inner}, ${this.#scalar()}, ${this.#scalar()})`,
      () => `clamp_min(${inner}, ${this.#scalar()})`,
      () => `clamp_max(${inner}, ${this.#scalar()})`,
      () => `round(${inner}, ${this.#one(['1', '0.1', '5', '1000'])})`,
      () =>
        `label_replace(${inner}, "${this.#one(this.#of.labels)}", "x-$1", "${this.#one(this.#of.labels)}", "(.).*")`,
      () =>
        `label_join(${inner}, "${this.#one(this.#of.labels)}", "-", "${this.#one(this.#of.labels)}", "${this.#one(this.#of.labels)}")`,
      () => this.#buckets() ?? `vector(${this.#scalar()})`,
      () => `vector(${this.#scalar()})`,
    ])();
  }

  #buckets(): string | undefined {
    const { buckets, ranges } = this.#of;
    if (buckets === undefined) return undefined;
    const rates = `rate(${buckets.metric}[${this.#one(ranges)}])`;
    const quantile = this.#one(['0', '0.5', '0.95', '1', '-1']);
    return `histogram_quantile(${quantile}, ${this.#chance(0.5) ? rates : `sum by (${buckets.by}) (${rates})`})`;
  }

  #aggregate(depth: number): string {
    const inner = this.vector(depth - 1);
    const grouping = this.#chance(0.7) ? ` ${this.#one(['by', 'without'])} (${this.#labels()}) ` : '';
    if (this.#chance(0.6))
      return `${this.#one(['sum', 'avg', 'min', 'max', 'count', 'group', 'stddev', 'stdvar'])}${grouping}(${inner})`;
    const [op, parameter] = this.#one([
      ['topk', this.#one(['1', '2', '5', '0'])],
      ['bottomk', this.#one(['1', '3'])],
      ['quantile', this.#one(['0.5', '0.9', '0', '1'])],
      ['count_values', '"value"'],
    ] as const);
    return `${op}${grouping}(${parameter}, ${op.endsWith('k') ? this.#of.distinct : inner})`;
  }

  #withScalar(depth: number): string {
    const inner = `(${this.vector(depth - 1)})`;
    const op = this.#chance(0.6) ? this.#one(ARITHMETIC) : `${this.#one(COMPARE)}${this.#chance(0.4) ? ' bool' : ''}`;
    return this.#chance(0.5) ? `${inner} ${op} ${this.#scalar()}` : `${this.#scalar()} ${op} ${inner}`;
  }

  #pairing(depth: number): string {
    const left = `(${this.vector(depth - 1)})`;
    const right = `(${this.#chance(0.3) ? `sum by (${this.#of.joins[0]}) (${this.vector(depth - 1)})` : this.vector(depth - 1)})`;
    const match = this.#chance(0.6) ? ` ${this.#one(['on', 'ignoring'])} (${this.#one(this.#of.joins)})` : '';
    if (this.#chance(0.35)) return `${left} ${this.#one(['and', 'or', 'unless'])}${match} ${right}`;
    const group =
      match && this.#chance(0.5)
        ? ` ${this.#one(['group_left', 'group_right'])} (${this.#chance(0.3) ? this.#of.brought : ''})`
        : '';
    const op = this.#chance(0.6) ? this.#one(ARITHMETIC) : `${this.#one(COMPARE)}${this.#chance(0.4) ? ' bool' : ''}`;
    return `${left} ${op}${match}${group} ${right}`;
  }
}
