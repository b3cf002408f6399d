/**
 * CPU and memory, from the kernel's files to Prometheus: a container that burns a known share of a CPU and one that holds a known
 * amount of memory, at the levels container, service, node and cluster.
 */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { expectBracketed, expectEqual } from '../support/bracket.ts';
import { type Burning, burn } from '../support/containers.ts';
import { engineAt, type Running } from '../support/engine.ts';
import { cpuCounters, memoryGauges } from '../support/kernel.ts';
import { CLUSTER, NODE, serviceLabels, type Stage, startStage, type ViewName } from '../support/stage.ts';
import { waitFor } from '../support/wait.ts';

const socket = inject('dockerSocket');
const engine = engineAt(socket);
const EVERYWHERE: readonly ViewName[] = ['agent', 'collector', 'scraped agent', 'scraped collector'];
const MIB = 1024 * 1024;

let stage: Stage;
let burner: Burning;
let holder: Running;

beforeAll(async () => {
  stage = await startStage({ socket });
  burner = await burn(engine, { name: 'burner', cores: 0.2, flags: serviceLabels('shop', 'worker') });
  holder = await engine.run({
    name: 'holder',
    flags: [
      ...serviceLabels('shop', 'store'),
      '--memory',
      '64m',
      '--memory-reservation',
      '48m',
      '--cpu-shares',
      '2048',
    ],
    script: 'dd if=/dev/zero of=/dev/shm/held bs=1M count=24 && touch /tmp/held; sleep 100000',
  });
  await engine.docker('exec', 'holder', 'sh', '-c', 'until [ -e /tmp/held ]; do sleep 0.1; done');
});

afterAll(async () => {
  await stage?.stop();
  await engine.remove();
});

describe('the kernel’s own numbers, with no tolerance', () => {
  test('CPU time, periods and throttling lie between two readings of the files', async () => {
    const shown = cpuCounters(burner.id);
    await expectBracketed(stage, { container: { name: 'burner' }, shown, views: EVERYWHERE });
  });

  test('memory that stands still is what the files say', async () => {
    const shown = memoryGauges(holder.id);
    await expectEqual(stage, { container: { name: 'holder' }, shown, views: EVERYWHERE });
  });

  test('24 MiB of tmpfs are cache, in use, and not to be had back', async () => {
    const page = await stage.views['scraped agent']();
    const held = { name: 'holder' };
    for (const metric of [
      'container_memory_cache',
      'container_memory_usage_bytes',
      'container_memory_working_set_bytes',
    ]) {
      expect(page.value(metric, held), metric).toBeGreaterThanOrEqual(24 * MIB);
      // The shell, its page tables and the kernel's own records: much less than as much again.
      expect(page.value(metric, held), metric).toBeLessThan(32 * MIB);
    }
  });

  test('limits read as they were set', async () => {
    const page = await stage.views['scraped agent']();
    expect(page.value('container_spec_memory_limit_bytes', { name: 'holder' })).toBe(64 * MIB);
    expect(page.value('container_spec_memory_reservation_limit_bytes', { name: 'holder' })).toBe(48 * MIB);
    expect(page.value('container_spec_cpu_shares', { name: 'holder' })).toBe(2048);
    expect(page.value('container_spec_cpu_quota', { name: 'burner' })).toBe(burner.quotaMicroseconds);
    expect(page.value('container_spec_cpu_period', { name: 'burner' })).toBe(burner.periodMicroseconds);
    expect(page.value('container_spec_cpu_limit_cores', { name: 'burner' })).toBe(burner.cores);
    // Absent, not zero: what has no limit has no series.
    expect(page.all('container_spec_memory_limit_bytes', { name: 'burner' })).toEqual([]);
    expect(page.all('container_spec_cpu_quota', { name: 'holder' })).toEqual([]);
  });
});

/**
 * Over 12 s of scrapes a second apart rate() sees 11 s from its first to its last sample, and a page shows its last tick's reading:
 * the two readings are 10 s apart at least, which is 100 periods. How far apart exactly `container_last_seen` says, the time of the
 * reading in seconds: divided by its rate, a rate is per second between the readings, and a tick more or less does not matter.
 * What is left is where in a period the first and the last reading were, and the milliseconds between a tick's sources: three periods.
 */
const ENDS = 3 / 100;
/** What the quota allows in a period of 0.1 s. */
const QUOTA = 0.02;
/** The kernel hands the quota out in slices of 5 ms; one may be left on the CPU that the loop has just left. */
const SLICE = 0.005;

