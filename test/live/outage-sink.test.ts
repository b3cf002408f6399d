/** InfluxDB goes for several windows and comes back; the program is stopped while it works: nothing is lost, nothing is there twice. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { engineAt } from '../support/engine.ts';
import { type Influx, startInflux } from '../support/influxdb.ts';
import { type Page, pageOf } from '../support/page.ts';
import { type Program, startProgram } from '../support/program.ts';
import { CLUSTER, NODE } from '../support/stage.ts';
import { waitFor } from '../support/wait.ts';

const socket = inject('dockerSocket');
const engine = engineAt(socket);
const WINDOW_MS = 1000;

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
  await engine.run({ name: 'lasting', script: 'sleep 100000' });
  await waitFor(async () => (await windows()).length >= 3, { timeoutMs: 30_000, what: 'three windows in InfluxDB' });
});

afterAll(async () => {
  await program?.stop();
  await influx?.stop();
  await engine.remove();
});

async function page(): Promise<Page> {
  return pageOf(await program.metrics('collector'));
}

/** The windows' ends that InfluxDB has a cluster for, Unix milliseconds, in their order. */
async function windows(): Promise<number[]> {
  const [series] = await influx.query('plimsoll', 'SELECT containers FROM cluster_group');
  return (series?.values ?? []).map(([time]) => Number(time));
}

/** Every number in the database. A point written twice would be there once; that it was counted once is another matter, below. */
async function numbers(): Promise<number> {
  const series = await influx.query('plimsoll', 'SELECT * FROM /.*/ GROUP BY *');
  const cells = series.flatMap(({ values }) => values.flatMap((row) => row.slice(1)));
  // The container's id is a string.
  return cells.filter((cell) => typeof cell === 'number').length;
}

function expectWithoutGaps(ends: readonly number[]): void {
  expect(ends.slice(1).map((end, i) => end - (ends[i] as number))).toEqual(ends.slice(1).map(() => WINDOW_MS));
}

const sink = (one: Page, what: string): number => one.sum(`plimsoll_sink_${what}`, { sink: 'influx' }) ?? 0;

test('while it is away windows wait; when it is back they are delivered, each once, none missing', async () => {
  await influx.end();
  const lost = await page();
  const away = await waitFor(
    async () => {
      const now = await page();
      return sink(now, 'queue_frames') >= 6 && now;
    },
    { timeoutMs: 30_000, everyMs: 200, what: 'six windows in the queue' },
  );
  expect(sink(away, 'up')).toBe(0);
  expect(sink(away, 'retries_total')).toBeGreaterThan(sink(lost, 'retries_total'));
  expect(sink(away, 'samples_delivered_total')).toBe(sink(lost, 'samples_delivered_total'));
  expect(program.log()).toContain('"sink":"influx"');

  await influx.start();
  await waitFor(
    async () => {
      const before = await page();
      const held = await numbers();
      const after = await page();
      // Between two windows, with the queue empty: what is in the database is what was counted as delivered.
      const delivered = sink(before, 'samples_delivered_total');
      if (sink(before, 'queue_samples') > 0 || delivered !== sink(after, 'samples_delivered_total')) return false;
      expect(held).toBe(delivered);
      return true;
    },
    { timeoutMs: 60_000, everyMs: 50, what: 'the database to hold what was delivered' },
  );
  const now = await page();
  expect(sink(now, 'up')).toBe(1);
  expect(sink(now, 'samples_dropped_total')).toBe(0);
  const ends = await windows();
  expect(ends.length).toBeGreaterThanOrEqual(3 + 6);
  expectWithoutGaps(ends);
});

test('SIGTERM: what is open is closed and delivered, and the exit code is 0', async () => {
  const stoppedAt = Date.now();
  expect(await program.end('SIGTERM')).toBe(0);
  const ends = await windows();
  expectWithoutGaps(ends);
  // The last tick was at most a second before the signal, and its window ends after it.
  expect(ends.at(-1)).toBeGreaterThan(stoppedAt - WINDOW_MS);
});

test('stopped while it is away the program still ends, and says how much waits on disk; the next start delivers that', async () => {
  await influx.end();
  await program.start();
  await waitFor(async () => sink(await page(), 'queue_frames') >= 1, {
    timeoutMs: 30_000,
    what: 'a window in the queue',
  });
  expect(await program.end('SIGTERM')).toBe(0);
  expect(program.log()).toMatch(
    /"sink":"influx","samples":[1-9]\d*,"msg":"stopped before all was delivered; the rest is on disk/,
  );
  await influx.start();
  await program.start();
  await waitFor(async () => sink(await page(), 'queue_frames') <= 1 && sink(await page(), 'up') === 1, {
    timeoutMs: 30_000,
    what: 'what waited to be delivered',
  });
  expect(await program.end('SIGTERM')).toBe(0);
});
