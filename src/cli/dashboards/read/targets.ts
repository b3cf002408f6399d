/** A panel's target, or a variable's query, into a query: in which language it is follows from the data source, else from its form. */
import type { Language, Query } from '../items.ts';
import { listAt, objectOf, type Raw, textAt, textsIn } from './json.ts';

/** The query; in words, what else it asks; undefined: nothing of its own. */
export type Target = Query | string | undefined;

/** Data sources that answer from what other targets have asked. */
const OF_OTHERS = /^(__expr__|-- Dashboard --|-- Mixed --|datasource|grafana)$/;

export function queryOf(target: Raw, source: string | undefined): Target {
  const language = languageOf(source);
  if (language === 'other') return source !== undefined && OF_OTHERS.test(source) ? undefined : `It asks ${source}.`;
  const expr = textAt(target, 'expr');
  const legend = textAt(target, 'legendFormat');
  if (language !== 'influx' && expr !== undefined)
    return { language: 'promql', text: expr, ...(legend === undefined ? {} : { legend }) };
  // The old form of `query` is a text, that of a variable may be an object around it.
  const query = textAt(target, 'query') ?? textAt(objectOf(target.query), 'query');
  if (query !== undefined && target.rawQuery !== false) return { language: influxLanguage(query), text: query };
  const built = builtQuery(target);
  if (built !== undefined) return { language: 'influxql', text: built };
  return query === undefined ? undefined : { language: influxLanguage(query), text: query };
}

function languageOf(source: string | undefined): 'promql' | 'influx' | 'other' | undefined {
  if (source === undefined) return undefined;
  if (/prometheus|victoriametrics|mimir|thanos|cortex/i.test(source)) return 'promql';
  return /influx/i.test(source) ? 'influx' : 'other';
}

export function influxLanguage(text: string): Language {
  return /\|>|\bfrom\s*\(\s*bucket|^\s*import\s+"/.test(text) ? 'flux' : 'influxql';
}

/** What the InfluxQL query builder keeps, as the statement that it makes. */
function builtQuery(target: Raw): string | undefined {
  const measurement = textAt(target, 'measurement');
  if (measurement === undefined) return undefined;
  const select = Array.isArray(target.select) ? target.select.map((parts) => column(listAt({ parts }, 'parts'))) : [];
  const tags = listAt(target, 'tags').flatMap((tag) => condition(tag) ?? []);
  const groups = listAt(target, 'groupBy').flatMap((group) => {
    const [name] = textsIn(group.params);
    return group.type === 'tag' && name !== undefined ? [quoted(name.replace(/::tag$/, ''))] : [];
  });
  const where = tags.length === 0 ? '' : ` WHERE ${tags.join(' AND ')}`;
  const by = groups.length === 0 ? '' : ` GROUP BY ${groups.join(', ')}`;
  return `SELECT ${select.join(', ') || '*'} FROM ${nameOrRegex(measurement)}${where}${by}`;
}

/** `[{type: field, params: [value]}, {type: mean}, {type: math, params: [" / 100"]}]`. */
function column(parts: readonly Raw[]): string {
  let text = '';
  for (const { type, params } of parts) {
    if (type === 'field') text = quoted(textsIn(params)[0] ?? '*');
    else if (type !== 'math' && type !== 'alias') text = `${String(type).replace(/\W/g, '')}(${text})`;
  }
  return text === '' ? '*' : text;
}

function condition({ key, operator, value }: Raw): string | undefined {
  if (typeof key !== 'string') return undefined;
  const text = String(value ?? '');
  const op = typeof operator === 'string' ? operator : /^\/.*\/$/.test(text) ? '=~' : '=';
  const right = op.endsWith('~') ? nameOrRegex(text) : `'${text.replaceAll("'", "\\'")}'`;
  return `${quoted(key.replace(/::tag$/, ''))} ${/^(=~|!~|=|!=|<>|<|>)$/.test(op) ? op : '='} ${right}`;
}

function nameOrRegex(text: string): string {
  return /^\/.+\/$/.test(text) ? text : quoted(text);
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '\\"')}"`;
}
