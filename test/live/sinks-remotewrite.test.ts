/**
 * Remote-write to real servers, Prometheus' own receiver and VictoriaMetrics: the values of the collector's pages, what has gone gone at once,
 * nothing lost while the server is away, and what it will never take counted.
 */
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { createFanout, type Fanout } from '../../collector/sinks/fanout.ts';
import { createRemoteWriteSink, type RemoteWriteOptions } from '../../collector/sinks/remotewrite/sink.ts';
import { silent } from '../../src/log.ts';
import type { Frame } from '../../src/model/batch.ts';
import { systemClock } from '../../src/run/clock.ts';
import { engineAt } from '../support/engine.ts';
import { collectorPage, type Page } from '../support/page.ts';
import { type Program, startProgram } from '../support/program.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';
import type { Server } from '../support/servers.ts';
import { serviceLabels } from '../support/stage.ts';
import { frame, table } from '../support/tables.ts';
import { startVictoria } from '../support/victoria.ts';
import { waitFor } from '../support/wait.ts';

type Store = Server & Pick<Prometheus, 'url' | 'query' | 'queryRange'>;

const stores = new Map<string, Store>();
beforeAll(async () => {
  const [prometheus, victoria] = await Promise.all([
    startPrometheus({ remoteWrite: true, outOfOrder: '30m' }),
    startVictoria(),
  ]);
  stores.set('Prometheus', prometheus).set('VictoriaMetrics', victoria);
});
afterAll(async () => {
  await Promise.all(Array.from(stores.values(), (store) => store.stop()));
});

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Aligned, and far enough back for ten windows. */
const BASE = Math.floor(Date.now() / 10_000) * 10_000 - 300_000;

/** A window of services of a metric of the test's own; each number tells window and place. */
function services(metric: string, names: readonly string[], nth: number): Frame {
  const startMs = BASE + nth * 10_000;
  const rows = names.map((s, i) => [{ s }, [nth + i / 1000]] as const);
  return frame([table({ level: 'service', columns: [metric], rows, timeMs: startMs + 10_000 })], startMs);
}

function outlet(store: Store, options: Partial<RemoteWriteOptions> = {}): Fanout {
  const sink = createRemoteWriteSink({ url: store.url, timeoutMs: 5000, clock: systemClock, ...options });
  const fanout = createFanout([{ sink, maxFrames: 100, maxSamples: 1e6, deadlineMs: 20_000 }], {
    clock: systemClock,
    log: silent,
    backoff: { firstMs: 50, maxMs: 500 },
  });
  stops.push(() => fanout.close(0));
  return fanout;
}

async function delivered(fanout: Fanout): Promise<void> {
  await waitFor(() => fanout.stats()[0]?.queuedSamples === 0, {
    timeoutMs: 60_000,
    what: 'everything to be dealt with',
  });
  const [stats] = fanout.stats();
  const dropped = [...(stats?.dropped.values() ?? [])].reduce((a, b) => a + b, 0);
  expect(stats?.received).toBe((stats?.delivered ?? 0) + dropped + (stats?.queuedSamples ?? 0));
}

const NAMES = Array.from({ length: 500 }, (_, i) => `s${i}`);

