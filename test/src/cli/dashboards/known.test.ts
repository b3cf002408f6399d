/** What is said to use in place of others' names is there: every name of every table is of the catalogue, every query can be read. */
import { describe, expect, test } from 'vitest';
import { CADVISOR, OTHER_LABELS } from '../../../../src/cli/dashboards/known/cadvisor.ts';
import { CADVISOR_INFLUX, HEAPSTER, HEAPSTER_LEVELS } from '../../../../src/cli/dashboards/known/heapster.ts';
import { NODE_EXPORTER } from '../../../../src/cli/dashboards/known/nodeexporter.ts';
import { type Other, knownIn } from '../../../../src/cli/dashboards/known/other.ts';
import { TELEGRAF, TELEGRAF_IN_PROMETHEUS } from '../../../../src/cli/dashboards/known/telegraf.ts';
import { offeredBy } from '../../../../src/cli/dashboards/offered.ts';
import { readPromql } from '../../../../src/cli/dashboards/query/promql.ts';
import { ABSENT } from '../../../../src/catalog/absent.ts';
import { schema } from '../../../../src/config/schema.ts';

const offered = offeredBy(schema.parse({}));
const PREFIXES = /\b(?:container|machine|plimsoll|service|pod|namespace|node_containers|cluster)_[a-z0-9_]+\b/g;
const labels = new Set(['container_label_io_kubernetes_container_name', 'container_label_io_kubernetes_pod_name']);

function rowsOf(): [string, Other][] {
  const programs = [CADVISOR, NODE_EXPORTER, TELEGRAF_IN_PROMETHEUS].flatMap(({ from, others }) =>
    others.map((row): [string, Other] => [`${from} ${row.names}`, row]),
  );
  const schemas = [HEAPSTER, CADVISOR_INFLUX, TELEGRAF].flatMap(({ from, measurements }) =>
    measurements.flatMap(({ names, fields }) =>
      fields.map((row): [string, Other] => [`${from} ${names} ${row.names}`, row]),
    ),
  );
  return [...programs, ...schemas];
}

test.each(rowsOf())('%s', (_what, { use = '', why }) => {
  // At the level of pods groups have what they get; what only containers have is written out.
  const here = use.replaceAll('<level>', 'pod');
  const asked = here === '' ? [] : readPromql(here).selectors;
  for (const { metric = '', matchers } of asked) {
    const own = offered.metrics.get(metric);
    expect(own, metric).toBeDefined();
    for (const { label, value } of matchers) {
      expect(own?.labels.has(label), `${metric} ${label}`).toBe(true);
      expect([undefined, true], `${metric} ${label}`).toContain(own?.labels.get(label)?.has(value));
    }
  }
  for (const [name] of why.matchAll(PREFIXES)) {
    if (!labels.has(name) && !name.endsWith('_')) expect(offered.metrics.has(name), name).toBe(true);
  }
  expect(why).toMatch(/\.$/);
});

test('labels and tags to use are there', () => {
  const all = new Set([...offered.metrics.values()].flatMap((each) => [...each.labels.keys()]));
  const uses = [
    ...OTHER_LABELS.values(),
    ...[TELEGRAF, HEAPSTER, CADVISOR_INFLUX].flatMap(({ tags }) => [...tags.values()]),
  ];
  for (const { use } of uses) {
    if (use === undefined || offered.metrics.has(use) || offered.measurements.has(use)) continue;
    expect(all.has(use) || offered.readable(use), use).toBe(true);
  }
});

describe('what METRICS.md says is absent', () => {
  test.each(ABSENT.flatMap(({ metrics, why }) => metrics.map((metric) => [metric, why])))('%s', (metric, why) => {
    expect(knownIn([CADVISOR], metric)).toEqual({
      names: expect.anything(),
      from: 'cAdvisor',
      why: why.replaceAll('`', ''),
    });
  });
});

test('Heapster’s levels are prefixes of ours', () => {
  for (const prefix of HEAPSTER_LEVELS.values())
    expect(offered.metrics.has(`${prefix}_memory_working_set_bytes`), prefix).toBe(true);
});

describe('node_exporter', () => {
  // Of what it says of memory, disks and network some is not here at all; nothing may be called ours.
  test.each([
    'node_memory_Slab_bytes',
    'node_disk_flush_requests_total',
    'node_network_mtu_bytes',
    'node_hwmon_temp_celsius',
  ])('%s: keep it', (metric) => {
    expect(knownIn([NODE_EXPORTER], metric)).toMatchObject({
      why: 'Plimsoll does not read this; keep node_exporter for it.',
    });
    expect(knownIn([NODE_EXPORTER], metric)).not.toHaveProperty('use');
  });

  test('a group of our level node is none of its', () => {
    expect(knownIn([NODE_EXPORTER], 'node_containers_cpu_usage_seconds_total')).toBeUndefined();
    expect(offered.metrics.has('node_containers_cpu_usage_seconds_total')).toBe(true);
  });
});
