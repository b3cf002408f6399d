/** Heapster's schema in a real InfluxDB 1: the questions of dashboards that were made for it, answered with numbers that are known. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createInfluxSink } from '../../collector/sinks/influx/sink.ts';
import { systemClock } from '../../src/run/clock.ts';
import { heapsterFrame } from '../support/heapsterframes.ts';
import { type Influx, startInflux } from '../support/influxdb.ts';
import { T0 } from '../support/tables.ts';

const STEPS = 13;
let influx: Influx;

beforeAll(async () => {
  influx = await startInflux({ databases: ['k8s'] });
  const sink = createInfluxSink({
    ...{ url: influx.url, to: { version: 1, database: 'k8s' }, timeoutMs: 10_000, clock: systemClock },
    heapster: { cluster: 'default' },
  });
  for (let step = 0; step < STEPS; step++) {
    const frame = heapsterFrame(step);
    const delivery = await sink.write(frame, new AbortController().signal);
    expect(delivery).toMatchObject({ delivered: sink.wants(frame), problem: undefined });
  }
  await sink.close();
});

afterAll(() => influx?.stop());

/** `$timeFilter` of two minutes; `$interval` of one. T0 is a whole minute, a window's time is its end. */
const DURING = `time >= ${T0}ms AND time < ${T0 + 120_000}ms`;

async function ask(statement: string): Promise<Record<string, unknown[]>> {
  const series = await influx.query('k8s', statement);
  return Object.fromEntries(
    series.map(({ tags = {}, values }) => [Object.values(tags).join(' '), values.map((row) => row.at(-1))]),
  );
}

test('variables: the tags of uptime', async () => {
  expect(await ask('SHOW TAG VALUES FROM "uptime" WITH KEY = "nodename"')).toEqual({ '': ['n1'] });
  expect(await ask('SHOW TAG VALUES FROM "uptime" WITH KEY = "namespace_name"')).toEqual({ '': ['shop'] });
  expect(await ask(`SHOW TAG VALUES FROM "uptime" WITH KEY = "pod_name" WHERE "namespace_name" =~ /shop$/`)).toEqual({
    '': ['web-0'],
  });
});

// Five windows end in the first minute, the one at T0 not being there, six in the second; the first has no rate.
test.each([
  [
    'the cluster’s memory, of its nodes',
    `SELECT sum("value") FROM "memory/usage" WHERE "type" = 'node' AND ${DURING} GROUP BY time(1m) fill(null)`,
    { '': [5 * 60_000, 6 * 60_000] },
  ],
  [
    'the working set of each node',
    `SELECT mean("value") FROM "memory/working_set" WHERE "type" = 'node' AND "nodename" =~ /n1$/ AND ${DURING} GROUP BY time(1m), "nodename" fill(null)`,
    { n1: [50_000, 50_000] },
  ],
  [
    'CPU of each node, in millicores',
    `SELECT mean("value") FROM "cpu/usage_rate" WHERE "type" = 'node' AND ${DURING} GROUP BY time(1m), "nodename" fill(null)`,
    { n1: [500, 500] },
  ],
  [
    'CPU of a pod, by container',
    `SELECT mean("value") FROM "cpu/usage_rate" WHERE "type" = 'pod_container' AND "namespace_name" =~ /shop$/ AND "pod_name" =~ /web-0$/ AND ${DURING} GROUP BY time(1m), "container_name" fill(null)`,
    { log: [10, 10], web: [250, 250] },
  ],
  [
    'CPU of namespaces',
    `SELECT max("value") FROM "cpu/usage_rate" WHERE "type" = 'ns' AND ${DURING} GROUP BY time(1m), "namespace_name" fill(null)`,
    { data: [100, 100], shop: [260, 260] },
  ],
  [
    'a pod’s network',
    `SELECT mean("value") FROM "network/rx_rate" WHERE "type" = 'pod' AND "pod_name" =~ /web-0$/ AND ${DURING} GROUP BY time(1m) fill(null)`,
    { '': [10, 10] },
  ],
  [
    'file systems of a node',
    `SELECT max("value") FROM "filesystem/usage" WHERE "type" = 'node' AND ${DURING} GROUP BY time(1m), "resource_id" fill(null)`,
    { '/dev/sda1': [900, 900], '/dev/sdb1': [50, 50] },
  ],
  [
    'how much of a node is used',
    `SELECT mean("value") FROM "cpu/node_utilization" WHERE "type" = 'node' AND ${DURING} GROUP BY time(1m) fill(null)`,
    { '': [0.125, 0.125] },
  ],
  [
    'the cluster’s own sum',
    `SELECT last("value") FROM "memory/usage" WHERE "type" = 'cluster' AND ${DURING} GROUP BY time(2m)`,
    { '': [5230] },
  ],
])('%s', async (_what, statement, expected) => {
  expect(await ask(statement)).toEqual(expected);
});

test('whole numbers are fields of whole numbers, as in a database that Heapster filled', async () => {
  const kinds = await influx.query('k8s', 'SHOW FIELD KEYS FROM "cpu/usage_rate", "network/rx_rate", "cpu/usage"');
  expect(Object.fromEntries(kinds.map(({ name, values }) => [name, values[0]]))).toEqual({
    'cpu/usage': ['value', 'integer'],
    'cpu/usage_rate': ['value', 'integer'],
    'network/rx_rate': ['value', 'float'],
  });
});
