/**
 * The InfluxDB sink and a real InfluxDB 1: hostile content comes back exactly, an outage in the middle loses and doubles nothing, and
 * what the server refuses is counted.
 */
import { execFileSync } from 'node:child_process';
import { afterEach, expect, test } from 'vitest';
import { createFanout } from '../../collector/sinks/fanout.ts';
import { createInfluxSink, type InfluxSinkOptions } from '../../collector/sinks/influx/sink.ts';
import { silent } from '../../src/log.ts';
import type { LabelPair } from '../../src/model/labels.ts';
import { systemClock } from '../../src/run/clock.ts';
import { type Influx, type InfluxOptions, startInflux } from '../support/influxdb.ts';
import { frame, T0, table } from '../support/tables.ts';
import { waitFor } from '../support/wait.ts';

const signal = new AbortController().signal;
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function influxdb(options: InfluxOptions = { databases: ['plimsoll'] }): Promise<Influx> {
  const influx = await startInflux(options);
  stops.push(influx.stop);
  return influx;
}

function sinkTo(influx: Influx, options: Partial<InfluxSinkOptions> = {}) {
  const sink = createInfluxSink({
    url: influx.url,
    to: { version: 1, database: 'plimsoll' },
    timeoutMs: 10_000,
    clock: systemClock,
    ...options,
  });
  stops.push(sink.close);
  return sink;
}

/** What goes in, and what must come out: control characters as spaces, a backslash that could escape something as a slash. */
const TEXTS: readonly (readonly [string, string])[] = [
  ['plain', 'plain'],
  ['a b', 'a b'],
  [' edges ', ' edges '],
  ['a,b', 'a,b'],
  ['a=b', 'a=b'],
  ['say "hi" \'you\'', 'say "hi" \'you\''],
  ['two\nlines\r\tand\u0000more', 'two lines  and more'],
  ['C:\\temp', 'C:\\temp'],
  ['C:\\', 'C:/'],
  ['\\\\server\\share', '/\\server\\share'],
  ['a\\ b\\,c\\=d', 'a/ b/,c/=d'],
  ['#hash', '#hash'],
  ['größe 🐳', 'größe 🐳'],
  ['__proto__', '__proto__'],
  [`${'x'.repeat(2000)}`, 'x'.repeat(1024)],
];

const NUMBERS = [0, 1, -1, 0.1, 2 ** 53, 1e21, 1.5e-300, 5e-324, 1.7976931348623157e308, -123456.789];

test('tags, string fields and numbers come back exactly', async () => {
  const influx = await influxdb();
  const sink = sinkTo(influx);
  const given = frame([
    table({
      measurement: 'container_cpu',
      columns: ['v'],
      rows: TEXTS.map(([text], i) => [
        [
          ['name', text],
          ['image', 'i'],
          ['id', `id ${text}`],
          ['n', String(i)],
        ] satisfies LabelPair[],
        [i + 0.5],
      ]),
    }),
    table({ measurement: 'numbers', columns: ['v'], rows: NUMBERS.map((v, i) => [{ n: String(i) }, [v]]) }),
    table({ measurement: 'odd, name', columns: ['a b', 'c,d=e'], rows: [[{}, [1, 2]]] }),
  ]);
  expect(await sink.write(given, signal)).toEqual({
    delivered: TEXTS.length + NUMBERS.length + 2,
    dropped: new Map(),
    problem: undefined,
  });

  const series = await influx.query('plimsoll', 'SELECT v, id FROM container_cpu GROUP BY *');
  const byNumber = new Map(series.map((s) => [Number(s.tags?.n), s]));
  for (const [i, [text, expected]] of TEXTS.entries()) {
    const found = byNumber.get(i);
    expect(found?.tags?.name).toBe(expected);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what becomes a space.
    const id = `id ${text}`.replace(/[\u0000-\u001f]/g, ' ');
    expect(found?.values).toEqual([[T0, i + 0.5, id]]);
  }
  const numbers = await influx.query('plimsoll', 'SELECT v FROM numbers GROUP BY n');
  expect(numbers.map((s) => [Number(s.tags?.n), s.values[0]?.[1]]).sort(([a], [b]) => Number(a) - Number(b))).toEqual(
    NUMBERS.map((v, i) => [i, v]),
  );
  const [odd] = await influx.query('plimsoll', 'SELECT "a b", "c,d=e" FROM "odd, name"');
  expect(odd?.values).toEqual([[T0, 1, 2]]);
});

