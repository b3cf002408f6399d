/** A page of series at one moment, whether it was an exposition or a Prometheus that answered, and the questions tests ask of it. */
import { type ParsedSample, parsePromText } from './promtext.ts';
import type { Program } from './program.ts';
import type { Prometheus } from './prometheus.ts';
import { waitFor } from './wait.ts';

/** Labels that a series must carry, whatever else it carries. */
export type Match = Readonly<Record<string, string>>;

export type Series = Pick<ParsedSample, 'name' | 'labels' | 'value'>;

export class Page {
  readonly #byName = new Map<string, Series[]>();

  constructor(series: Iterable<Series>) {
    for (const one of series) {
      const known = this.#byName.get(one.name);
      if (known) known.push(one);
      else this.#byName.set(one.name, [one]);
    }
  }

  get metrics(): string[] {
    return [...this.#byName.keys()];
  }

  all(metric: string, match: Match = {}): Series[] {
    const wanted = Object.entries(match);
    return (this.#byName.get(metric) ?? []).filter(({ labels }) =>
      wanted.every(([name, value]) => (labels.get(name) ?? '') === value),
    );
  }

  /** The value of the one series that matches; throws if there is none or more than one. */
  value(metric: string, match: Match = {}): number {
    const found = this.all(metric, match);
    if (found.length !== 1) throw new Error(`${found.length} series of ${metric} match ${JSON.stringify(match)}`);
    return (found[0] as Series).value;
  }

  /** Over all series that match; undefined if there is none. */
  sum(metric: string, match: Match = {}): number | undefined {
    const found = this.all(metric, match);
    return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
  }

  /** The values of one label, sorted, each once. */
  labelValues(metric: string, label: string): string[] {
    return [...new Set(this.all(metric).map(({ labels }) => labels.get(label) ?? ''))].sort();
  }
}

/** Reads an exposition strictly: what a scraper would refuse throws. */
export function pageOf(text: string): Page {
  return new Page(seriesOf(text));
}

function seriesOf(text: string): Series[] {
  return [...parsePromText(text, 'text').values()].flatMap(({ samples }) => samples);
}

/** Both of a collector's pages as one: its groups and itself, and the containers of the same window. */
export function collectorPage(program: Pick<Program, 'metrics'>): Promise<Page> {
  const window = (text: string): string | undefined => /^plimsoll_collector_last_window_seconds .*$/m.exec(text)?.[0];
  return waitFor(
    async () => {
      const groups = await program.metrics('collector');
      const containers = await program.metrics('containers');
      // A window that closes in between would put two moments on one page.
      if (window(await program.metrics('collector')) !== window(groups)) return undefined;
      return new Page([groups, containers].flatMap(seriesOf));
    },
    { everyMs: 10, what: 'both pages of one window' },
  );
}

/** Everything that a Prometheus holds of some jobs now. */
export async function scrapedPage(prometheus: Pick<Prometheus, 'query'>, ...jobs: string[]): Promise<Page> {
  const values = await prometheus.query(`{job=~"${jobs.join('|')}"}`, Date.now() / 1000);
  return new Page(
    values.map(({ labels: { __name__: name = '', ...labels }, value }) => ({
      name,
      labels: new Map(Object.entries(labels)),
      value,
    })),
  );
}
