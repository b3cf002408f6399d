/**
 * Sums over containers that come and go: one page's groups are its members' sums, a group's counters grow by what its members' do,
 * and they never fall while twenty containers of the service pass through.
 */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { burn } from '../support/containers.ts';
import { engineAt } from '../support/engine.ts';
import type { Page, Series } from '../support/page.ts';
import { CLUSTER, NODE, serviceLabels, type Stage, startStage } from '../support/stage.ts';

const socket = inject('dockerSocket');
const engine = engineAt(socket);
const REST = 'trap "exit 0" TERM; sleep 100000 & wait';

/** The groups that everything here is part of, by what their metrics begin with, and the containers that are their members. */
const GROUPS: readonly (readonly [prefix: string, labels: Record<string, string>, member: Record<string, string>])[] = [
  ['service', { project: 'churn', service: 'web' }, serviceOf('churn', 'web')],
  ['service', { project: 'churn', service: 'db' }, serviceOf('churn', 'db')],
  ['node_containers', { node: NODE }, {}],
  ['cluster', { cluster: CLUSTER }, {}],
];

function serviceOf(project: string, service: string): Record<string, string> {
  return {
    container_label_com_docker_compose_project: project,
    container_label_com_docker_compose_service: service,
  };
}

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ socket });
  await burn(engine, { name: 'stays', cores: 0.2, flags: serviceLabels('churn', 'web') });
  await burn(engine, { name: 'other', cores: 0.1, flags: serviceLabels('churn', 'web') });
  const memory = 'dd if=/dev/zero of=/dev/shm/held bs=1M count=8; sleep 100000';
  await engine.run({ name: 'holds', flags: [...serviceLabels('churn', 'db'), '--memory', '32m'], script: memory });
  await stage.until(
    'collector',
    (page) => members(page, 'container_network_receive_bytes_total', {}).length === 3,
    'all three',
  );
});

afterAll(async () => {
  await stage?.stop();
  await engine.remove();
});

/** Container rows of a metric that are members of a group: those of containers, not of the host or of other cgroups. */
function members(page: Page, metric: string, member: Record<string, string>): Series[] {
  return page.all(metric, member).filter(({ labels }) => labels.has('name'));
}

function sumOf(series: readonly Series[]): number {
  return series.reduce((sum, { value }) => sum + value, 0);
}

/** The next page whose window is another one than that page's. */
function nextPage(page: Page): Promise<Page> {
  const window = (one: Page): number => one.value('plimsoll_collector_last_window_seconds');
  const seen = one(page);
  return stage.until(
    'collector',
    (next) => window(next) > window(page) && one(next) !== seen && next,
    'the next window',
  );
}

/** What tells one window's page from another's: when its containers were read. */
function one(page: Page): string {
  return members(page, 'container_last_seen', {})
    .map(({ value }) => value)
    .join();
}

/** A group's gauges that are sums, each with the labels it has beside the group's: a state, a kind of health. */
function gauges(page: Page, level: string, group: Record<string, string>) {
  return page.metrics
    .filter((name) => name.startsWith(`${level}_`) && !/_(total|avg|max)$/.test(name))
    .flatMap((name) => page.all(name, group))
    .map(({ name, labels, value }) => {
      const own = Object.fromEntries([...labels].filter(([label]) => !(label in group)));
      return { name, own, value };
    });
}

describe('one page', () => {
  test('a level’s gauges are the sum, the average and the largest of its members’, to the last digit, where it has them', async () => {
    const page = await stage.views.collector();
    let compared = 0;
    for (const [level, labels, member] of GROUPS) {
      for (const { name, own, value } of gauges(page, level, labels)) {
        const rows = members(page, name.replace(level, 'container'), { ...member, ...own });
        // What the level makes itself: ratios, and the number of containers.
        if (rows.length === 0) continue;
        const what = `${name} ${JSON.stringify(own)}`;
        expect(value, what).toBe(sumOf(rows));
        // Of several rows of a container, such as devices, the average is still over containers.
        const containers = new Set(rows.map((row) => row.labels.get('id'))).size;
        const average = page.sum(`${name}_avg`, { ...labels, ...own });
        if (average !== undefined) expect(average, what).toBe(value / containers);
        // `threads_max` is a limit, not the largest number of threads. A window of a second holds one reading, or two when a tick
        // came late.
        const largest = name.endsWith('_threads') ? undefined : page.sum(`${name}_max`, { ...labels, ...own });
        if (largest !== undefined)
          expect(largest, what).toBeGreaterThanOrEqual(Math.max(...rows.map((row) => row.value)));
        compared++;
      }
    }
    // Memory alone has six such gauges and there are seven states, at four groups.
    expect(compared).toBeGreaterThan(28);
  });
});