test('a number is a float whichever way it came first', async () => {
  const influx = await influxdb();
  const sink = sinkTo(influx);
  for (const [i, v] of [1, 0.5, 0, 3e20].entries()) {
    const given = frame([table({ measurement: 'm', columns: ['v'], rows: [[{}, [v]]], timeMs: T0 + i })]);
    expect((await sink.write(given, signal)).delivered).toBe(1);
  }
  const [keys] = await influx.query('plimsoll', 'SHOW FIELD KEYS FROM m');
  expect(keys?.values).toEqual([['v', 'float']]);
});

test('killed and started again in the middle: nothing lost, nothing twice', async () => {
  const influx = await influxdb();
  const sink = sinkTo(influx, { maxLines: 500, timeoutMs: 5000 });
  const fanout = createFanout([{ sink, maxFrames: 100, maxSamples: 1e6, deadlineMs: 20_000 }], {
    clock: systemClock,
    log: silent,
    backoff: { firstMs: 50, maxMs: 500 },
  });
  stops.push(() => fanout.close(0));
  const names = Array.from({ length: 2000 }, (_, i) => `c${i}`);
  const offer = (n: number): void =>
    fanout.offer(
      frame([
        table({
          measurement: 'm',
          columns: ['v'],
          rows: names.map((name) => [{ name }, [n]]),
          timeMs: T0 + n * 10_000,
        }),
      ]),
    );
  for (let n = 0; n < 5; n++) offer(n);
  await waitFor(() => (fanout.stats()[0]?.delivered ?? 0) > 0, { everyMs: 1 });
  await influx.end('SIGKILL');
  for (let n = 5; n < 10; n++) offer(n);
  await waitFor(() => (fanout.stats()[0]?.retries ?? 0) > 1);
  expect(fanout.stats()[0]).toMatchObject({ up: false });
  await influx.start();
  await waitFor(() => fanout.stats()[0]?.queuedSamples === 0, { timeoutMs: 60_000 });
  expect(fanout.stats()[0]).toMatchObject({ received: 20_000, delivered: 20_000, up: true });
  const [counted] = await influx.query('plimsoll', 'SELECT count(v), sum(v) FROM m');
  // Ten windows of 2000 containers; the values are the windows' numbers: 2000 × (0 + 1 + … + 9).
  expect(counted?.values[0]?.slice(1)).toEqual([20_000, 90_000]);
});

test('a database that is missing is named with the command that creates it, and then all is delivered', async () => {
  const influx = await influxdb({ databases: [] });
  const sink = sinkTo(influx);
  const given = frame([table({ measurement: 'm', columns: ['v'], rows: [[{}, [1]]] })]);
  const refused = sink.write(given, signal);
  await expect(refused).rejects.toMatchObject({ retryable: true, reason: 'not_found', retryAfterMs: 60_000 });
  const { message } = (await refused.catch((error: unknown) => error)) as Error;
  // As a person copies it, out of a log in JSON too.
  const [command = ''] = /curl -X POST \S+ -d q=\S+/.exec(JSON.parse(JSON.stringify({ message })).message) ?? [];
  expect(JSON.stringify(message)).toContain(command);
  execFileSync('sh', ['-c', `${command} --fail --silent --show-error`]);
  expect((await sink.write(given, signal)).delivered).toBe(1);
});

test('user and password', async () => {
  const user = { name: 'admin', password: 'p w:"x"' };
  const influx = await influxdb({ databases: ['plimsoll'], user });
  const given = frame([table({ measurement: 'm', columns: ['v'], rows: [[{}, [1]]] })]);
  const to = { version: 1, database: 'plimsoll', username: user.name } as const;
  await expect(sinkTo(influx, { to: { ...to, password: 'wrong' } }).write(given, signal)).rejects.toMatchObject({
    retryable: true,
    reason: 'unauthorized',
  });
  await expect(sinkTo(influx).write(given, signal)).rejects.toMatchObject({ reason: 'unauthorized' });
  expect((await sinkTo(influx, { to: { ...to, password: user.password } }).write(given, signal)).delivered).toBe(1);
});