describe.each(['Prometheus', 'VictoriaMetrics'])('%s', (which) => {
  const store = (): Store => stores.get(which) as Store;
  const own = (what: string): string => `${what}_${which.toLowerCase()}`;
  /** Values of one series by time, in windows since BASE. */
  async function valuesOf(metric: string, s: string, last: number): Promise<(readonly [number, number])[]> {
    const range = { start: BASE / 1000 + 10, end: BASE / 1000 + last * 10, step: 10 };
    const [series] = await store().queryRange(`${metric}{s="${s}"}`, range);
    return (series?.points ?? []).map(([time, value]) => [Math.round(time - BASE / 1000) / 10, value] as const);
  }

  test('killed and started again in the middle, and away for a while: nothing lost, each series in order', async () => {
    const metric = own('away');
    // Seven requests a window, three at a time.
    const fanout = outlet(store(), { maxSamples: 80, inFlight: 3 });
    for (let n = 0; n < 5; n++) fanout.offer(services(metric, NAMES, n));
    await waitFor(() => (fanout.stats()[0]?.delivered ?? 0) > 0, { everyMs: 1 });
    // What VictoriaMetrics has acknowledged and then loses by SIGKILL is its own affair: it has no log of writes.
    await store().end(which === 'Prometheus' ? 'SIGKILL' : 'SIGINT');
    for (let n = 5; n < 10; n++) fanout.offer(services(metric, NAMES, n));
    await waitFor(() => (fanout.stats()[0]?.retries ?? 0) > 2);
    await store().start();
    await delivered(fanout);
    expect(fanout.stats()[0]).toMatchObject({ received: 5000, delivered: 5000, dropped: new Map() });
    const expected = (i: number) => Array.from({ length: 10 }, (_, n) => [n + 1, n + i / 1000]);
    await waitFor(async () => (await valuesOf(metric, 's499', 10)).length === 10, { timeoutMs: 30_000 });
    for (const i of [0, 1, 79, 80, 250, 499]) expect(await valuesOf(metric, `s${i}`, 10)).toEqual(expected(i));
    // A request whose answer got lost is sent again; VictoriaMetrics has its samples twice then, the same at the same times, unless it is told to leave them out.
    // All ten of a series differ.
    const over = which === 'Prometheus' ? 'count_over_time' : 'distinct_over_time';
    const counted = await store().query(`sum(${over}(${metric}[10m]))`, BASE / 1000 + 100);
    expect(counted[0]?.value).toBe(5000);
  });

  test('what has gone is gone at once, and comes back', async () => {
    const metric = own('gone');
    const fanout = outlet(store());
    for (const [n, there] of [['a', 'b'], ['b'], ['a', 'b']].entries()) fanout.offer(services(metric, there, n));
    await delivered(fanout);
    const at = async (second: number): Promise<unknown> =>
      (await store().query(metric, BASE / 1000 + second)).map(({ labels, value }) => [labels.s, value]).sort();
    const both = await waitFor(async () => {
      const found = (await at(30)) as unknown[];
      return found.length === 2 && found;
    });
    expect(both).toEqual([
      ['a', 2],
      ['b', 2.001],
    ]);
    expect(await at(10)).toEqual([
      ['a', 0],
      ['b', 0.001],
    ]);
    // Without the marker "a" would be there for five minutes more.
    expect(await at(20)).toEqual([['b', 1]]);
  });

  test('a node that was away alone: what it kept is there at its own times, and the others are as they were', async () => {
    const metric = own('cut');
    const fanout = outlet(store(), { containers: true });
    /** Single containers, read 3 s into the window, and a number of each node at its end; both tell window and node. */
    const window = (nth: number, nodes: readonly string[], late?: readonly string[]): Frame => {
      const startMs = BASE + nth * 10_000;
      const rows = nodes.map((s) => [{ s }, [nth + (s === 'n1' ? 0 : 0.5)]] as const);
      const tables = [
        table({ measurement: 'single', columns: [`${metric}_single`], rows, timeMs: startMs + 3000 }),
        table({ measurement: 'node', level: 'node', columns: [metric], rows, timeMs: startMs + 10_000 }),
      ];
      return { ...frame(tables, startMs), ...(late ? { late } : {}) };
    };
    const both = ['n1', 'n2'];
    for (const one of [window(0, both), window(1, both), window(2, ['n1']), window(3, ['n1']), window(4, ['n1'])])
      fanout.offer(one);
    await delivered(fanout);
    expect(await valuesOf(metric, 'n2', 8)).toEqual([
      [1, 0.5],
      [2, 1.5],
    ]);
    // It is back: two windows late, one on time, the third late, and on it goes.
    for (const one of [
      window(2, ['n2'], ['n2']),
      window(3, ['n2'], ['n2']),
      window(5, ['n1']),
      window(4, ['n2'], ['n2']),
    ])
      fanout.offer(one);
    for (const one of [window(5, ['n2'], ['n2']), window(6, both), window(7, both)]) fanout.offer(one);
    await delivered(fanout);
    expect(fanout.stats()[0]).toMatchObject({ delivered: 2 * 2 * 8, dropped: new Map() });
    const all = (half: number) => Array.from({ length: 8 }, (_, n) => [n + 1, n + half] as [number, number]);
    await waitFor(async () => (await valuesOf(metric, 'n2', 8)).length === 8, { timeoutMs: 30_000 });
    expect(await valuesOf(metric, 'n2', 8)).toEqual(all(0.5));
    expect(await valuesOf(metric, 'n1', 8)).toEqual(all(0));
    for (const s of both) {
      // Five seconds into each window.
      const range = { start: BASE / 1000 + 5, end: BASE / 1000 + 75, step: 10 };
      const [series] = await store().queryRange(`${metric}_single{s="${s}"}`, range);
      expect(series?.points.map(([, value]) => value)).toEqual(all(s === 'n1' ? 0 : 0.5).map(([, value]) => value));
    }
  });

  test('2.0 asked of a server that has only 1.0: nothing lost', async () => {
    const metric = own('older');
    const fanout = outlet(store(), { protocol: '2.0' });
    fanout.offer(services(metric, ['a'], 0));
    await delivered(fanout);
    expect(fanout.stats()[0]).toMatchObject({ delivered: 1 });
    await waitFor(async () => (await valuesOf(metric, 'a', 1)).length === 1);
    expect(await valuesOf(metric, 'a', 1)).toEqual([[1, 0]]);
  });

  test('labels of any text come back', async () => {
    const metric = own('texts');
    const texts = ['plain', ' a b ', 'a,b=c', 'say "hi"', 'two\nlines', 'C:\\', '{}', 'größe 🐳'];
    const fanout = outlet(store(), { externalLabels: { via: 'texts' } });
    fanout.offer(services(metric, texts, 0));
    await delivered(fanout);
    const found = await waitFor(async () => {
      const values = await store().query(`${metric}{via="texts"}`, BASE / 1000 + 10);
      return values.length === texts.length && values;
    });
    expect(found.map(({ labels }) => labels.s).sort()).toEqual([...texts].sort());
  });

  test('plimsoll check finds it', async () => {
    const sink = createRemoteWriteSink({ url: store().url, timeoutMs: 5000, clock: systemClock });
    stops.push(sink.close);
    expect(await sink.probe?.(new AbortController().signal)).toBe(`${store().url}/api/v1/write takes remote-write 1.0`);
  });
});

