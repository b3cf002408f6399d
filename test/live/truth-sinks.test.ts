/**
 * One window, seen four ways: the collector's page, InfluxDB 1.6, VictoriaMetrics behind InfluxDB's v2 address, and the pipeline's
 * own counts. promtool judges the pages.
 */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { burn } from '../support/containers.ts';
import { engineAt } from '../support/engine.ts';
import { type Influx, type InfluxSeries, startInflux } from '../support/influxdb.ts';
import type { Page } from '../support/page.ts';
import { CLUSTER, NODE, serviceLabels, type Stage, startStage } from '../support/stage.ts';
import { startVictoria, type Victoria } from '../support/victoria.ts';
import { promtool } from '../support/promtool.ts';
import { waitFor } from '../support/wait.ts';

const socket = inject('dockerSocket');
const engine = engineAt(socket);
const WINDOW_MS = 1000;

let stage: Stage;
let influx: Influx;
let victoria: Victoria;

beforeAll(async () => {
  [influx, victoria] = await Promise.all([startInflux({ databases: ['all', 'groups'] }), startVictoria()]);
  const sinks = {
    all: { kind: 'influxdb1', url: influx.url, database: 'all' },
    groups: { kind: 'influxdb1', url: influx.url, database: 'groups', levels: ['service', 'node', 'cluster'] },
    victoria: { kind: 'influxdb2', url: victoria.url, bucket: 'plimsoll' },
  };
  stage = await startStage({ socket, sinks });
  await burn(engine, { name: 'burner', cores: 0.2, flags: serviceLabels('shop', 'worker') });
  await engine.run({
    name: 'holder',
    flags: [...serviceLabels('shop', 'store'), '--memory', '32m'],
    script: 'sleep 100000',
  });
});

afterAll(async () => {
  await stage?.stop();
  await Promise.all([influx?.stop(), victoria?.stop()]);
  await engine.remove();
});

/** A page of a window in which both containers were read, and the window's end, Unix milliseconds. */
async function wholePage(): Promise<{ page: Page; endMs: number }> {
  const page = await stage.until(
    'collector',
    (one) => ['burner', 'holder'].every((name) => one.all('container_last_seen', { name }).length === 1) && one,
    'both containers',
  );
  // The page does not say which window it is; its containers' own times do.
  const readMs = page.value('container_last_seen', { name: 'burner' }) * 1000;
  return { page, endMs: (Math.floor(readMs / WINDOW_MS) + 1) * WINDOW_MS };
}

/** What both databases must hold: measurement and field, the tags that choose the group, and the series on the page. */
const GROUPS: readonly (readonly [measurement: string, field: string, tags: Record<string, string>, metric: string])[] =
  [
    ['service_cpu', 'usage_seconds_total', { project: 'shop', service: 'worker' }, 'service_cpu_usage_seconds_total'],
    ['service_cpu', 'cfs_periods_total', { project: 'shop', service: 'worker' }, 'service_cpu_cfs_periods_total'],
    ['service_memory', 'usage_bytes', { project: 'shop', service: 'store' }, 'service_memory_usage_bytes'],
    ['service_memory', 'rss_max', { project: 'shop', service: 'store' }, 'service_memory_rss_max'],
    ['service_memory', 'limit_utilization_ratio', { service: 'store' }, 'service_memory_limit_utilization_ratio'],
    ['service_network', 'receive_bytes_total', { service: 'worker' }, 'service_network_receive_bytes_total'],
    ['node_containers_cpu', 'usage_seconds_total', { node: NODE }, 'node_containers_cpu_usage_seconds_total'],
    ['node_containers_pids', 'threads', { node: NODE }, 'node_containers_threads'],
    ['node_containers_group', 'containers', { node: NODE }, 'node_containers'],
    ['cluster_memory', 'working_set_bytes_avg', { cluster: CLUSTER }, 'cluster_memory_working_set_bytes_avg'],
    ['cluster_group', 'containers', { cluster: CLUSTER }, 'cluster_containers'],
  ];

/** An InfluxQL condition. */
function where(tags: Record<string, string>): string {
  return Object.entries(tags)
    .map(([tag, value]) => `"${tag}" = '${value}'`)
    .join(' AND ');
}

/** The field's one value at a moment, awaited: the sink writes a window a moment after the page shows it. */
function influxAt(measurement: string, field: string, condition: string): Promise<number> {
  const statement = `SELECT "${field}" FROM "${measurement}" WHERE ${condition}`;
  return waitFor(
    async () => {
      const series = await influx.query('all', statement);
      if (series.length === 0) return undefined;
      expect(
        series.flatMap(({ values }) => values),
        statement,
      ).toHaveLength(1);
      return series[0]?.values[0]?.[1] as number;
    },
    { what: statement },
  );
}

