/** What Grafana makes of a dashboard before it asks: the variables' values, by their own queries, and the queries with these put in. */
import { type Board, type BoardVariable, variableQuery } from './boards.ts';
import { grafana } from './grafana.ts';
import type { Influx } from './influxdb.ts';
import type { Prometheus, Value } from './prometheus.ts';

/** A store to whose queries variables belong: what such a query offers, and how a chosen value stands in an expression. */
export interface VariableSource {
  options(variable: BoardVariable, query: string): Promise<string[]>;
  /** Put before what means something in a regular expression, where a dashboard has it in its text. */
  readonly escaping: string;
}

export interface Filled {
  /** What each variable offers. */
  readonly options: ReadonlyMap<string, readonly string[]>;
  /** A query as it is sent. */
  fill(text: string): string;
}

/** The time shown and the resolution, in seconds. */
export interface Times {
  readonly range: number;
  readonly interval: number;
  readonly scrapeInterval: number;
}

/** As somebody opens the dashboard: everything is All. `chosen` are those that somebody chose. */
export async function fillBoard(
  board: Board,
  source: VariableSource,
  { times, chosen = {} }: { times: Times; chosen?: Readonly<Record<string, readonly string[]>> },
): Promise<Filled> {
  const options = new Map<string, readonly string[]>();
  const texts = new Map<string, string>(Object.entries(builtIn(times)));
  const fill = (text: string): string =>
    text.replaceAll(
      /\$\{(\w+)(?::\w+)?\}|\$(\w+)/g,
      (whole, braced?: string, bare?: string) => texts.get(braced ?? bare ?? '') ?? whole,
    );
  for (const variable of board.templating.list) {
    const { name, type, current } = variable;
    if (type === 'custom') texts.set(name, String(current?.value));
    if (type !== 'query') continue;
    const found = await source.options(variable, fill(variableQuery(variable)));
    options.set(name, found);
    const picked = chosen[name];
    texts.set(name, picked === undefined ? (variable.allValue ?? asRegex(found, source)) : asRegex(picked, source));
  }
  return { options, fill };
}

/** Grafana's formula: at least four scrapes, so that one that is missing leaves no gap. */
function builtIn({ range, interval, scrapeInterval }: Times): Record<string, string> {
  const rate = Math.max(interval + scrapeInterval, 4 * scrapeInterval);
  return { __interval: `${interval}s`, __range: `${range}s`, __rate_interval: `${rate}s` };
}

/** Values as a regular expression inside of a query. */
function asRegex(values: readonly string[], { escaping }: VariableSource): string {
  const escaped = values.map((value) => value.replaceAll(/[\\^$*+?.()|{}[\]]/g, (one) => escaping + one));
  return escaped.length === 1 ? (escaped[0] as string) : `(${escaped.join('|')})`;
}

/** Prometheus at one moment: `label_values(<selector>, <label>)` and `query_result(<expression>)`. */
export function prometheusVariables(prometheus: Prometheus, at: number): VariableSource {
  const { labelValues } = grafana(prometheus);
  return {
    // A backslash in a string of PromQL is two.
    escaping: '\\\\',
    async options({ name, regex = '' }, query) {
      const [, selector, label = ''] = /^label_values\((.*), (\w+)\)$/s.exec(query) ?? [];
      const [, expr] = /^query_result\((.*)\)$/s.exec(query) ?? [];
      if (selector === undefined && expr === undefined) throw new Error(`variable ${name} asks ${query}`);
      const texts =
        expr === undefined ? await labelValues(selector ?? '', label) : (await prometheus.query(expr, at)).map(asText);
      const pattern = regex === '' ? undefined : new RegExp(regex.slice(1, -1));
      const values = texts.map((text) => (pattern ? pattern.exec(text)?.[1] : text) ?? '');
      return distinct(values);
    },
  };
}

/** InfluxQL's `SHOW TAG VALUES`: rows of key and value. */
export function influxVariables(influx: Influx, database: string): VariableSource {
  return {
    escaping: '\\',
    async options(_variable, query) {
      const series = await influx.query(database, query);
      return distinct(series.flatMap(({ values }) => values.map(([, value]) => String(value))));
    },
  };
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].filter((value) => value !== '').sort();
}

/** A series as query_result writes it: labels, value, milliseconds. */
function asText({ labels, value, time }: Value): string {
  const { __name__ = '', ...rest } = labels;
  const pairs = Object.entries(rest).map(([name, text]) => `${name}="${text}"`);
  return `${__name__}{${pairs.join(',')}} ${value} ${time * 1000}`;
}

/** Grafana's variables as values of the kind that stands there, where that is no text: durations and numbers. */
export function withoutVariables(expr: string): string {
  return expr.replaceAll(/\[\$__(rate_interval|interval|range)(?=[\]:])/g, '[1m').replaceAll('topk($top,', 'topk(10,');
}
