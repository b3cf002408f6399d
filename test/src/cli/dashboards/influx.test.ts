/** What InfluxQL statements and Flux scripts ask for. */
import { describe, expect, test } from 'vitest';
import { readFlux } from '../../../../src/cli/dashboards/query/flux.ts';
import { readInfluxql } from '../../../../src/cli/dashboards/query/influxql.ts';

describe('InfluxQL', () => {
  test('measurement, fields, conditions, tags to group by', () => {
    const text = `SELECT non_negative_derivative(mean("rx_bytes"), 1s) / 8 AS "bits", last(tx_bytes::float) FROM "telegraf"."autogen"."docker_container_net"
      WHERE ("container_name" =~ /^a\\/b$/ OR host = 'x') AND time > now() - 1h GROUP BY time(10s), "container_name"::tag, host fill(null) ORDER BY time DESC LIMIT 5`;
    expect(readInfluxql(text)).toEqual([
      {
        measurements: ['docker_container_net'],
        columns: ['rx_bytes', 'tx_bytes'],
        conditions: [
          { key: 'container_name', value: '/^a\\/b$/' },
          { key: 'host', value: 'x' },
        ],
        tags: ['container_name', 'host'],
      },
    ]);
  });

  test('a sub-query is what counts, with what is asked of it from outside', () => {
    const text = `SELECT sum("m") FROM (SELECT max("value") AS "m" FROM "memory/usage" WHERE "type" = 'pod' GROUP BY "pod_name") GROUP BY "nodename"`;
    expect(readInfluxql(text)).toEqual([
      {
        measurements: ['memory/usage'],
        columns: ['value'],
        conditions: [{ key: 'type', value: 'pod' }],
        tags: ['pod_name', 'nodename'],
      },
    ]);
  });

  test('several measurements, patterns, statements', () => {
    expect(
      readInfluxql('SELECT * FROM a, /^b/; SELECT mean(x) FROM c').map(({ measurements }) => measurements),
    ).toEqual([['a', '/^b/'], ['c']]);
  });

  test.each([
    ['SHOW TAG VALUES FROM "docker" WITH KEY = "engine_host"', ['docker'], ['engine_host']],
    ['SHOW TAG VALUES WITH KEY IN ("a", "b") WHERE c = \'d\'', [], ['a', 'b']],
    ['show measurements', [], []],
    ['SHOW FIELD KEYS FROM mem', ['mem'], []],
  ])('%s', (text, measurements, tags) => {
    const [asked] = readInfluxql(text);
    expect(asked?.measurements).toEqual(measurements);
    expect(asked?.tags).toEqual(tags);
    expect(asked?.columns).toEqual([]);
  });

  test('what is none', () => {
    expect(() => readInfluxql('DROP DATABASE x')).toThrow('it is no InfluxQL: it begins with neither SELECT nor SHOW');
    expect(() => readInfluxql('SELECT # FROM x')).toThrow('it is no InfluxQL at character 8, before "# FROM x"');
  });
});

describe('Flux', () => {
  test('each pipeline with its filters, groups and tags', () => {
    const text = `import "influxdata/influxdb/schema"
      // from(bucket: "not this")
      a = from(bucket: "b") |> range(start: -1h)
        |> filter(fn: (r) => r._measurement == "m" and (r._field == "f" or r["_field"] == "g") and r["host"] =~ /^x$/)
        |> group(columns: ["host", "_time"])
      schema.tagValues(bucket: "b", tag: "name", predicate: (r) => r._measurement == "n")`;
    expect(readFlux(text)).toEqual([
      { measurements: ['m'], columns: ['f', 'g'], conditions: [{ key: 'host', value: '/^x$/' }], tags: ['host'] },
      { measurements: ['n'], columns: [], conditions: [], tags: ['name'] },
    ]);
  });

  test('what is none', () => {
    expect(() => readFlux('buckets()')).toThrow('it is no Flux: it has no from(bucket: …)');
  });
});
