/** The process's own metrics: the same names, types, labels and help as prom-client's own, and numbers that the kernel confirms. */
import { readdirSync, readFileSync } from 'node:fs';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { addProcessMetrics } from '../../../src/self/process.ts';
import { waitFor } from '../../support/wait.ts';

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: unknown;
  readonly values: readonly { readonly value: number; readonly labels: Readonly<Record<string, string | number>> }[];
}

function registryOfOurs(): Registry {
  const registry = new Registry();
  addProcessMetrics({ registry, delayEveryMs: 10 });
  return registry;
}

async function metricsOf(registry: Registry): Promise<Map<string, Metric>> {
  const metrics = (await registry.getMetricsAsJSON()) as unknown as Metric[];
  return new Map(metrics.map((metric) => [metric.name, metric]));
}

/** Gauges that the library names like counters, which promtool objects to. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

test('named and described as people know them', async () => {
  const usual = new Registry();
  collectDefaultMetrics({ register: usual });
  for (const name of MISNAMED) usual.removeSingleMetric(name);
  const described = async (registry: Registry) =>
    [...(await metricsOf(registry)).values()].map(({ name, type, help }) => `${name} ${String(type)} ${help}`).sort();
  expect(await described(registryOfOurs())).toEqual(await described(usual));
});

test('every space of the heap and the version have the labels people know', async () => {
  const usual = new Registry();
  collectDefaultMetrics({ register: usual });
  const [theirs, ours] = [await metricsOf(usual), await metricsOf(registryOfOurs())];
  for (const name of ['nodejs_heap_space_size_used_bytes', 'nodejs_version_info']) {
    const labels = (metrics: Map<string, Metric>) =>
      metrics
        .get(name)
        ?.values.map((one) => JSON.stringify(Object.entries(one.labels).map(([k, v]) => [k, String(v)])));
    expect(labels(ours)).toEqual(labels(theirs));
  }
});

test('what the kernel says of this process', async () => {
  const metrics = await metricsOf(registryOfOurs());
  const value = (name: string) => metrics.get(name)?.values[0]?.value;
  const limits = readFileSync('/proc/self/limits', 'latin1');
  expect(value('process_max_fds')).toBe(Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1]));
  // The listing has its own descriptor in it; others may come and go meanwhile.
  const open = readdirSync('/proc/self/fd').length - 1;
  expect(Math.abs((value('process_open_fds') ?? Number.NaN) - open)).toBeLessThanOrEqual(5);
  const startedMs = Date.now() - process.uptime() * 1000;
  expect(Math.abs((value('process_start_time_seconds') ?? 0) * 1000 - startedMs)).toBeLessThan(2000);
});

test('CPU time is stated, not added up, however often it is asked for', async () => {
  const registry = registryOfOurs();
  await metricsOf(registry);
  const before = process.cpuUsage();
  const used = (await metricsOf(registry)).get('process_cpu_seconds_total')?.values[0]?.value as number;
  const after = process.cpuUsage();
  expect(used).toBeGreaterThanOrEqual((before.user + before.system) / 1e6);
  expect(used).toBeLessThanOrEqual((after.user + after.system) / 1e6);
});

test('an event loop that is held up for 250 ms shows it', async () => {
  const registry = registryOfOurs();
  const value = async (what: string) =>
    (await metricsOf(registry)).get(`nodejs_eventloop_lag_${what}_seconds`)?.values[0]?.value ?? Number.NaN;
  await waitFor(async () => !Number.isNaN(await value('min')));
  await turn();
  const untilMs = performance.now() + 250;
  while (performance.now() < untilMs);
  await turn();
  // Looked at every 10 ms: up to one such interval of it may have been before the block.
  expect(await value('max')).toBeGreaterThan(0.2);
});

/** One whole turn of the event loop, timers included. */
async function turn(): Promise<void> {
  for (let i = 0; i < 2; i++) await new Promise((resolve) => setTimeout(resolve, 11));
}
