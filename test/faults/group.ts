/** A group of a store, window by window, by the ticks that its windows are of. */
import { membersOf } from './arithmetic.ts';
import { type Evidence, hoursOff, trueTime } from './evidence.ts';
import type { Level, Series } from './readers/reader.ts';

/** Group by group: what it holds at the end of each window. Where the collector's clock was set, windows of the wrong time are kept apart. */
export class Group {
  readonly level: Level;
  readonly labels: Readonly<Record<string, string>>;
  readonly members: readonly (readonly number[])[];
  /** Windows whose times were an hour off, by their ticks in true time. */
  readonly wrongTime: ReadonlyMap<number, number>;
  readonly #counter: ReadonlyMap<number, number>;
  readonly #gauge: ReadonlyMap<number, number>;

  constructor(level: Level, series: Series, { gauges, evidence }: { gauges: readonly Series[]; evidence: Evidence }) {
    this.level = level;
    this.labels = series.labels;
    this.members = membersOf(evidence.cast, series.labels);
    this.#counter = byTick(series, evidence, (hours) => hours === 0);
    this.wrongTime = byTick(series, evidence, (hours) => hours !== 0);
    const own = keyOf(level, series);
    const gauge = gauges.find((one) => keyOf(level, one) === own);
    this.#gauge = gauge === undefined ? new Map() : byTick(gauge, evidence, (hours) => hours === 0);
  }

  get name(): string {
    return `${this.level} ${Object.values(this.#names()).join('/')}`;
  }

  counter(tick: number): number | undefined {
    return this.#counter.get(tick);
  }

  get ticks(): number[] {
    return [...this.#counter.keys()];
  }

  gauge(tick: number): number | undefined {
    return this.#gauge.get(tick);
  }

  #names(): Record<string, string> {
    const { node, project, service } = this.labels;
    return Object.fromEntries(Object.entries({ node, project, service }).filter(([, v]) => v !== undefined)) as Record<
      string,
      string
    >;
  }
}

function keyOf(level: Level, { labels: { node, project, service } }: Series): string {
  return JSON.stringify([level, node, project, service]);
}

/** By the tick of the window that ends then. */
function byTick({ points }: Series, evidence: Evidence, takes: (hours: number) => boolean): Map<number, number> {
  const { windowMs } = evidence.cast;
  const own = points.filter(([timeMs]) => takes(hoursOff(timeMs, evidence)));
  return new Map(own.map(([timeMs, value]) => [Math.round(trueTime(timeMs, evidence) / windowMs) - 1, value]));
}
