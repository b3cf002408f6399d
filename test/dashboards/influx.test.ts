/** The dashboards for InfluxDB: only measurements, fields and tags that the sinks write; and Flux that its own compiler takes. */
import { Flux } from '@influxdata/flux-lsp-node';
import { describe, expect, test } from 'vitest';
import { boards, queriesOf, variableQuery } from '../support/boards.ts';
import { knownMeasurements } from '../support/measurements.ts';

const known = knownMeasurements();
/** Columns that Flux has of itself. */
const OF_FLUX = new Set(['_measurement', '_field', '_time', '_value']);

function variablesOf(store: string): { where: string; query: string }[] {
  return boards(store).flatMap(({ file, templating }) =>
    templating.list
      .filter(({ type }) => type === 'query')
      .map((variable) => ({ where: `${file}, ${variable.name}`, query: variableQuery(variable) })),
  );
}

function asked(store: string): { where: string; query: string }[] {
  return queriesOf(boards(store)).map(({ where, target }) => ({ where, query: target.query ?? '' }));
}

function expectKnown(
  where: string,
  measurement: string,
  { fields, tags }: Record<'fields' | 'tags', Iterable<string>>,
): void {
  const has = known.get(measurement);
  expect(has, `${where}: ${measurement}`).toBeDefined();
  for (const field of fields) expect(has?.fields, `${where}: ${measurement}`).toContain(field);
  for (const tag of tags) expect(has?.tags, `${where}: ${measurement}`).toContain(tag);
}

const all = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, found = '']) => found);

describe('InfluxQL', () => {
  test('panels ask for what the sink writes', () => {
    expect(asked('influxql').length).toBeGreaterThan(80);
    for (const { where, query } of asked('influxql')) {
      const [measurement = ''] = all(query, /FROM "([^"]+)"/g);
      const tags = [...all(query, /"([^"]+)" (?:=|=~) /g), ...all(query, /[,Y] "([^"]+)"/g)];
      expectKnown(where, measurement, { fields: all(query, /last\("((?!v")[^"]+)"\)/g), tags });
    }
  });

  test('so do variables', () => {
    for (const { where, query } of variablesOf('influxql')) {
      const [measurement = ''] = all(query, /FROM "([^"]+)"/g);
      const [keys = ''] = all(query, /WITH KEY (?:= |IN \()((?:"[^"]+"(?:, )?)+)/g);
      const tags = [...all(keys, /"([^"]+)"/g), ...all(query, /"([^"]+)" =~ /g)];
      expect(tags.length).toBeGreaterThan(0);
      expectKnown(where, measurement, { fields: [], tags });
    }
  });
});

describe('Flux', () => {
  function namesIn(query: string): { measurement: string; fields: string[]; tags: string[] } {
    const [measurement = ''] = all(query, /r\["_measurement"\] == "([^"]+)"/g);
    const fields = all(query, /r\["_field"\] == "([^"]+)"/g);
    // In a share the two fields have become columns.
    const columns = all(query, /r\["([^"]+)"\]/g).filter((name) => !fields.includes(name));
    const grouped = all(query, /columns: \[([^\]]*)\]/g).flatMap((list) => all(list, /"([^"]+)"/g));
    const offered = all(query, /tag: "([^"]+)"/g);
    const tags = [...columns, ...grouped, ...offered].filter((name) => !OF_FLUX.has(name));
    return { measurement, fields, tags };
  }

  test('panels and variables ask for what the sink writes', () => {
    expect(asked('flux').length).toBe(asked('influxql').length);
    for (const { where, query } of [...asked('flux'), ...variablesOf('flux')]) {
      const { measurement, fields, tags } = namesIn(query);
      expectKnown(where, measurement, { fields, tags });
    }
  });

  /** What Grafana puts before a query, and variables as it fills them in. */
  function filled(query: string): string {
    const option =
      'option v = {timeRangeStart: -30m, timeRangeStop: now(), windowPeriod: 10s, defaultBucket: "containers"}\n';
    const imports = all(query, /^(import .*)$/gm).join('\n');
    return `${imports}\n${option}${query
      .replaceAll(/^import .*$/gm, '')
      .replaceAll(/\$\{\w+:regex\}/g, '(a|b\\.c)')
      .replaceAll(/\$\{\w+:raw\}/g, 'a,b.c')}`;
  }

  function valid(query: string): boolean {
    const flux = new Flux(query);
    try {
      return flux.is_valid();
    } finally {
      flux.free();
    }
  }

  test('its compiler takes each query, types of functions and arguments included', () => {
    const wrong = [...asked('flux'), ...variablesOf('flux')].filter(({ query }) => !valid(filled(query)));
    expect(wrong).toEqual([]);
  });

  test('its compiler does find what is wrong', () => {
    const [{ query } = { query: '' }] = asked('flux');
    expect(valid(filled(query.replace('fn: last', 'fnn: last')))).toBe(false);
    expect(valid(filled(query.replace('aggregateWindow', 'aggregatWindow')))).toBe(false);
    expect(valid(filled(query.replace('every: v.windowPeriod', 'every: "10s"')))).toBe(false);
    expect(valid(filled(query.replace('|> group', '|> |> group')))).toBe(false);
  });
});

test('InfluxQL and Flux have the same panels', () => {
  const panels = (store: string): string[] =>
    boards(store).flatMap(({ file, panels: list }) =>
      list.map(({ title, type }) => `${file.replace(store, '')} ${type} ${title}`),
    );
  expect(panels('flux')).toEqual(panels('influxql'));
});