/** Counters of a page's groups by a name that says all: metric and labels. */
function counters(page: Page): Map<string, number> {
  const found = new Map<string, number>();
  for (const metric of page.metrics.filter((name) => /^(service|node_containers|cluster)_.*_total$/.test(name))) {
    for (const { labels, value } of page.all(metric)) found.set(JSON.stringify([metric, ...labels]), value);
  }
  return found;
}

describe('between two pages', () => {
  test('a group’s counters grow by what its members’ counters do', async () => {
    const first = await stage.views.collector();
    let last = first;
    for (let windows = 0; windows < 3; windows++) last = await nextPage(last);
    let compared = 0;
    for (const [level, labels, member] of GROUPS) {
      for (const metric of ['cpu_usage_seconds_total', 'cpu_cfs_periods_total', 'network_receive_bytes_total']) {
        const grown = (page: Page): number => page.sum(`${level}_${metric}`, labels) ?? Number.NaN;
        const growth = grown(last) - grown(first);
        const expected =
          sumOf(members(last, `container_${metric}`, member)) - sumOf(members(first, `container_${metric}`, member));
        // Without a quota there are no periods.
        if (Number.isNaN(growth)) continue;
        // Sums of doubles in another order: relative to the numbers themselves.
        expect(Math.abs(growth - expected), `${level} ${metric}`).toBeLessThanOrEqual(1e-9 * Math.max(1, grown(last)));
        compared++;
      }
    }
    expect(compared).toBe(4 * 3 - 1);
  });
});

describe('twenty containers of the service come and go', () => {
  test('no counter of a group falls, and none grows by less than its one long-lived member', async () => {
    const first = await stage.views.collector();
    let last = first;
    let passed = 0;
    const churn = (async () => {
      for (let batch = 0; batch < 5; batch++) {
        const names = Array.from({ length: 4 }, (_, i) => `guest-${batch}-${i}`);
        const flags = serviceLabels('churn', 'web');
        await Promise.all(
          names.map((name) => engine.run({ name, flags, script: 'cat /bin/busybox >/dev/null; sleep 100000' })),
        );
        await engine.remove(...names);
        passed += names.length;
      }
    })();
    let done = false;
    void churn.finally(() => {
      done = true;
    });
    const pages: Page[] = [first];
    // Two windows more than the churn itself: the last ones are closed then.
    for (let after = 0; after < 3; after += done ? 1 : 0) {
      const next = await nextPage(last);
      const now = counters(next);
      for (const [name, value] of counters(last)) expect(now.get(name), name).toBeGreaterThanOrEqual(value);
      last = next;
      pages.push(next);
    }
    await churn;
    expect(passed).toBe(20);
    // They were seen: at some moment the service had more members than its two.
    const counts = pages.map((page) => page.value('service_containers', { project: 'churn', service: 'web' }));
    expect(Math.max(...counts)).toBeGreaterThan(2);

    for (const [level, labels] of GROUPS.filter(([, { service }]) => service !== 'db')) {
      for (const metric of ['cpu_usage_seconds_total', 'cpu_cfs_periods_total']) {
        const grown = (page: Page): number => page.value(`${level}_${metric}`, labels);
        const alone = (page: Page): number => page.value(`container_${metric}`, { name: 'stays' });
        const least = alone(last) - alone(first);
        expect(grown(last) - grown(first), `${level} ${metric}`).toBeGreaterThanOrEqual(least * (1 - 1e-9));
      }
    }
    // The engine's word of the last removal may be a window behind on a busy machine.
    const guests = (page: Page): string[] =>
      page.labelValues('container_state', 'name').filter((name) => name.startsWith('guest'));
    await stage.until('collector', (page) => guests(page).length === 0, 'the guests to be gone');
  });

  test('a group whose last member left keeps its totals and has no gauges', async () => {
    const labels = { project: 'churn', service: 'lonely' };
    await engine.run({ name: 'lonely', flags: serviceLabels('churn', 'lonely'), script: REST });
    const there = await stage.until(
      'collector',
      (page) => (page.sum('service_threads', labels) ?? 0) > 0 && page,
      'the lonely one',
    );
    await engine.remove('lonely');
    const gone = await stage.until(
      'collector',
      (page) => page.all('service_threads', labels).length === 0 && page,
      'its end',
    );
    const counter = 'service_cpu_usage_seconds_total';
    expect(gone.value(counter, labels)).toBeGreaterThanOrEqual(there.value(counter, labels));
    expect(gone.all('service_memory_usage_bytes', labels)).toEqual([]);
  });
});