describe('Prometheus refuses', () => {
  const prometheus = (): Store => stores.get('Prometheus') as Store;

  test('what is too old: final and counted, and what comes after is written', async () => {
    const fanout = outlet(prometheus());
    const old = frame(
      [
        table({
          level: 'service',
          columns: ['refused'],
          rows: ['a', 'b', 'c'].map((s) => [{ s }, [1]] as const),
          timeMs: BASE - 4 * 3_600_000,
        }),
      ],
      BASE - 4 * 3_600_000,
    );
    fanout.offer(old);
    fanout.offer(services('refused', ['a', 'b'], 0));
    await delivered(fanout);
    expect(fanout.stats()[0]).toMatchObject({
      received: 5,
      delivered: 2,
      dropped: new Map([['rejected', 3]]),
      retries: 0,
    });
    expect(await prometheus().query('count(refused)', BASE / 1000 + 10)).toMatchObject([{ value: 2 }]);
  });

  test('one series of a request: its neighbours are written', async () => {
    const first = outlet(prometheus());
    first.offer(services('contested', ['s7'], 3));
    await delivered(first);
    // Another number at the same time, as a second collector of the same name would send it.
    const second = outlet(prometheus());
    second.offer(services('contested', NAMES.slice(0, 16), 3));
    await delivered(second);
    expect(second.stats()[0]).toMatchObject({ delivered: 15, dropped: new Map([['rejected', 1]]) });
    expect(second.stats()[0]?.lastError).toContain('do two collectors write the same series?');
    expect(await prometheus().query('count(contested)', BASE / 1000 + 40)).toMatchObject([{ value: 16 }]);
  });

  test('not what is late, within its window for that', async () => {
    const fanout = outlet(prometheus());
    for (const n of [4, 1, 5]) fanout.offer(services('late', ['a'], n));
    await delivered(fanout);
    expect(fanout.stats()[0]).toMatchObject({ received: 3, delivered: 3 });
    expect(await prometheus().query('count_over_time(late[10m])', BASE / 1000 + 60)).toMatchObject([{ value: 3 }]);
  });

  test('the same window again changes nothing', async () => {
    for (let times = 0; times < 2; times++) {
      const fanout = outlet(prometheus());
      fanout.offer(services('again', ['a', 'b'], 2));
      await delivered(fanout);
      expect(fanout.stats()[0]).toMatchObject({ delivered: 2, dropped: new Map() });
    }
  });
});

