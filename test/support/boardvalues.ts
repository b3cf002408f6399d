/** What Grafana makes of a dashboard before it asks: the variables' values, by their own queries, and the queries with these put in. */
import { type Board, type BoardVariable, variableQuery } from './boards.ts';

/** What variables ask of a Prometheus. */
export interface LabelSource {
  /** `label_values(<selector>, <label>)` */
  labelValues(selector: string, label: string): Promise<string[]>;
  query(
    expr: string,
  ): Promise<
    readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number; readonly time: number }[]
  >;
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
  source: LabelSource,
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
    const found = await optionsOf(variable, fill(variableQuery(variable)), source);
    options.set(name, found);
    const picked = chosen[name];
    texts.set(name, picked === undefined ? (variable.allValue ?? asRegex(found)) : asRegex(picked));
  }
  return { options, fill };
}

/** Grafana's formula: at least four scrapes, so that one that is missing leaves no gap. */
function builtIn({ range, interval, scrapeInterval }: Times): Record<string, string> {
  const rate = Math.max(interval + scrapeInterval, 4 * scrapeInterval);
  return { __interval: `${interval}s`, __range: `${range}s`, __rate_interval: `${rate}s` };
}

async function optionsOf({ name, regex = '' }: BoardVariable, query: string, source: LabelSource): Promise<string[]> {
  const [, selector = '', label = ''] = /^label_values\((.*), (\w+)\)$/s.exec(query) ?? [];
  const [, expr] = /^query_result\((.*)\)$/s.exec(query) ?? [];
  if (selector === '' && expr === undefined) throw new Error(`variable ${name} asks ${query}`);
  const texts = expr === undefined ? await source.labelValues(selector, label) : (await source.query(expr)).map(asText);
  const pattern = regex === '' ? undefined : new RegExp(regex.slice(1, -1));
  const values = texts.map((text) => (pattern ? pattern.exec(text)?.[1] : text) ?? '').filter((text) => text !== '');
  return [...new Set(values)].sort();
}

/** A series as query_result writes it: labels, value, milliseconds. */
function asText({ labels, value, time }: Awaited<ReturnType<LabelSource['query']>>[number]): string {
  const { __name__ = '', ...rest } = labels;
  return `${__name__}{${Object.entries(rest)
    .map(([name, text]) => `${name}="${text}"`)
    .join(',')}} ${value} ${time * 1000}`;
}

/** Values as a regular expression inside of a PromQL string. */
function asRegex(values: readonly string[]): string {
  const escaped = values.map((value) => value.replaceAll(/[\\^$*+?.()|{}[\]]/g, '\\\\$&'));
  return escaped.length === 1 ? (escaped[0] as string) : `(${escaped.join('|')})`;
}