describe('a quota of 0.2 CPUs is 0.2 CPUs at every level', () => {
  /** An instant query's one value, once the range is full: 12 samples of the container that was started last. */
  async function ask(expression: string): Promise<number> {
    const full = 'count_over_time(container_last_seen{name="holder",job="containers"}[12s]) >= 12';
    await waitFor(async () => (await stage.prometheus.query(full))[0], { timeoutMs: 40_000, everyMs: 200, what: full });
    const found = await stage.prometheus.query(expression);
    expect(found.length, expression).toBe(1);
    return found[0]?.value as number;
  }

  const rateOf = (level: string, counter: string, selector: string): string =>
    `rate(${level}_cpu_${counter}{${selector}}[12s])`;

  /** Seconds between the first and the last page's readings, per second: groups' by the pages' windows, since a scrape of its own has them. */
  const WINDOWS = 'rate(plimsoll_collector_last_window_seconds[12s])';
  const readings = (job: string): string => `rate(container_last_seen{name="burner",job="${job}"}[12s])`;

  const LEVELS: readonly (readonly [level: string, selector: string])[] = [
    ['container', 'name="burner",job="agent"'],
    ['container', `name="burner",job="containers",node="${NODE}"`],
    ['service', 'project="shop",service="worker"'],
    ['node_containers', `node="${NODE}"`],
    ['cluster', `cluster="${CLUSTER}"`],
  ];

  test.each(LEVELS)('level %s {%s}', async (level, selector) => {
    const job = /job="(\w+)"/.exec(selector)?.[1];
    const seconds = job === undefined ? WINDOWS : readings(job);
    const used = rateOf(level, 'usage_seconds_total', selector);
    const periods = rateOf(level, 'cfs_periods_total', selector);
    const throttled = rateOf(level, 'cfs_throttled_periods_total', selector);
    const perSecond = await ask(`${periods} / on() ${seconds}`);
    expect(perSecond).toBeGreaterThan(10 * (1 - ENDS));
    expect(perSecond).toBeLessThan(10 * (1 + ENDS));
    // The others on the node only sleep.
    expect(await ask(`${used} / on() ${seconds}`)).toBeLessThan(10 * QUOTA * (1 + ENDS));
    expect(await ask(`${used} / on() ${periods}`)).toBeLessThan(QUOTA * (1 + ENDS));
    // Where a busy machine kept the loop from its share it was not throttled; a throttled period is a used-up one.
    expect(await ask(`${used} / on() ${throttled}`)).toBeGreaterThan((QUOTA - SLICE) * (1 - ENDS));
  });

  test('service, node and cluster grow as their containers do', async () => {
    const containers = 'sum(rate(container_cpu_usage_seconds_total{job="containers",name!=""}[12s]))';
    // Two pages are two scrapes, which may show two windows; that they are equal in one window is truth-churn's to show.
    const near = async (group: string, members: string): Promise<void> => {
      const ratio = await ask(`(${group} / on() ${WINDOWS}) / on() (${members} / on() ${readings('containers')})`);
      expect(ratio, group).toBeGreaterThan(1 - ENDS);
      expect(ratio, group).toBeLessThan(1 + ENDS);
    };
    for (const level of ['node_containers', 'cluster']) {
      await near(`rate(${level}_cpu_usage_seconds_total[12s])`, containers);
    }
    const burning = 'rate(container_cpu_usage_seconds_total{job="containers",name="burner"}[12s])';
    await near('rate(service_cpu_usage_seconds_total{service="worker"}[12s])', burning);
  });

  test('use against the limit: 1 of the CPU, working set over limit of the memory', async () => {
    const page = await stage.views.collector();
    const worker = page.value('service_cpu_limit_utilization_ratio', { service: 'worker' });
    // One window of a second: ten periods, of which one may be cut at either end.
    expect(worker).toBeGreaterThan(0.8);
    expect(worker).toBeLessThan(1.2);
    const workingSet = page.value('container_memory_working_set_bytes', { name: 'holder' });
    expect(page.value('service_memory_limit_utilization_ratio', { service: 'store' })).toBe(workingSet / (64 * MIB));
    // Only the holder has a limit, so the node's use against its limits is the holder's.
    expect(page.value('node_containers_memory_limit_utilization_ratio')).toBe(workingSet / (64 * MIB));
  });
});