describe('InfluxDB 1.6', () => {
  test('holds the groups of a window as the page shows them, at the window’s end', async () => {
    const { page, endMs } = await wholePage();
    for (const [measurement, field, tags, metric] of GROUPS) {
      const value = await influxAt(measurement, field, `${where(tags)} AND time = ${endMs}ms`);
      expect(value, metric).toBe(page.value(metric, tags));
    }
  });

  test('holds the containers as they were read, at the time they were read', async () => {
    const { page, endMs } = await wholePage();
    const seen = page.value('container_last_seen', { name: 'burner' });
    const exact = `"name" = 'burner' AND time = ${Math.round(seen * 1000)}ms`;
    expect(await influxAt('container_state', 'last_seen', exact)).toBe(seen);
    const inWindow = `"name" = 'burner' AND time >= ${endMs - WINDOW_MS}ms AND time < ${endMs}ms`;
    for (const [measurement, field, metric] of [
      ['container_cpu', 'usage_seconds_total', 'container_cpu_usage_seconds_total'],
      ['container_cpu', 'spec_cpu_limit_cores', 'container_spec_cpu_limit_cores'],
      ['container_memory', 'rss', 'container_memory_rss'],
    ] as const) {
      expect(await influxAt(measurement, field, inWindow), metric).toBe(page.value(metric, { name: 'burner' }));
    }
  });

  test('holds every number of the page and no other', async () => {
    const { page, endMs } = await wholePage();
    const own = /^(plimsoll|process|nodejs)_/;
    const shown = page.metrics
      .filter((metric) => !own.test(metric))
      .reduce((sum, metric) => sum + page.all(metric).length, 0);
    // The last group of the window; what is written after it is of the next window.
    await influxAt('cluster_state', 'state_running', `time = ${endMs}ms`);
    const [first, end] = [endMs - WINDOW_MS, endMs].map((ms) => `${ms}ms`);
    const containers = await influx.query(
      'all',
      `SELECT * FROM /^(container_|machine)/ WHERE time >= ${first} AND time < ${end} GROUP BY *`,
    );
    const groups = await influx.query('all', `SELECT * FROM /^(service|node|cluster)_/ WHERE time = ${end} GROUP BY *`);
    expect(numbersIn(containers) + numbersIn(groups)).toBe(shown);
  });

  test('gets only the levels that the sink was told to take', async () => {
    const names = async (database: string): Promise<Set<string>> => {
      const [series] = await influx.query(database, 'SHOW MEASUREMENTS');
      return new Set(series?.values.map(([name]) => String(name).split('_')[0] as string));
    };
    expect(await names('groups')).toEqual(new Set(['service', 'node', 'cluster']));
    expect(await names('all')).toContain('container');
  });
});

/** Fields that are not null; the container's id, a string, is no number of ours. */
function numbersIn(series: readonly InfluxSeries[]): number {
  return series
    .flatMap(({ values }) => values)
    .reduce((sum, row) => sum + row.slice(1).filter((cell) => typeof cell === 'number').length, 0);
}

describe('VictoriaMetrics', () => {
  /** Stores 15 significant digits at least: a last digit of a double may differ. */
  const DIGITS = 1e-14;

  async function exportedAt(metric: string, tags: Record<string, string>, timeMs: number): Promise<number> {
    const selector = `{__name__="${metric}",${Object.entries(tags)
      .map(([tag, value]) => `${tag}="${value}"`)
      .join()}}`;
    return waitFor(
      async () => {
        const [series, second] = await victoria.exported(selector);
        expect(second, selector).toBeUndefined();
        const times = series?.timestamps ?? [];
        expect(new Set(times).size).toBe(times.length);
        return series?.values[times.indexOf(timeMs)];
      },
      { what: `${selector} at ${timeMs}` },
    );
  }

  test('holds the same, measurement and field joined to a name', async () => {
    const { page, endMs } = await wholePage();
    for (const [measurement, field, tags, metric] of GROUPS) {
      const value = await exportedAt(`${measurement}_${field}`, tags, endMs);
      const shown = page.value(metric, tags);
      expect(Math.abs(value - shown), metric).toBeLessThanOrEqual(DIGITS * shown);
    }
    const seen = page.value('container_last_seen', { name: 'holder' });
    expect(await exportedAt('container_state_last_seen', { name: 'holder' }, Math.round(seen * 1000))).toBe(seen);
  });

  test('answers PromQL with what the page’s counter grew by', async () => {
    const counter = 'cluster_cpu_usage_seconds_total';
    const { page, endMs } = await wholePage();
    const now = page.value(counter);
    const [before, after] = [endMs, endMs + 3 * WINDOW_MS];
    await exportedAt(counter, { cluster: CLUSTER }, before);
    const later = await exportedAt(counter, { cluster: CLUSTER }, after);
    // Samples are at both ends of the three seconds, exactly: their times are the windows' ends.
    const series = `${counter}{cluster="${CLUSTER}"}`;
    const [grown] = await victoria.query(`${series} - ${series} offset 3s`, after / 1000);
    expect(grown?.value).toBeCloseTo(later - now, 9);
  });
});

describe('the pipeline’s own counts', () => {
  const PAGES = 10;

  test('received = accepted + dropped + pending at the collector, = delivered + dropped + queued at each sink', async () => {
    for (let i = 0; i < PAGES; i++) {
      const page = await stage.views.collector();
      const total = (name: string, match = {}): number => page.sum(`plimsoll_${name}`, match) ?? 0;
      const collector = (what: string): number => total(`collector_samples_${what}`);
      expect(collector('accepted_total') + collector('dropped_total') + collector('pending')).toBe(
        collector('received_total'),
      );
      expect(collector('received_total')).toBeGreaterThan(0);
      const sinks = page.labelValues('plimsoll_sink_samples_received_total', 'sink');
      expect(sinks).toEqual(['all', 'groups', 'prometheus', 'victoria']);
      for (const sink of sinks) {
        const [delivered, dropped] = ['delivered', 'dropped'].map((what) =>
          total(`sink_samples_${what}_total`, { sink }),
        );
        const queued = total('sink_queue_samples', { sink });
        expect((delivered as number) + (dropped as number) + queued, sink).toBe(
          total('sink_samples_received_total', { sink }),
        );
        expect(dropped, sink).toBe(0);
        expect(total('sink_up', { sink }), sink).toBe(1);
      }
    }
  });
});

describe('promtool', () => {
  test.each(['agent', 'collector', 'containers'] as const)(
    'finds nothing wrong with the page of the %s',
    async (side) => {
      const input = await stage.program.metrics(side);
      expect(promtool(input)).toEqual([]);
    },
  );
});
