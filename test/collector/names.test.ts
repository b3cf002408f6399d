/**
 * No name of ours means something else elsewhere: everything that we expose, held against what node_exporter, the kubelet,
 * kube-state-metrics and Prometheus expose (test/fixtures/names). A query that somebody wrote for theirs would find ours too.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DEFAULT_LEVELS, type LevelDef } from '../../collector/aggregate/levels.ts';
import { metricsOf } from '../../collector/aggregate/plan.ts';
import { FAMILIES } from '../../src/catalog/index.ts';
import { PIPELINE_METRICS } from '../../src/catalog/pipeline.ts';
import { createSelfMetrics } from '../../src/self/metrics.ts';

const FOLDER = new URL('../fixtures/names/', import.meta.url);
const LISTS = new Map(
  readdirSync(FOLDER).map((file): [string, Set<string>] => {
    const lines = readFileSync(new URL(file, FOLDER), 'utf8').split('\n');
    return [file.replace('.txt', ''), new Set(lines.filter((line) => line !== '' && !line.startsWith('#')))];
  }),
);

/** Who else has the name. */
function ownersOf(name: string): string[] {
  return [...LISTS].filter(([, names]) => names.has(name)).map(([owner]) => owner);
}

const taken = (names: Iterable<string>): string[] => [...names].filter((name) => ownersOf(name).length > 0).sort();

/** Names that are theirs too, on purpose: the same thing is meant. */
const SAME_MEANING = new Map([
  [
    'container_cpu_usage_seconds_total',
    'cAdvisor’s name, of the same container, at the kubelet’s /metrics/resource too',
  ],
  ['container_memory_working_set_bytes', 'likewise'],
  ['container_start_time_seconds', 'likewise'],
  [
    'pod_cpu_usage_seconds_total',
    'the containers of a pod together, with the labels namespace and pod: what the kubelet means',
  ],
  ['pod_memory_working_set_bytes', 'likewise'],
]);

/** `process_…` is what every program says of its own process, told apart by its job. */
const PER_PROCESS = /^process_/;

describe('names', () => {
  test.each([
    ['node_exporter', 500],
    ['kubelet', 150],
    ['kube-state-metrics', 180],
    ['prometheus', 150],
  ])('the list of %s has at least %i', (owner, least) => {
    const names = [...(LISTS.get(owner) ?? [])];
    expect(names.length).toBeGreaterThanOrEqual(least);
    expect(names.filter((name) => !/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name))).toEqual([]);
  });

  test('single containers and the machine', () => {
    const names = FAMILIES.flatMap(({ columns }) => columns.map(({ metric }) => metric));
    expect(taken(new Set(names))).toEqual([...SAME_MEANING.keys()].filter((name) => name.startsWith('container_')));
  });

  test.each(DEFAULT_LEVELS.map((level) => [level.name, level] as const))('level %s', (name, level) => {
    expect(taken(metricsOf(level, FAMILIES))).toEqual(
      [...SAME_MEANING.keys()].filter((metric) => metric.startsWith(`${name}_`)),
    );
  });

  test('the pipeline’s own, and the process’s', () => {
    expect(taken(PIPELINE_METRICS.map(({ metric }) => metric))).toEqual([]);
    const { registry } = createSelfMetrics({ version: '0', role: 'collector' });
    const own = registry.getMetricsAsArray().map(({ name }) => name);
    expect(own.length).toBeGreaterThan(20);
    expect(taken(own).filter((name) => !PER_PROCESS.test(name))).toEqual([]);
  });

  test('it would be noticed: the level node under its own name takes eight of theirs', () => {
    const plain: LevelDef = { name: 'node', by: [{ as: 'node', from: 'node' }] };
    expect(taken(metricsOf(plain, FAMILIES))).toEqual([
      'node_cpu_usage_seconds_total',
      'node_memory_working_set_bytes',
      'node_network_receive_bytes_total',
      'node_network_receive_errors_total',
      'node_network_receive_packets_total',
      'node_network_transmit_bytes_total',
      'node_network_transmit_errors_total',
      'node_network_transmit_packets_total',
    ]);
  });
});
