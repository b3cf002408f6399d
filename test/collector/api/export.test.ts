/** `/federate` and `/api/v1/export`: what comes out, and that neither holds more than it must. */
import { afterEach, describe, expect, test } from 'vitest';
import type { ExportedSeries } from '../../../collector/store/types.ts';
import { fakeClock } from '../../support/clock.ts';
import { waitFor } from '../../support/wait.ts';
import { type ApiServer, LIMITS, startApi } from './apiserver.ts';
import { receivers } from '../receive/bench.ts';
import { arrayStore, STATS } from './arraystore.ts';

const NOW = 1_700_000_600_000;
const T = 1_700_000_000_000;
const servers: ApiServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function started(
  all: readonly ExportedSeries[],
  more: Partial<Parameters<typeof startApi>[0]> = {},
): Promise<string> {
  const store = arrayStore(() => Promise.reject(new Error('not asked here')), all);
  const server = await startApi({ store, clock: fakeClock(NOW), ...more });
  servers.push(server);
  return server.url;
}

const series = (
  labels: Record<string, string>,
  points: readonly [ms: number, value: number][],
  ends: number[] = [],
): ExportedSeries => ({
  labels: Object.entries(labels),
  timesMs: Float64Array.from(points, ([ms]) => ms),
  values: Float64Array.from(points, ([, value]) => value),
  ends,
});

const SOME = [
  series({ __name__: 'up', instance: 'a', job: 'j' }, [
    [NOW - 20_000, 0],
    [NOW - 10_000, 1],
  ]),
  series({ __name__: 'up', instance: 'old', job: 'j' }, [[NOW - 301_000, 1]]),
  series({ __name__: 'up', instance: 'gone', job: 'j' }, [[NOW - 20_000, 1]], [NOW - 10_000]),
  series(
    { __name__: 'up', instance: 'back', job: 'j' },
    [
      [NOW - 30_000, 1],
      [NOW - 5000, 0],
    ],
    [NOW - 10_000],
  ),
  series({ __name__: 'a_value', place: 'x"y\\z\n' }, [[NOW - 1, Number.NaN]]),
];

describe('/federate', () => {
  test('gives the latest sample of each series with its time, and leaves out what is stale', async () => {
    const url = await started(SOME);
    const text = await (await fetch(`${url}/federate?match[]={__name__=~".%2B"}`)).text();
    expect(text).toBe(
      [
        '# TYPE a_value untyped',
        `a_value{place="x\\"y\\\\z\\n",instance=""} NaN ${NOW - 1}`,
        '# TYPE up untyped',
        `up{instance="a",job="j"} 1 ${NOW - 10_000}`,
        `up{instance="back",job="j"} 0 ${NOW - 5000}`,
        '',
      ].join('\n'),
    );
  });

  test('nothing asked for is nothing answered', async () => {
    const url = await started(SOME);
    // As in Prometheus: an empty page, not everything.
    expect(await (await fetch(`${url}/federate`)).text()).toBe('');
  });

  test('refuses more series than an answer may have', async () => {
    const url = await started(SOME, { limits: { ...LIMITS, maxPoints: 1 } });
    const response = await fetch(`${url}/federate?match[]=up`);
    expect(response.status).toBe(422);
    expect(((await response.json()) as { error: string }).error).toContain('query.max_points');
  });
});

