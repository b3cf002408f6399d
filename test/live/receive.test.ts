/**
 * What real senders write is what the store answers, sample by sample: Prometheus and vmagent by remote-write, InfluxDB by line protocol, our own
 * sinks; and what is exported promtool takes, and another collector.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createFanout } from '../../collector/sinks/fanout.ts';
import { createInfluxSink } from '../../collector/sinks/influx/sink.ts';
import { createRemoteWriteSink } from '../../collector/sinks/remotewrite/sink.ts';
import type { Sink } from '../../collector/sinks/sink.ts';
import { silent } from '../../src/log.ts';
import { systemClock } from '../../src/run/clock.ts';
import { fetchText } from '../support/http.ts';
import { startInflux } from '../support/influxdb.ts';
import { type Program, startProgram } from '../support/program.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { frame, table } from '../support/tables.ts';
import { startVmagent } from '../support/vmagent.ts';
import { waitFor } from '../support/wait.ts';

const MAIN = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

type Points = readonly (readonly [timeMs: number, value: number])[];

let collector: Program;
const stops: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  collector = await startProgram({ command: 'collector', config: {} });
});
afterAll(async () => {
  await collector?.stop();
});
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Every sample that a collector has of the series that a selector matches, by the series' labels. */
async function kept(selector: string, range = '', url = collector.collectorUrl): Promise<Map<string, Points>> {
  const { text } = await fetchText(`${url}/api/v1/export?match[]=${encodeURIComponent(selector)}${range}`);
  const found = new Map<string, Points>();
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const { metric, values, timestamps } = JSON.parse(line) as {
      metric: Record<string, string>;
      values: (number | string | null)[];
      timestamps: number[];
    };
    const points = values.map(
      (value, i) => [timestamps[i] as number, value === null ? Number.NaN : Number(value)] as const,
    );
    found.set(keyOf(metric), [...(found.get(keyOf(metric)) ?? []), ...points]);
  }
  return found;
}