test('a field that has another type there costs only the lines that have it', async () => {
  const influx = await influxdb();
  const body = `container_cpu,name=c1 usage="text" ${T0}`;
  await fetch(`${influx.url}/write?db=plimsoll&precision=ms`, { method: 'POST', body });
  const names = ['c1', 'c2', 'c3'];
  const given = frame([
    table({
      measurement: 'container_cpu',
      columns: ['usage', 'user'],
      rows: names.map((name, i) => [{ name }, [i, i]]),
    }),
    table({ measurement: 'container_memory', columns: ['rss'], rows: names.map((name, i) => [{ name }, [i]]) }),
  ]);
  const delivery = await sinkTo(influx).write(given, signal);
  // Three lines of two numbers conflict, three of one do not.
  expect(delivery).toMatchObject({ delivered: 3, dropped: new Map([['rejected', 6]]) });
  expect(delivery.problem).toContain('field type conflict');
  const [stored] = await influx.query('plimsoll', 'SELECT count(rss) FROM container_memory');
  expect(stored?.values[0]?.[1]).toBe(3);
});

test('what is older than the retention policy is counted, the rest is stored', async () => {
  const influx = await influxdb();
  await influx.query('plimsoll', 'CREATE RETENTION POLICY short ON plimsoll DURATION 1h REPLICATION 1 DEFAULT');
  const now = Date.now();
  const given = frame([
    table({ measurement: 'm', columns: ['v'], rows: [[{ n: 'old' }, [1]]], timeMs: now - 7_200_000 }),
    table({ measurement: 'm', columns: ['v'], rows: [[{ n: 'new' }, [2]]], timeMs: now }),
  ]);
  expect(await sinkTo(influx).write(given, signal)).toMatchObject({
    delivered: 1,
    dropped: new Map([['rejected', 1]]),
  });
  const [stored] = await influx.query('plimsoll', 'SELECT n, v FROM m');
  expect(stored?.values).toEqual([[now, 'new', 2]]);
});

test.each([true, false])('requests larger than the server takes are made smaller (compressed: %s)', async (gzip) => {
  const influx = await influxdb({ databases: ['plimsoll'], maxBodyBytes: 40_000 });
  const sink = sinkTo(influx, { gzip });
  // Noise, so that it stays larger than the limit when compressed.
  const names = Array.from(
    { length: 5000 },
    (_, i) => `c${i}-${Math.random().toString(36).slice(2)}${Math.random().toString(36).slice(2)}`,
  );
  const given = frame([table({ measurement: 'm', columns: ['v'], rows: names.map((name, i) => [{ name }, [i]]) })]);
  const fanout = createFanout([{ sink, maxFrames: 10, maxSamples: 1e6, deadlineMs: 60_000 }], {
    clock: systemClock,
    log: silent,
    backoff: { firstMs: 10, maxMs: 50 },
  });
  stops.push(() => fanout.close(0));
  fanout.offer(given);
  await waitFor(() => fanout.stats()[0]?.queuedSamples === 0, { timeoutMs: 30_000 });
  expect(fanout.stats()[0]).toMatchObject({ delivered: 5000, dropped: new Map() });
  const [stored] = await influx.query('plimsoll', 'SELECT count(v) FROM m');
  expect(stored?.values[0]?.[1]).toBe(5000);
});

test('the version 2 endpoint of a server that has none is told apart from a missing bucket', async () => {
  const influx = await influxdb();
  const sink = sinkTo(influx, { to: { version: 2, org: '', bucket: 'plimsoll' } });
  const given = frame([table({ measurement: 'm', columns: ['v'], rows: [[{}, [1]]] })]);
  await expect(sink.write(given, signal)).rejects.toThrow('an InfluxDB before 1.8 wants the sink kind "influxdb1"');
});
