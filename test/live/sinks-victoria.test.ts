/** The InfluxDB sink's version 2 and the endpoint that VictoriaMetrics serves: content exact, an outage without loss. */
import { afterEach, expect, test } from 'vitest';
import { createFanout } from '../../collector/sinks/fanout.ts';
import { createInfluxSink } from '../../collector/sinks/influx/sink.ts';
import { silent } from '../../src/log.ts';
import type { LabelPair } from '../../src/model/labels.ts';
import { systemClock } from '../../src/run/clock.ts';
import { frame, table } from '../support/tables.ts';
import { startVictoria, type Victoria } from '../support/victoria.ts';
import { waitFor } from '../support/wait.ts';

const signal = new AbortController().signal;
/** VictoriaMetrics does not take what lies far ahead. */
const NOW = Math.floor(Date.now() / 1000) * 1000 - 600_000;

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function setUp() {
  const victoria: Victoria = await startVictoria();
  stops.push(victoria.stop);
  const sink = createInfluxSink({
    url: victoria.url,
    to: { version: 2, org: 'o', bucket: 'b' },
    timeoutMs: 10_000,
    clock: systemClock,
    idField: false,
    maxLines: 500,
  });
  stops.push(sink.close);
  return { victoria, sink };
}

const TEXTS: readonly (readonly [string, string])[] = [
  ['plain', 'plain'],
  [' a b ', ' a b '],
  ['a,b=c', 'a,b=c'],
  ['say "hi" \'you\'', 'say "hi" \'you\''],
  ['two\nlines', 'two lines'],
  ['C:\\temp', 'C:\\temp'],
  ['C:\\', 'C:/'],
  ['\\\\server\\share', '/\\server\\share'],
  ['a\\ b\\,c\\=d', 'a/ b/,c/=d'],
  ['größe 🐳', 'größe 🐳'],
];

const NUMBERS = [0, 1, -1, 0.125, 2 ** 40, 1e21, 123456.789];

test('tags and numbers come back', async () => {
  const { victoria, sink } = await setUp();
  const given = frame([
    table({
      measurement: 'container_cpu',
      columns: ['usage_seconds_total'],
      rows: TEXTS.map(([text], i) => [
        [
          ['name', text],
          ['id', 'x'],
          ['n', String(i)],
        ] satisfies LabelPair[],
        [i + 0.5],
      ]),
      timeMs: NOW,
    }),
    table({
      measurement: 'numbers',
      columns: ['v'],
      rows: NUMBERS.map((v, i) => [{ n: String(i) }, [v]]),
      timeMs: NOW,
    }),
  ]);
  expect((await sink.write(given, signal)).delivered).toBe(TEXTS.length + NUMBERS.length);
  const series = await waitFor(async () => {
    const found = await victoria.exported('{__name__="container_cpu_usage_seconds_total"}');
    return found.length === TEXTS.length ? found : undefined;
  });
  const byNumber = new Map(series.map((s) => [Number(s.metric.n), s]));
  for (const [i, [, expected]] of TEXTS.entries()) {
    expect(byNumber.get(i)?.metric.name).toBe(expected);
    expect(byNumber.get(i)).toMatchObject({ values: [i + 0.5], timestamps: [NOW] });
  }
  const numbers = await victoria.exported('{__name__="numbers_v"}');
  const stored = new Map(numbers.map((s) => [Number(s.metric.n), s.values[0]]));
  // It stores decimal digits, not the double's bits.
  for (const [i, v] of NUMBERS.entries()) expect(stored.get(i)).toBeCloseTo(v, 9 - Math.log10(Math.abs(v) + 1));
});

test('killed and started again in the middle: nothing lost, nothing twice', async () => {
  const { victoria, sink } = await setUp();
  const fanout = createFanout([{ sink, maxFrames: 100, maxSamples: 1e6, deadlineMs: 20_000 }], {
    clock: systemClock,
    log: silent,
    backoff: { firstMs: 50, maxMs: 500 },
  });
  stops.push(() => fanout.close(0));
  const names = Array.from({ length: 1000 }, (_, i) => `c${i}`);
  const offer = (n: number): void =>
    fanout.offer(
      frame([
        table({
          measurement: 'm',
          columns: ['v'],
          rows: names.map((name) => [{ name }, [n]]),
          timeMs: NOW + n * 10_000,
        }),
      ]),
    );
  for (let n = 0; n < 5; n++) offer(n);
  await waitFor(() => (fanout.stats()[0]?.delivered ?? 0) > 0, { everyMs: 1 });
  // A signal that lets it flush: what it has acknowledged and then loses by SIGKILL is its own affair, it has no log of writes.
  await victoria.end('SIGINT');
  for (let n = 5; n < 10; n++) offer(n);
  await waitFor(() => (fanout.stats()[0]?.retries ?? 0) > 1);
  await victoria.start();
  await waitFor(() => fanout.stats()[0]?.queuedSamples === 0, { timeoutMs: 60_000 });
  expect(fanout.stats()[0]).toMatchObject({ received: 10_000, delivered: 10_000 });
  const series = await waitFor(
    async () => {
      const found = await victoria.exported('{__name__="m_v"}');
      const points = found.reduce((sum, s) => sum + new Set(s.timestamps).size, 0);
      return points >= 10_000 ? found : undefined;
    },
    { timeoutMs: 30_000, everyMs: 500 },
  );
  expect(series).toHaveLength(1000);
  for (const { values, timestamps } of series) {
    // At least once, and the same bytes: a point that came twice is equal to itself.
    const points = new Map(timestamps.map((t, i) => [(t - NOW) / 10_000, values[i]]));
    expect([...points].sort(([a], [b]) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => [n, n]));
  }
});