describe('/api/v1/export', () => {
  test('is a JSON line a series, with what JSON has no number for as VictoriaMetrics writes it', async () => {
    const url = await started([
      series({ __name__: 'v', a: 'b' }, [
        [1000, 1.5],
        [2000, Number.NaN],
        [3000, Infinity],
        [4000, -Infinity],
      ]),
    ]);
    const text = await (await fetch(`${url}/api/v1/export?match[]=v`)).text();
    expect(text).toBe(
      '{"metric":{"__name__":"v","a":"b"},"values":[1.5,null,"Infinity","-Infinity"],"timestamps":[1000,2000,3000,4000]}\n',
    );
  });

  test('says when a series went stale, and an import takes that back as it was', async () => {
    const points = Array.from({ length: 10_001 }, (_, i) => [T + i * 1000, i] as [number, number]);
    const url = await started([
      series({ __name__: 'v', a: 'gone' }, [[T, 1]], [T + 15_000]),
      series(
        { __name__: 'v', a: 'back' },
        [
          [T, 1],
          [T + 60_000, 2],
        ],
        [T + 15_000, T + 75_000],
      ),
      series({ __name__: 'v', a: 'long' }, points, [T + 20_000_000]),
    ]);
    const text = await (await fetch(`${url}/api/v1/export?match[]=v`)).text();
    expect(text.split('\n')).toContain(
      `{"metric":{"__name__":"v","a":"gone"},"values":[1],"timestamps":[${T}],"ends":[${T + 15_000}]}`,
    );
    const { post, store } = await receivers();
    const { body } = await post('/api/v1/import?format=json', text);
    expect(JSON.parse(body)).toMatchObject({ accepted: 10_008, dropped: {}, bad_lines: 0 });
    expect(store.kept.get('v{a="gone"}')).toEqual([
      [T, 1],
      [T + 15_000, 'stale'],
    ]);
    expect(store.kept.get('v{a="back"}')).toEqual([
      [T, 1],
      [T + 15_000, 'stale'],
      [T + 60_000, 2],
      [T + 75_000, 'stale'],
    ]);
    expect(store.kept.get('v{a="long"}')).toEqual([...points, [T + 20_000_000, 'stale']]);
  });

  test('cuts long series into lines', async () => {
    const points = Array.from({ length: 25_000 }, (_, i) => [i * 1000, i] as [number, number]);
    const url = await started([series({ __name__: 'v' }, points)]);
    const lines = (await (await fetch(`${url}/api/v1/export?match[]=v`)).text()).trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { values: number[] }).values.length)).toEqual([
      10_000, 10_000, 5000,
    ]);
  });

  test('takes start and end, and wants a selector', async () => {
    const url = await started([
      series({ __name__: 'v' }, [
        [1000, 1],
        [2000, 2],
        [3000, 3],
      ]),
    ]);
    const text = await (await fetch(`${url}/api/v1/export?match[]=v&start=2&end=2.5`)).text();
    expect(text).toBe('{"metric":{"__name__":"v"},"values":[2],"timestamps":[2000]}\n');
    expect((await fetch(`${url}/api/v1/export`)).status).toBe(400);
  });

  test('reads no further than the client does, and ends at the store when the client goes', async () => {
    const endless = endlessStore();
    const server = await startApi({ store: endless.store });
    servers.push(server);
    const gone = new AbortController();
    const response = await fetch(`${server.url}/api/v1/export?match[]=v`, { signal: gone.signal });
    const reader = response.body!.getReader();
    await reader.read();
    // A piece is 8 MB: what the sockets' buffers and the streams between hold is a few of them, then nothing is asked of the store.
    await waitFor(
      async () => {
        const before = endless.pieces();
        await new Promise((resolve) => setTimeout(resolve, 100));
        return before === endless.pieces();
      },
      { timeoutMs: 10_000, what: 'the export to stand still' },
    );
    expect(endless.pieces()).toBeLessThan(20);
    gone.abort();
    await waitFor(async () => endless.ended(), { timeoutMs: 10_000, what: 'the store to be told' });
  });
});

function endlessStore() {
  let pieces = 0;
  let ended = false;
  const piece = series(
    { __name__: 'v' },
    Array.from({ length: 400_000 }, (_, i) => [1e12 + i, i + 0.5] as [number, number]),
  );
  const store = {
    ...arrayStore(() => Promise.reject(new Error('not asked'))),
    stats: async () => STATS,
    async *export() {
      try {
        for (;;) {
          pieces++;
          yield [piece];
        }
      } finally {
        ended = true;
      }
    },
  };
  return { store, pieces: () => pieces, ended: () => ended };
}
