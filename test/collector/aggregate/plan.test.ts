/** The names that levels make of the real catalogue: no two series may be the same, and fields are unique in their measurement. */
import { describe, expect, test } from 'vitest';
import { DEFAULT_LEVELS, type LevelDef, prefixOf } from '../../../collector/aggregate/levels.ts';
import { GAUGE_OUTPUTS } from '../../../collector/aggregate/options.ts';
import { membersShape, planLevel } from '../../../collector/aggregate/plan.ts';
import { cpu } from '../../../src/catalog/cpu.ts';
import { FAMILIES, familyNamed } from '../../../src/catalog/index.ts';
import type { Family } from '../../../src/model/family.ts';

const ALL = GAUGE_OUTPUTS;

const twice = (names: readonly string[]) => names.filter((name, i) => names.indexOf(name) !== i);

describe.each(DEFAULT_LEVELS.map((level) => [level.name, level] as const))('level %s', (_name, level) => {
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

  test('every metric begins with the level’s prefix; counters end in _total, and of the gauges only those that cAdvisor named so', () => {
    expect(
      columns.filter(
        ({ metric }) => !`${metric}_`.startsWith(`${prefixOf(level)}_`) || /_container_|_machine_/.test(metric),
      ),
    ).toEqual([]);
    const odd = columns.filter(({ metric, kind }) => metric.endsWith('_total') !== (kind === 'counter'));
    expect(odd.filter(({ metric }) => !/_network_(tcp|udp)6?_usage_total$/.test(metric))).toEqual([]);
  });
});

const namesOf = (level: LevelDef, family: string): string[] =>
  planLevel(level, familyNamed(family) as Family, ALL)?.shape.columns.map(({ metric }) => metric) ?? [];

test('what a service gets of cpu', () => {
  const plan = planLevel({ name: 'service' }, cpu, ['max']);
  expect(plan?.shape.measurement).toBe('service_cpu');
  expect(plan?.shape.columns.map(({ metric, field, labels }) => [metric, field, labels])).toEqual([
    ['service_cpu_usage_seconds_total', 'usage_seconds_total', []],
    ['service_cpu_user_seconds_total', 'user_seconds_total', []],
    ['service_cpu_system_seconds_total', 'system_seconds_total', []],
    ['service_cpu_cfs_periods_total', 'cfs_periods_total', []],
    ['service_cpu_cfs_throttled_periods_total', 'cfs_throttled_periods_total', []],
    ['service_cpu_cfs_throttled_seconds_total', 'cfs_throttled_seconds_total', []],
    ['service_cpu_limit_utilization_ratio', 'limit_utilization_ratio', []],
    ['service_cpu_request_utilization_ratio', 'request_utilization_ratio', []],
  ]);
});

describe('what a level calls its metrics', () => {
  const node = DEFAULT_LEVELS.find(({ name }) => name === 'node') as LevelDef;

  test('the level node: node_containers_…, and the count of its containers node_containers', () => {
    expect(membersShape(node)).toMatchObject({
      measurement: 'node_containers_group',
      columns: [{ metric: 'node_containers', field: 'containers' }],
    });
    expect(planLevel(node, cpu, ALL)?.shape.measurement).toBe('node_containers_cpu');
    expect(namesOf(node, 'oom')).toEqual(['node_containers_oom_events_total']);
  });

  test('another level: its name, or the prefix it is given', () => {
    const team: LevelDef = { name: 'team', by: [{ as: 'team', from: 'container_label_team' }] };
    expect(membersShape(team).columns[0]?.metric).toBe('team_containers');
    expect(namesOf(team, 'oom')).toEqual(['team_oom_events_total']);
    const acme = { ...team, prefix: 'acme_team' };
    expect(membersShape(acme).columns[0]?.metric).toBe('acme_team_containers');
    expect(namesOf(acme, 'oom')).toEqual(['acme_team_oom_events_total']);
  });
});

describe('a level gets what somebody would ask for', () => {
  const service: LevelDef = { name: 'service', by: [] };

  test('a state and a health are counted', () => {
    const columns = planLevel(service, familyNamed('state') as Family, ALL)?.shape.columns ?? [];
    expect(new Set(columns.map(({ metric }) => metric))).toEqual(
      new Set(['service_state', 'service_health_status', 'service_restarts_total']),
    );
    expect(columns.filter(({ kind }) => kind === 'gauge').map(({ labels }) => labels[0]?.[1])).toEqual([
      ...['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'],
      ...['healthy', 'unhealthy', 'starting'],
    ]);
  });

  test('a limit is summed', () => {
    const limits = ['cpu', 'memory', 'pids'].flatMap((family) => namesOf(service, family));
    expect(limits.filter((metric) => /_spec_|threads_max/.test(metric))).toEqual([
      'service_spec_cpu_limit_cores',
      'service_spec_cpu_request_cores',
      'service_spec_memory_limit_bytes',
      'service_spec_memory_request_bytes',
      'service_threads_max',
    ]);
  });

  test('time lost waiting is the worst member’s, never a sum', () => {
    expect(namesOf(service, 'pressure')).toEqual([
      'service_pressure_cpu_waiting_max_ratio',
      'service_pressure_memory_waiting_max_ratio',
      'service_pressure_memory_stalled_max_ratio',
      'service_pressure_io_waiting_max_ratio',
      'service_pressure_io_stalled_max_ratio',
    ]);
  });

  test('a group has 60 series of the families that are on, at most, and one of pods what is asked for besides', () => {
    const families = FAMILIES.filter(
      ({ byDefault, name }) => byDefault && name !== 'disk' && !name.startsWith('machine'),
    );
    const counts = families.map((family) => [family.name, namesOf(service, family.name).length] as const);
    expect(counts.filter(([, count]) => count > 0)).toEqual([
      // Use, user, system, periods, throttled periods and seconds; the limit; the ratio. Of pods the request, and its ratio.
      ['cpu', 6 + 1 + 1 + 2],
      // Use, working set three times, rss twice, cache, swap, kernel, limit; major faults, high and max; the ratio, of all and of the nearest. Of pods as above.
      ['memory', 10 + 3 + 2 + 2],
      ['oom', 1],
      ['pressure', 5],
      // Bytes and operations, each way.
      ['diskio', 4],
      // Threads, their limit, failures; the ratio.
      ['pids', 4],
      // Bytes, packets, errors, dropped, each way.
      ['network', 8],
      // States, healths, restarts.
      ['state', 7 + 3 + 1],
      // Bytes, of the largest member too; inodes.
      ['filesystem', 3],
    ]);
    // And the number of its containers. Twenty services of a host with 100 containers, its node and its cluster: 22 * 60.
    expect(counts.reduce((sum, [, count]) => sum + count, 1)).toBe(60 + 4);
  });
});