function keyOf(metric: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Whether a series is there at this moment, as PromQL sees it. */
async function isThere(selector: string): Promise<boolean> {
  const { text } = await fetchText(`${collector.collectorUrl}/api/v1/query?query=${encodeURIComponent(selector)}`);
  return (JSON.parse(text) as { data: { result: unknown[] } }).data.result.length > 0;
}

test('Prometheus: what it scrapes it has itself, and so have we', async () => {
  const prometheus = await startPrometheus({
    scrapes: [{ job: 'sent', url: `${collector.collectorUrl}/metrics` }],
    remoteWriteTo: `${collector.collectorUrl}/api/v1/write`,
  });
  stops.push(prometheus.stop);
  const selector = '{job="sent"}';
  await waitFor(async () => ((await kept('up{job="sent"}')).values().next().value?.length ?? 0) >= 8, {
    timeoutMs: 60_000,
    what: 'some scrapes',
  });
  const endMs = Date.now();
  const [end, seconds] = [endMs / 1000, 6];
  await waitFor(async () => ((await kept('up{job="sent"}')).values().next().value?.at(-1)?.[0] ?? 0) > endMs, {
    timeoutMs: 60_000,
    what: 'the scrape after',
  });
  const query = `${prometheus.url}/api/v1/query?query=${encodeURIComponent(`${selector}[${seconds}s]`)}&time=${end}`;
  const answer = JSON.parse((await fetchText(query)).text) as {
    data: { result: { metric: Record<string, string>; values: [number, string][] }[] };
  };
  const own = new Map(
    answer.data.result.map(({ metric, values }): [string, Points] => [
      keyOf(metric),
      values.map(([time, value]) => [Math.round(time * 1000), Number(value.replace('Inf', 'Infinity'))] as const),
    ]),
  );
  expect(own.size).toBeGreaterThan(100);
  expect(await kept(selector, `&start=${end - seconds}&end=${end}`)).toEqual(own);
});

test('vmagent: what it was given, and what it scrapes no more is gone at once', async () => {
  const target = new URL(collector.collectorUrl).host;
  const agent = await startVmagent({
    remoteWriteTo: `${collector.collectorUrl}/api/v1/write`,
    scrape: { job: 'vm', target },
  });
  stops.push(agent.stop);
  const startMs = Math.floor(Date.now() / 1000) * 1000 - 60_000;
  const wanted = new Map<string, Points>();
  const lines: string[] = [];
  for (let s = 0; s < 50; s++) {
    const points = Array.from({ length: 10 }, (_, i) => [startMs + i * 1000, s + i / 7] as const);
    wanted.set(keyOf({ __name__: 'given', s: `${s}`, text: 'a "b" \\ä' }), points);
    for (const [timeMs, value] of points) lines.push(`given{s="${s}",text="a \\"b\\" \\\\ä"} ${value} ${timeMs}`);
  }
  await fetch(`${agent.url}/api/v1/import/prometheus`, { method: 'POST', body: lines.join('\n') });
  await waitFor(async () => [...(await kept('given')).values()].flat().length === 500, { timeoutMs: 30_000 });
  expect(await kept('given')).toEqual(wanted);
  await waitFor(() => isThere('up{job="vm"}'), { timeoutMs: 30_000, what: 'a scrape' });
  await agent.forget();
  // Without the marker that it sends then the series would be there for five minutes more.
  await waitFor(async () => !(await isThere('up{job="vm"}')), { timeoutMs: 30_000, what: 'the end of the series' });
});

test('InfluxDB hands on what is written to it, as line protocol', async () => {
  const influx = await startInflux({ databases: ['tele'] });
  stops.push(influx.stop);
  await influx.query('', `CREATE SUBSCRIPTION "s" ON "tele"."autogen" DESTINATIONS ALL '${collector.collectorUrl}'`);
  const startMs = Math.floor(Date.now() / 1000) * 1000 - 60_000;
  const lines = Array.from(
    { length: 200 },
    (_, i) =>
      `cpu,host=h${i % 4},region=eu\\ west idle=${i / 3},n=${i}i,ok=${i % 2 === 0},note="x, y" ${startMs + i}000000`,
  );
  // A subscription begins a moment after it was made.
  await waitFor(async () => (await influx.query('', 'SHOW SUBSCRIPTIONS')).length > 0);
  await waitFor(
    async () => {
      await fetch(`${influx.url}/write?db=tele`, { method: 'POST', body: lines.join('\n') });
      return (await kept('{db="tele"}')).size === 12;
    },
    { timeoutMs: 30_000, everyMs: 1000, what: 'what was written to come here' },
  );
  const wanted = new Map<string, Points>();
  for (const [field, valueAt] of [
    ['idle', (i: number) => i / 3],
    ['n', (i: number) => i],
    ['ok', (i: number) => (i % 2 === 0 ? 1 : 0)],
  ] as const) {
    for (let host = 0; host < 4; host++) {
      const points = Array.from({ length: 50 }, (_, n) => [startMs + n * 4 + host, valueAt(n * 4 + host)] as const);
      wanted.set(keyOf({ __name__: `cpu_${field}`, db: 'tele', host: `h${host}`, region: 'eu west' }), points);
    }
  }
  expect(await kept('{db="tele"}')).toEqual(wanted);
});

describe('our own sinks', () => {
  const startMs = Math.floor(Date.now() / 10_000) * 10_000 - 60_000;
  const names = Array.from({ length: 300 }, (_, i) => `s${i}`);
  const common = { timeoutMs: 5000, clock: systemClock };
  const SINKS: readonly (readonly [name: string, make: (url: string) => Sink, metric: string, more: object])[] = [
    ['remote-write 1.0', (url) => createRemoteWriteSink({ url, ...common }), 'rw1', {}],
    ['remote-write 2.0', (url) => createRemoteWriteSink({ url, protocol: '2.0', ...common }), 'rw2', {}],
    [
      'InfluxDB 1, which makes its database',
      (url) =>
        createInfluxSink({ url, to: { version: 1, database: 'own1' }, create: { retentionMs: 86_400_000 }, ...common }),
      'v1',
      { db: 'own1' },
    ],
    [
      'InfluxDB 2',
      (url) => createInfluxSink({ url, to: { version: 2, org: 'o', bucket: 'own2' }, ...common }),
      'v2',
      { db: 'own2' },
    ],
  ];

  test.each(SINKS)('%s', async (_name, make, metric, more) => {
    const sink = make(collector.collectorUrl);
    const fanout = createFanout([{ sink, maxFrames: 100, maxSamples: 1e6, deadlineMs: 20_000 }], {
      clock: systemClock,
      log: silent,
      backoff: { firstMs: 50, maxMs: 500 },
    });
    stops.push(() => fanout.close(0));
    for (let n = 0; n < 3; n++) {
      const rows = names.map((service, i) => [{ service }, [n + i / 1000]] as const);
      const at = startMs + n * 10_000;
      const columns = [{ metric: `${metric}_x`, field: 'x' }];
      fanout.offer(frame([table({ level: 'service', measurement: metric, columns, rows, timeMs: at + 9000 })], at));
    }
    await waitFor(() => fanout.stats()[0]?.queuedSamples === 0, { timeoutMs: 30_000 });
    expect(fanout.stats()[0]).toMatchObject({ received: 900, delivered: 900, dropped: new Map() });
    const wanted = names.map((service, i): [string, Points] => [
      keyOf({ __name__: `${metric}_x`, service, ...more }),
      [0, 1, 2].map((n) => [startMs + n * 10_000 + 9000, n + i / 1000] as const),
    ]);
    expect(await kept(`${metric}_x`)).toEqual(new Map(wanted));
  });
});

describe('files', () => {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-test-transfer-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  const plimsoll = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'store', ...args], { encoding: 'utf8' });
    return { status, stdout, stderr };
  };
  const nowMs = Date.now();
  const page = Array.from(
    { length: 2000 },
    (_, i) => `filed${i % 7 === 0 ? '_total' : ''}{i="${i % 40}"} ${i / 3} ${nowMs - 3_600_000 + i * 37}`,
  ).join('\n');

  test('imported, exported as OpenMetrics, made blocks of by promtool: the same samples', async () => {
    writeFileSync(join(dir, 'in.prom'), page);
    const url = ['--url', collector.collectorUrl];
    const taken = plimsoll('import', join(dir, 'in.prom'), '--format', 'prometheus', ...url);
    expect(taken).toEqual({ status: 0, stdout: '2000 of 2000 samples taken\n', stderr: '' });
    const match = ['--match', '{__name__=~"filed.*"}'];
    const { status, stdout } = plimsoll('export', '--format', 'openmetrics', ...match, ...url);
    expect(status).toBe(0);
    writeFileSync(join(dir, 'out.om'), stdout);
    const made = spawnSync(
      'promtool',
      ['tsdb', 'create-blocks-from', 'openmetrics', join(dir, 'out.om'), join(dir, 'tsdb')],
      {
        encoding: 'utf8',
      },
    );
    expect([made.status, made.stderr]).toEqual([0, '']);
    // It wants to see one.
    mkdirSync(join(dir, 'tsdb', 'wal'));
    const dump = spawnSync('promtool', ['tsdb', 'dump', join(dir, 'tsdb')], { encoding: 'utf8' });
    const dumped = dump.stdout.split('\n').flatMap((line) => {
      const [, labels = '', value, time] = /^\{(.*)\} (\S+) (\d+)$/.exec(line) ?? [];
      return time === undefined ? [] : [`${labels.replace(/, /g, ',')} ${Number(value)} ${time}`];
    });
    const wanted = page.split('\n').map((line) => {
      const [, name, i, value, time] = /^(\w+)\{i="(\d+)"\} (\S+) (\d+)$/.exec(line) ?? [];
      return `__name__="${name}",i="${i}" ${Number(value)} ${time}`;
    });
    expect(dumped.sort()).toEqual(wanted.sort());
  });

  test.each(['json', 'influx', 'prometheus', 'openmetrics'])(
    'exported as %s and imported by another collector: the same',
    async (format) => {
      const other = await startProgram({ command: 'collector', config: {} });
      stops.push(other.stop);
      const match = ['--match', '{__name__=~"filed.*|given|rw1_x"}'];
      const file = join(dir, `all.${format}`);
      writeFileSync(file, plimsoll('export', '--format', format, ...match, '--url', collector.collectorUrl).stdout);
      expect(readFileSync(file, 'utf8').length).toBeGreaterThan(1000);
      expect(plimsoll('import', file, '--format', format, '--url', other.collectorUrl)).toMatchObject({
        status: 0,
        stderr: '',
      });
      const everything = '{__name__=~"filed.*|given|rw1_x"}';
      expect(await kept(everything, '', other.collectorUrl)).toEqual(await kept(everything));
    },
  );
});
