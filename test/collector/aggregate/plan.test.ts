/** The names that levels make of the real catalogue: no two series may be the same, and fields are unique in their measurement. */
import { describe, expect, test } from 'vitest';
import { DEFAULT_LEVELS } from '../../../collector/aggregate/levels.ts';
import { membersShape, planLevel } from '../../../collector/aggregate/plan.ts';
import { cpu } from '../../../src/catalog/cpu.ts';
import { FAMILIES } from '../../../src/catalog/index.ts';

const ALL = { counter: ['total'], gauge: ['sum', 'avg', 'max'] } as const;

const twice = (names: readonly string[]) => names.filter((name, i) => names.indexOf(name) !== i);

describe.each(DEFAULT_LEVELS.map(({ name }) => name))('level %s', (level) => {
  const shapes = [membersShape(level), ...FAMILIES.flatMap((family) => planLevel(level, family, ALL)?.shape ?? [])];
  const columns = shapes.flatMap((shape) => shape.columns);

  test('no metric with the same labels twice', () => {
    expect(twice(columns.map(({ metric, labels }) => `${metric} ${JSON.stringify(labels)}`))).toEqual([]);
  });

  test('one kind and one unit per metric', () => {
    const kinds = new Map(columns.map(({ metric, kind, unit }) => [metric, `${kind} ${unit}`]));
    expect(columns.filter(({ metric, kind, unit }) => kinds.get(metric) !== `${kind} ${unit}`)).toEqual([]);
  });

  test('fields are unique in their measurement, measurements are unique', () => {
    for (const { columns: own } of shapes) expect(twice(own.map(({ field }) => field))).toEqual([]);
    expect(twice(shapes.map(({ measurement }) => measurement))).toEqual([]);
  });

  test('every metric begins with the level; counters end in _total, and of the gauges only those that cAdvisor named so', () => {
    expect(
      columns.filter(({ metric }) => !metric.startsWith(`${level}_`) || /_container_|_machine_/.test(metric)),
    ).toEqual([]);
    const odd = columns.filter(({ metric, kind }) => metric.endsWith('_total') !== (kind === 'counter'));
    expect(odd.filter(({ metric }) => !/_network_(tcp|udp)6?_usage_total$/.test(metric))).toEqual([]);
  });
});

test('a largest member does not take the name of a limit', () => {
  const pids = FAMILIES.find(({ name }) => name === 'pids');
  const metrics = pids && planLevel('pod', pids, ALL)?.shape.columns.map(({ metric }) => metric);
  expect(metrics).toEqual(
    expect.arrayContaining(['pod_threads', 'pod_threads_member_max', 'pod_threads_max', 'pod_threads_max_max']),
  );
});

test('what a service gets of cpu', () => {
  const plan = planLevel('service', cpu, { counter: ['total'], gauge: ['sum', 'max'] });
  expect(plan?.shape.measurement).toBe('service_cpu');
  expect(plan?.shape.columns.map(({ metric, field, labels }) => [metric, field, labels])).toEqual([
    ['service_cpu_usage_seconds_total', 'usage_seconds_total', []],
    ['service_cpu_user_seconds_total', 'user_seconds_total', []],
    ['service_cpu_system_seconds_total', 'system_seconds_total', []],
    ['service_cpu_cfs_periods_total', 'cfs_periods_total', []],
    ['service_cpu_cfs_throttled_periods_total', 'cfs_throttled_periods_total', []],
    ['service_cpu_cfs_throttled_seconds_total', 'cfs_throttled_seconds_total', []],
    ['service_cpu_cfs_burst_periods_total', 'cfs_burst_periods_total', []],
    ['service_cpu_cfs_burst_seconds_total', 'cfs_burst_seconds_total', []],
    ['service_spec_cpu_limit_cores', 'spec_cpu_limit_cores', []],
    ['service_spec_cpu_limit_cores_max', 'spec_cpu_limit_cores_max', []],
    ['service_cpu_limit_utilization_ratio', 'limit_utilization_ratio', []],
  ]);
});
