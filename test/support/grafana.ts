/** What Grafana asks a Prometheus for: the values of a dashboard's variables, and its panels' queries with the variables filled in. */
import { fetchJson } from './http.ts';
import type { Prometheus, Value } from './prometheus.ts';

export interface Grafana {
  /** `label_values(<selector>, <label>)`, sorted. */
  labelValues(selector: string, label: string): Promise<string[]>;
  /** An instant query; `$name` is replaced as Grafana does for several values: by `(a|b)`. No answer may be NaN or infinite. */
  panel(expression: string, variables?: Readonly<Record<string, readonly string[]>>): Promise<Value[]>;
  /** The panel's one value. */
  one(expression: string): Promise<number>;
  /** The panel's values by the label `name`. */
  byName(expression: string, variables?: Readonly<Record<string, readonly string[]>>): Promise<Map<string, number>>;
}

interface ScalarAnswer {
  readonly data: { readonly result: readonly [time: number, value: string] };
}

export function grafana(prometheus: Pick<Prometheus, 'url' | 'query'>): Grafana {
  /** The one kind of answer that is no list of series. */
  async function scalar(expression: string): Promise<Value[]> {
    const url = `${prometheus.url}/api/v1/query?query=${encodeURIComponent(expression)}`;
    const { data } = await fetchJson<ScalarAnswer>(url);
    return [{ labels: {}, time: data.result[0], value: Number(data.result[1]) }];
  }

  const panel: Grafana['panel'] = async (expression, variables = {}) => {
    let filled = expression;
    for (const [name, values] of Object.entries(variables)) {
      filled = filled.replaceAll(`$${name}`, values.length === 1 ? (values[0] as string) : `(${values.join('|')})`);
    }
    const found = await (filled.startsWith('scalar(') ? scalar(filled) : prometheus.query(filled));
    const bad = found.find(({ value }) => !Number.isFinite(value));
    if (bad) throw new Error(`${filled} gives ${bad.value} for ${JSON.stringify(bad.labels)}`);
    return found;
  };
  return {
    panel,
    async labelValues(selector, label) {
      const url = `${prometheus.url}/api/v1/series?match[]=${encodeURIComponent(selector)}`;
      const { data } = await fetchJson<{ data: Record<string, string>[] }>(url);
      return [...new Set(data.flatMap((series) => series[label] ?? []))].sort();
    },
    async one(expression) {
      const found = await panel(expression);
      if (found.length !== 1) throw new Error(`${expression} gives ${found.length} series`);
      return (found[0] as Value).value;
    },
    async byName(expression, variables) {
      const found = await panel(expression, variables);
      const named = new Map(found.map(({ labels, value }) => [labels.name ?? '', value]));
      if (named.size !== found.length) throw new Error(`${expression} gives several series of one name`);
      return named;
    },
  };
}
