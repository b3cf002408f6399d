/** Questions made up at random: legal PromQL over the made-up world, up to some levels deep. The same seed asks the same. */
import type { Random } from '../hostile/attack.ts';
import { oneOf, randomOf } from '../hostile/attack.ts';
import type { Question } from './server.ts';
import { WORLD_MS, WORLD_START_MS } from './world.ts';

const METRICS = ['requests_total', 'memory_bytes', 'odd', 'build_info', 'latency_bucket'];
const MATCHERS = [
  'job="api"',
  'job!="api"',
  'instance=~"0|1"',
  'instance!~"[12]"',
  'code=""',
  'code=~"5.."',
  'le=~".+"',
  'job=~"(?i:DB)"',
];
const RANGES = ['30s', '1m', '95s', '5m', '12m', '40m'];
const LABELS = ['job', 'instance', 'code', 'le', 'version', 'absent'];
const SCALARS = [
  '0',
  '1',
  '2',
  '-1.5',
  '0.5',
  '1e3',
  'Inf',
  'NaN',
  'time()',
  'scalar(memory_bytes{job="api",instance="0"})',
  'pi()',
  '90s',
  '0x1F',
];
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
export function question(seed: number): Question {
  const random = randomOf(seed);
  // The first numbers of neighbouring seeds are alike.
  for (let i = 0; i < 8; i++) random();
  const expr = new Maker(random).vector(3);
  const startMs = WORLD_START_MS + Math.floor(random() * (WORLD_MS / 1000)) * 1000 + 333;
  if (random() < 0.4) return { expr, startMs, endMs: startMs, stepMs: 0 };
  const stepMs = oneOf(random, [7_000, 15_000, 60_000, 171_000]);
  return { expr, startMs, endMs: startMs + stepMs * Math.floor(random() * 30), stepMs };
}

class Maker {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  #one<T>(of: readonly T[]): T {
    return oneOf(this.#random, of);
  }

  #chance(part: number): boolean {
    return this.#random() < part;
  }

  #labels(): string {
    return LABELS.filter(() => this.#chance(0.3)).join(', ');
  }

  #selector(): string {
    const matchers = MATCHERS.filter(() => this.#chance(0.12)).join(', ');
    return this.#chance(0.05)
      ? `{__name__=~"odd|memory_.+"${matchers ? `, ${matchers}` : ''}}`
      : this.#one(METRICS) + (matchers ? `{${matchers}}` : '');
  }

  #shift(): string {
    let out = '';
    if (this.#chance(0.1)) out += ` offset ${this.#one(['1m', '-2m', '10m', '7s'])}`;
    if (this.#chance(0.07)) out += ` @ ${this.#one(['start()', 'end()', `${WORLD_START_MS / 1000 + 1800.333}`])}`;
    return out;
  }

  #range(depth: number): string {
    if (depth > 0 && this.#chance(0.15)) {
      return `(${this.vector(depth - 1)})[${this.#one(RANGES)}:${this.#one(['', '15s', '40s'])}]${this.#shift()}`;
    }
    return `${this.#selector()}[${this.#one(RANGES)}]${this.#shift()}`;
  }

  #scalar(): string {
    return this.#one(SCALARS);
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
      () => `label_replace(${inner}, "${this.#one(LABELS)}", "x-$1", "${this.#one(LABELS)}", "(.).*")`,
      () => `label_join(${inner}, "${this.#one(LABELS)}", "-", "job", "instance")`,
      () =>
        `histogram_quantile(${this.#one(['0', '0.5', '0.95', '1', '-1'])}, rate(latency_bucket[${this.#one(RANGES)}]))`,
      () => `histogram_quantile(0.9, sum by (le, job) (rate(latency_bucket[${this.#one(RANGES)}])))`,
      () => `vector(${this.#scalar()})`,
    ])();
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
    // Which of equal values is kept is up to the server: distinct ones are asked for.
    return `${op}${grouping}(${parameter}, ${op.endsWith('k') ? 'memory_bytes' : inner})`;
  }

  #withScalar(depth: number): string {
    const inner = `(${this.vector(depth - 1)})`;
    const op = this.#chance(0.6) ? this.#one(ARITHMETIC) : `${this.#one(COMPARE)}${this.#chance(0.4) ? ' bool' : ''}`;
    return this.#chance(0.5) ? `${inner} ${op} ${this.#scalar()}` : `${this.#scalar()} ${op} ${inner}`;
  }

  #pairing(depth: number): string {
    const left = `(${this.vector(depth - 1)})`;
    const right = `(${this.#chance(0.3) ? `sum by (job, instance) (${this.vector(depth - 1)})` : this.vector(depth - 1)})`;
    const match = this.#chance(0.6)
      ? ` ${this.#one(['on', 'ignoring'])} (${this.#one(['job, instance', 'job', 'code', 'code, le', ''])})`
      : '';
    if (this.#chance(0.35)) return `${left} ${this.#one(['and', 'or', 'unless'])}${match} ${right}`;
    const group =
      match && this.#chance(0.5)
        ? ` ${this.#one(['group_left', 'group_right'])} (${this.#chance(0.3) ? 'version' : ''})`
        : '';
    const op = this.#chance(0.6) ? this.#one(ARITHMETIC) : `${this.#one(COMPARE)}${this.#chance(0.4) ? ' bool' : ''}`;
    return `${left} ${op}${match}${group} ${right}`;
  }
}