describe('plimsoll run', () => {
  const socket = inject('dockerSocket');
  const engine = engineAt(socket);
  let program: Program;
  beforeAll(async () => {
    await engine.run({ name: 'lasting', flags: serviceLabels('shop', 'store'), script: 'sleep 100000' });
    await engine.run({ name: 'leaving', flags: serviceLabels('shop', 'guest'), script: 'sleep 100000' });
    const sink = (store: string): object => ({
      kind: 'remote_write',
      url: stores.get(store)?.url,
      containers: true,
      external_labels: { via: 'push' },
    });
    program = await startProgram({
      command: 'run',
      config: {
        node: 'n1',
        agent: { interval: '2s', engines: [`unix://${socket}`] },
        collector: { window: '2s', lateness: '500ms' },
        sinks: { push: sink('Prometheus'), victoria: sink('VictoriaMetrics') },
      },
    });
  });
  afterAll(async () => {
    await program?.stop();
    await engine.remove();
  });

  /** What is told of the program itself is on the page, and not written. */
  const ITSELF = /^(plimsoll|process|nodejs|cadvisor|scrape)_/;
  const linesOf = (page: Page): Map<string, number> =>
    new Map(
      page.metrics
        .filter((name) => !ITSELF.test(name))
        .flatMap((name) => page.all(name))
        .map(({ name, labels, value }) => [JSON.stringify([name, [...labels].sort()]), value]),
    );
  async function held(store: Store): Promise<Map<string, number>> {
    const values = await store.query('{via="push"}', Date.now() / 1000);
    return new Map(
      values.map(({ labels: { __name__: name, via, ...labels }, value }) => [
        JSON.stringify([name, Object.entries(labels).sort()]),
        value,
      ]),
    );
  }

  /** Both of one moment, so that a window that closes in between does not count. */
  async function compared(which: string): Promise<{ page: Map<string, number>; store: Map<string, number> }> {
    return waitFor(
      async () => {
        const before = linesOf(await collectorPage(program));
        const store = await held(stores.get(which) as Store);
        const after = linesOf(await collectorPage(program));
        const same = before.size === after.size && [...before].every(([key, value]) => after.get(key) === value);
        const level = [...before].filter(([key, value]) => close(store.get(key), value)).length;
        return same && level === before.size && before.size > 100 && { page: before, store };
      },
      { timeoutMs: 40_000, everyMs: 100, what: `${which} to have the page` },
    );
  }
  /** VictoriaMetrics keeps decimal digits, not the double's bits. */
  const close = (one: number | undefined, other: number): boolean =>
    one !== undefined && Math.abs(one - other) <= 1e-11 * Math.abs(other);

  test.each(['Prometheus', 'VictoriaMetrics'])('%s has what is on the pages, and nothing else', async (which) => {
    const { page, store } = await compared(which);
    expect([...store.keys()].sort()).toEqual([...page.keys()].sort());
    expect([...page.keys()].some((key) => key.includes('"leaving"'))).toBe(true);
  });

  test.each(['Prometheus', 'VictoriaMetrics'])('%s: a container that is removed vanishes', async (which) => {
    await engine.remove('leaving');
    await waitFor(
      async () => ![...(await held(stores.get(which) as Store)).keys()].some((key) => key.includes('"leaving"')),
      {
        // Without markers it would stay for five minutes.
        timeoutMs: 30_000,
        everyMs: 200,
        what: 'the container to be gone',
      },
    );
    const { page, store } = await compared(which);
    expect([...store.keys()].sort()).toEqual([...page.keys()].sort());
  });
});
