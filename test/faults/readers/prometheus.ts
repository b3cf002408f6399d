/** The points that a server with Prometheus' query API holds: a range of a series asked for as an instant query gives them as they are. */
import { fetchJson } from '../../support/http.ts';
import type { Victoria } from '../../support/victoria.ts';
import { type Level, type Point, prefixOf, type Reader, type Series, type What } from './reader.ts';

const WHAT: Readonly<Record<What, string>> = { counter: 'cpu_usage_seconds_total', gauge: 'memory_usage_bytes' };

export interface PromReaderOptions {
  readonly name: string;
  readonly isOwn?: boolean;
  readonly url: string;
  /** What all its series carry: `{ run: "s7" }`. */
  readonly label: Readonly<Record<string, string>>;
}

interface Matrix {
  readonly data: {
    readonly result: readonly {
      readonly metric: Record<string, string>;
      readonly values: readonly (readonly [number, string])[];
    }[];
  };
}

/** Clocks are set back and forth by an hour: what there is lies within two of the present. */
const AROUND_HOURS = 2;

export function promReader({ name, isOwn = false, url, label }: PromReaderOptions): Reader {
  return {
    name,
    isOwn,
    async series(level, what) {
      const expr = `${selector(level, what, label)}[${2 * AROUND_HOURS}h]`;
      const time = Date.now() / 1000 + AROUND_HOURS * 3600;
      const { data } = await fetchJson<Matrix>(`${url}/api/v1/query?query=${encodeURIComponent(expr)}&time=${time}`);
      return data.result.map(({ metric, values }) => ({
        labels: metric,
        points: values.map(([seconds, value]): Point => [Math.round(seconds * 1000), Number(value)]),
      }));
    },
  };
}

/** VictoriaMetrics tells what is stored by its export; what is in its memory a crash of it takes. */
export function victoriaReader(victoria: Victoria, label: PromReaderOptions['label']): Reader {
  return {
    name: 'victoria',
    forgets: true,
    async series(level, what): Promise<Series[]> {
      const found = await victoria.exported(selector(level, what, label));
      return found.map(({ metric, values, timestamps }) => ({
        labels: metric,
        // A marker of what has gone comes as null.
        points: timestamps.flatMap((time, i): Point[] =>
          Number.isFinite(values[i]) ? [[time, values[i] as number]] : [],
        ),
      }));
    },
  };
}

function selector(level: Level, what: What, label: PromReaderOptions['label']): string {
  const conditions = Object.entries(label).map(([name, value]) => `${name}="${value}"`);
  return `${prefixOf(level)}_${WHAT[what]}{${conditions.join(',')}}`;
}
