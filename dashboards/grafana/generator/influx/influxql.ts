/** InfluxQL, for InfluxDB 1 and for what speaks its language. */
import { QueryVariableBuilder, VariableRefresh, VariableSort } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Choice, Condition, Dialect, Measure } from './measure.ts';
import { DATASOURCE, influxTarget } from './target.ts';

const quoted = (names: readonly string[]): string[] => names.map((name) => `"${name}"`);

function condition([tag, is]: Condition): string {
  return 'variable' in is ? `"${tag}" =~ /^$${is.variable}$/` : `"${tag}" = '${is.value}'`;
}

function filter({ where }: Measure): string {
  return [...where.map(condition), '$timeFilter'].join(' AND ');
}

/** One series at one interval. */
function reading({ as, field, against }: Measure): string {
  const last = `last("${field}")`;
  if (as === 'rate') return `non_negative_derivative(${last}, 1s)`;
  if (as === 'growth') return `non_negative_difference(${last})`;
  if (as === 'gauge') return last;
  const share = `${last} / last("${against}")`;
  return as === 'rest' ? `1 - ${share}` : share;
}

function inner(measure: Measure): string {
  const groups = ['time($__interval)', ...quoted(measure.each)].join(', ');
  return `SELECT ${reading(measure)} AS "v" FROM "${measure.measurement}" WHERE ${filter(measure)} GROUP BY ${groups}`;
}

function grouped(tags: readonly string[]): string {
  return tags.length === 0 ? '' : ` GROUP BY ${tags.join(', ')}`;
}

function overTime(measure: Measure): string {
  const { by, join = 'sum' } = measure;
  const groups = grouped(['time($__interval)', ...quoted(by)]);
  return `SELECT ${join}("v") FROM (${inner(measure)}) WHERE $timeFilter${groups} fill(none)`;
}

/**
 * The last value of each series, joined. What grew is added up instead, and a rate is that of all the time: in the last interval,
 * which is not yet over, it would be too small.
 */
function atTheEnd(measure: Measure, title: string): string {
  const { by, each, join = 'sum', as } = measure;
  const lasting = as === 'growth' ? 'sum' : as === 'rate' ? 'mean' : 'last';
  const last = `SELECT ${lasting}("v") AS "v" FROM (${inner(measure)}) WHERE $timeFilter${grouped(quoted(each))}`;
  return `SELECT ${join}("v") AS "${title}" FROM (${last}) WHERE $timeFilter${grouped(quoted(by))}`;
}

function choice({ name, label, measurement, tags, where, all }: Choice): QueryVariableBuilder {
  const any = where.map((set) => `(${set.map(condition).join(' AND ')})`).join(' OR ');
  const keys = tags.length === 1 ? `= "${tags[0]}"` : `IN (${quoted(tags).join(', ')})`;
  const query = `SHOW TAG VALUES FROM "${measurement}" WITH KEY ${keys}${any === '' ? '' : ` WHERE ${any}`}`;
  const made = new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query(query)
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc)
    .multi(true)
    .includeAll(true)
    .current({ selected: true, text: ['All'], value: ['$__all'] });
  return all === undefined ? made : made.allValue(all);
}

export const influxql: Dialect = {
  store: 'plimsoll-influxql',
  label: 'InfluxDB (InfluxQL)',
  over: (measure, legend) => ({
    query: (refId) =>
      influxTarget({
        refId,
        query: overTime(measure),
        rawQuery: true,
        resultFormat: 'time_series',
        alias: legend.replaceAll(/\{\{(\w+)\}\}/g, '[[tag_$1]]'),
      }),
  }),
  cells: (measure, title) => (refId) =>
    influxTarget({ refId, query: atTheEnd(measure, title), rawQuery: true, resultFormat: 'table' }),
  choice,
};
