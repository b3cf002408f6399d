/** Flux, for InfluxDB 2. The bucket is the data source's default one. */
import { QueryVariableBuilder, VariableRefresh, VariableSort } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Choice, Condition, Dialect, Measure } from './measure.ts';
import { DATASOURCE, influxTarget } from './target.ts';

const list = (names: readonly string[]): string => `[${names.map((name) => `"${name}"`).join(', ')}]`;

function condition([tag, is]: Condition): string {
  if ('value' in is) return `r["${tag}"] == "${is.value}"`;
  const fits = `r["${tag}"] =~ /^\${${is.variable}:regex}$/`;
  // What is not there fits no expression, be it the one for everything.
  return is.optional ? `(${fits} or (not exists r["${tag}"] and "\${${is.variable}:raw}" == ".*"))` : fits;
}

function rows({ measurement, field, against, where, each }: Measure): string[] {
  const fields = [field, ...(against === undefined ? [] : [against])];
  const named = fields.map((name) => `r["_field"] == "${name}"`).join(' or ');
  const chosen = where.map(condition).join(' and ');
  return [
    'from(bucket: v.defaultBucket)',
    'range(start: v.timeRangeStart, stop: v.timeRangeStop)',
    `filter(fn: (r) => r["_measurement"] == "${measurement}" and (${named}))`,
    ...(chosen === '' ? [] : [`filter(fn: (r) => ${chosen})`]),
    // What is apart by other tags, an image for example, is one series.
    `group(columns: ${list([...each, '_field'])})`,
    'sort(columns: ["_time"])',
    'aggregateWindow(every: v.windowPeriod, fn: last, createEmpty: false)',
  ];
}

function reading(measure: Measure): string[] {
  const { as, field, against, each } = measure;
  if (as === 'rate') return ['derivative(unit: 1s, nonNegative: true)'];
  if (as === 'growth') return ['difference(nonNegative: true)'];
  if (as === 'gauge') return [];
  const share = `r["${field}"] / r["${against}"]`;
  return [
    `group(columns: ${list(each)})`,
    'pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")',
    `filter(fn: (r) => exists r["${field}"] and exists r["${against}"])`,
    `map(fn: (r) => ({r with _value: ${as === 'rest' ? `1.0 - ${share}` : share}}))`,
  ];
}

function pipe(steps: readonly string[]): string {
  return steps.join('\n  |> ');
}

function overTime(measure: Measure): string {
  const { by, join = 'sum' } = measure;
  return pipe([
    ...rows(measure),
    ...reading(measure),
    `group(columns: ${list(['_time', ...by])})`,
    `${join}()`,
    `group(columns: ${list(by)})`,
    'sort(columns: ["_time"])',
    `keep(columns: ${list(['_time', '_value', ...by])})`,
  ]);
}

/** The last value of each series, joined, in one table. What grew is added up instead, and a rate is that of all the time. */
function atTheEnd(measure: Measure, title: string): string {
  const { by, each, join = 'sum', as } = measure;
  return pipe([
    ...rows(measure),
    ...reading(measure),
    `group(columns: ${list(each)})`,
    as === 'growth' ? 'sum()' : as === 'rate' ? 'mean()' : 'last()',
    `group(columns: ${list(by)})`,
    `${join}()`,
    'group()',
    `keep(columns: ${list(['_value', ...by])})`,
    `rename(columns: {_value: "${title}"})`,
  ]);
}

function choice({ name, label, measurement, tags, where, all }: Choice): QueryVariableBuilder {
  const any = where.map((set) => `(${set.map(condition).join(' and ')})`).join(' or ');
  const chosen = any === '' ? '' : ` and (${any})`;
  const values = (tag: string): string =>
    `schema.tagValues(bucket: v.defaultBucket, tag: "${tag}", predicate: (r) => r["_measurement"] == "${measurement}"${chosen})`;
  const source = tags.length === 1 ? values(tags[0] as string) : `union(tables: [${tags.map(values).join(', ')}])`;
  const query = `import "influxdata/influxdb/schema"\n${source}`;
  const made = new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query({ query, refId: `variable-${name}` })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc)
    .multi(true)
    .includeAll(true)
    .current({ selected: true, text: ['All'], value: ['$__all'] });
  return all === undefined ? made : made.allValue(all);
}

export const flux: Dialect = {
  store: 'plimsoll-flux',
  label: 'InfluxDB (Flux)',
  over: (measure, legend) => ({
    query: (refId) => influxTarget({ refId, query: overTime(measure) }),
    displayName: legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => `\${__field.labels.${label}}`),
  }),
  cells: (measure, title) => (refId) => influxTarget({ refId, query: atTheEnd(measure, title) }),
  choice,
};
