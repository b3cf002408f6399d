/** A dashboard's variables: what they ask, and the values of those that are one word for everybody. */
import type { Item, Query } from '../items.ts';
import { listAt, objectOf, type Raw, textAt } from './json.ts';
import { queryOf } from './targets.ts';

/** The type of a data source as a panel, target or variable refers to it. */
export type SourceOf = (reference: unknown) => string | undefined;

export function variableItems(dashboard: Raw, sourceOf: SourceOf): Item[] {
  return listAt(objectOf(dashboard.templating), 'list').flatMap((variable) => {
    if (textAt(variable, 'type') !== 'query') return [];
    const name = `variable ${textAt(variable, 'name') ?? 'without a name'}`;
    const text =
      textAt(variable, 'query') ?? textAt(objectOf(variable.query), 'query') ?? textAt(variable, 'definition');
    if (text === undefined) return [];
    return [{ name, ...asked(text, variable, sourceOf(variable.datasource)) }];
  });
}

function asked(text: string, variable: Raw, source: string | undefined): Pick<Item, 'queries' | 'elsewhere'> {
  const promql = prometheusQuery(text);
  if (promql !== undefined) return { queries: promql };
  const known = /^\s*(show|select|from|import|v1\.|schema\.)/i.test(text) || source !== undefined;
  if (!known) return { queries: [], elsewhere: 'It is asked of a data source that the file does not tell.' };
  const target = queryOf({ ...variable, rawQuery: true, query: text }, source);
  if (typeof target === 'string') return { queries: [], elsewhere: target };
  return { queries: target === undefined || target.language === 'promql' ? [] : [target] };
}

/** Grafana's functions for variables, as queries that ask the same. */
function prometheusQuery(text: string): Query[] | undefined {
  const [, fn, inside = ''] =
    /^\s*(label_values|query_result|metrics|label_names)\s*\(([\s\S]*)\)\s*$/.exec(text) ?? [];
  if (fn === undefined) return undefined;
  const promql = (each: string): Query[] => [{ language: 'promql', text: each }];
  if (fn === 'label_names') return [];
  if (fn === 'query_result') return promql(inside);
  if (fn === 'metrics') return promql(`{__name__=~".*(${inside.replaceAll('"', '')}).*"}`);
  // The label is after the last comma: a selector has commas of its own.
  const [, selector, label] = /^\s*(?:([\s\S]*),)?\s*([\w$[\]{}:]+)\s*$/.exec(inside) ?? [];
  if (label === undefined) return [];
  return promql(
    selector === undefined || selector.trim() === '' ? `{${label}!=""}` : `group by (${label}) (${selector})`,
  );
}

/** Values by name; undefined for what somebody chooses. */
export function variableValues(dashboard: Raw): Map<string, string | undefined> {
  return new Map(
    listAt(objectOf(dashboard.templating), 'list').flatMap((variable) => {
      const name = textAt(variable, 'name');
      if (name === undefined) return [];
      const fixed = textAt(variable, 'type') === 'constant' ? textAt(variable, 'query') : undefined;
      return [[name, fixed] as const];
    }),
  );
}
