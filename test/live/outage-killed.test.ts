/**
 * The program is killed (SIGKILL) while InfluxDB is away, and started again: InfluxDB gets every window that was on disk, no total ever falls, and
 * the sink's books go on and add up.
 */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { engineAt } from '../support/engine.ts';
import { type Influx, startInflux } from '../support/influxdb.ts';
import { type Page, pageOf } from '../support/page.ts';
import { type Program, startProgram } from '../support/program.ts';
import { CLUSTER, NODE } from '../support/stage.ts';
import { waitFor } from '../support/wait.ts';

const socket = inject('dockerSocket');
const engine = engineAt(socket);

let influx: Influx;
let program: Program;

beforeAll(async () => {
  influx = await startInflux({ databases: ['plimsoll'] });
  program = await startProgram({
    command: 'run',
    config: {
      node: NODE,
      cluster: CLUSTER,
      agent: { interval: '1s', engines: [`unix://${socket}`] },
      collector: { window: '1s', lateness: '1s' },
      sinks: { influx: { kind: 'influxdb1', url: influx.url, database: 'plimsoll' } },
    },
  });
  await engine.run({ name: 'busy', script: 'while :; do :; done' });
  await waitFor(async () => (await totals()).length >= 3, { timeoutMs: 30_000, what: 'three windows in InfluxDB' });
});

afterAll(async () => {
  await program?.stop();
  await influx?.stop();
  await engine.remove();
});

async function page(): Promise<Page> {
  return pageOf(await program.metrics('collector'));
}

/** The cluster's CPU seconds by the end of the window, in order. */
async function totals(): Promise<(readonly [endMs: number, seconds: number])[]> {
  const [series] = await influx.query('plimsoll', 'SELECT usage_seconds_total FROM cluster_cpu');
  return (series?.values ?? []).map(([time, seconds]) => [Number(time), Number(seconds)]);
}

const sink = (one: Page, what: string): number => one.sum(`plimsoll_sink_${what}`, { sink: 'influx' }) ?? 0;

test('killed while InfluxDB is away: what was on disk is delivered, and no total falls', async () => {
  await influx.end();
  const away = await waitFor(
    async () => {
      const now = await page();
      return sink(now, 'queue_frames') >= 4 && now;
    },
    { timeoutMs: 30_000, everyMs: 200, what: 'four windows on disk' },
  );
  const durableMs = (away.sum('plimsoll_log_durable_seconds') ?? 0) * 1000;
  const before = sink(away, 'samples_received_total');
  await program.end('SIGKILL');

  await program.start();
  await influx.start();
  await waitFor(
    async () => {
      const now = await page();
      return (
        sink(now, 'queue_frames') <= 1 && sink(now, 'up') === 1 && (now.sum('plimsoll_log_windows_total') ?? 0) >= 4
      );
    },
    { timeoutMs: 60_000, everyMs: 200, what: 'what waited to be delivered' },
  );
  const now = await page();
  // The books go on: what the run before had received is in them, but for the windows that were not on disk.
  expect(sink(now, 'samples_received_total')).toBeGreaterThan(before / 2);
  expect(sink(now, 'samples_received_total')).toBe(sink(now, 'samples_delivered_total') + sink(now, 'queue_samples'));
  const seen = await totals();
  expect(seen.filter(([endMs]) => endMs <= durableMs).length).toBeGreaterThanOrEqual(3 + 4 - 1);
  expect(seen.map(([endMs]) => endMs)).toContain(durableMs);
  const seconds = seen.map(([, value]) => value);
  // One busy container: a window's time is CPU time of at most a second for each processor; and nothing falls.
  seconds.slice(1).forEach((value, i) => {
    expect(value).toBeGreaterThanOrEqual(seconds[i] as number);
  });
  expect(seconds.at(-1)).toBeGreaterThan(seconds[0] as number);
});
