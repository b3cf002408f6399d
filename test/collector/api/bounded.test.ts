/** Whatever clients of the query API do, what they cost is bounded, and they hear why. */
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { formReader, MAX_FORM_BYTES } from '../../../collector/api/forms.ts';
import { createTurns } from '../../../collector/api/turns.ts';
import type { QueryAnswer, QueryError } from '../../../collector/query/query.ts';
import { Readable } from 'node:stream';
import { fakeClock } from '../../support/clock.ts';
import { waitFor } from '../../support/wait.ts';
import { type ApiServer, startApi } from './apiserver.ts';
import { arrayStore } from './arraystore.ts';

const servers: ApiServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function started(store: ReturnType<typeof arrayStore>): Promise<ApiServer> {
  const server = await startApi({ store });
  servers.push(server);
  return server;
}

const NONE = { warnings: [], infos: [], samples: 0, tookMs: 0 };
const one = (): QueryAnswer => ({
  type: 'scalar',
  series: [{ labels: [], timesMs: Float64Array.of(1000), values: Float64Array.of(1) }],
  ...NONE,
});

/** A store whose queries wait until they are let go. */
function held() {
  const going: (() => void)[] = [];
  const signals: AbortSignal[] = [];
  let most = 0;
  let now = 0;
  const store = arrayStore((_request, signal) => {
    most = Math.max(most, ++now);
    signals.push(signal!);
    return new Promise((resolve, reject) => {
      const end = (): void => void now--;
      going.push(() => {
        end();
        resolve(one());
      });
      signal!.addEventListener('abort', () => {
        end();
        reject(signal!.reason as Error);
      });
    });
  });
  return { store, going, signals, most: () => most };
}

describe('queries', () => {
  test('a thousand at once: four at the store, some wait, the rest is told to come back', async () => {
    const { store, going, most } = held();
    const { url } = await started(store);
    const answers = Array.from({ length: 1000 }, async () => {
      const response = await fetch(`${url}/api/v1/query?query=up`);
      const body = (await response.json()) as { errorType?: string; error?: string };
      return { code: response.status, body, again: response.headers.get('retry-after') };
    });
    // 4 are asked, 128 wait: 868 are sent away at once.
    const away = await Promise.race([Promise.all(answers), waitForCount(answers, 868)]);
    expect(away).toBe(868);
    for (let done = 0; done < 132; ) {
      await waitFor(async () => going.length > 0, { timeoutMs: 10_000, what: 'the next query' });
      for (const go of going.splice(0)) {
        go();
        done++;
      }
    }
    const all = await Promise.all(answers);
    expect(all.filter(({ code }) => code === 200)).toHaveLength(132);
    expect(most()).toBe(4);
    const refused = all.find(({ code }) => code === 503)!;
    expect(refused.body.errorType).toBe('unavailable');
    expect(refused.body.error).toContain('query.concurrency');
    expect(refused.again).toBe('1');
  });

  test('whose client has gone is aborted at the store, or leaves the line', async () => {
    const { store, signals } = held();
    const { url } = await started(store);
    const clients = Array.from({ length: 6 }, () => new AbortController());
    const asked = clients.map(({ signal }) => fetch(`${url}/api/v1/query?query=up`, { signal }).catch(() => 'gone'));
    await waitFor(async () => signals.length === 4, { timeoutMs: 10_000, what: 'four queries' });
    for (const client of clients) client.abort();
    await Promise.all(asked);
    await waitFor(async () => signals.every(({ aborted }) => aborted), { timeoutMs: 10_000, what: 'the aborts' });
    expect(signals.length).toBeLessThanOrEqual(6);
  });

  test('that take longer than a connection may stand still are answered all the same', async () => {
    const { store, going } = held();
    const server = await startApi({ store }, { stalledMs: 200 });
    servers.push(server);
    const asked = fetch(`${server.url}/api/v1/query?query=up`);
    await waitFor(async () => going.length === 1, { timeoutMs: 10_000, what: 'the query' });
    // Another connection that stands still is let go of: so long the query has waited at least.
    const other = connect(Number(new URL(server.url).port), '127.0.0.1');
    const ended = new Promise((resolve) => other.on('close', resolve));
    other.resume().write('GET / HTTP/1.1\r\n');
    await ended;
    going[0]!();
    expect((await asked).status).toBe(200);
  });

  test('lookups have turns of their own: names are there while queries are slow', async () => {
    const { store, signals, going } = held();
    const { url } = await started(store);
    const slow = Array.from({ length: 4 }, () => fetch(`${url}/api/v1/query?query=up`));
    await waitFor(async () => signals.length === 4, { timeoutMs: 10_000, what: 'four queries' });
    expect((await fetch(`${url}/api/v1/labels`)).status).toBe(200);
    for (const go of going) go();
    await Promise.all(slow);
  });
});

async function waitForCount(answers: readonly Promise<unknown>[], count: number): Promise<number> {
  let settled = 0;
  for (const answer of answers) void answer.then(() => settled++);
  await waitFor(async () => settled >= count, { timeoutMs: 50_000, what: `${count} answers` });
  return settled;
}

describe('turns', () => {
  test('who waits too long is told so, and nobody is forgotten', async () => {
    const clock = fakeClock();
    const turns = createTurns({ clock, atOnce: 1, waiting: 2, waitMs: 1000 });
    const { signal } = new AbortController();
    const leave = await turns.enter(signal);
    const first = turns.enter(signal).catch((error: QueryError) => error);
    await clock.advance(500);
    const second = turns.enter(signal);
    await expect(turns.enter(signal)).rejects.toMatchObject({ type: 'unavailable' });
    await clock.advance(500);
    expect(await first).toMatchObject({ type: 'timeout' });
    leave();
    leave();
    (await second)();
    expect([turns.busy, turns.waiting, clock.armed]).toEqual([0, 0, 0]);
  });
});

describe('forms', () => {
  const post = (url: string, body: string): Promise<Response> =>
    fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded' } });

  test('of ten megabytes are refused, said to be so large or not', async () => {
    const { url } = await started(arrayStore(async () => one()));
    const large = `query=${'a'.repeat(10_000_000)}`;
    // The answer comes before the body has: the connection may be cut before it is read.
    const code = await post(`${url}/api/v1/query`, large).then(
      ({ status }) => status,
      () => 'cut',
    );
    expect([400, 'cut']).toContain(code);
    const chunked = new Readable({
      read() {
        this.push(Buffer.alloc(100_000, 'a'));
      },
    });
    const read = formReader();
    await expect(read(chunked, 0)).rejects.toMatchObject({ type: 'bad_data' });
    expect((await fetch(`${url}/api/v1/query?query=1`)).status).toBe(200);
  });

  test('that come all at once share what memory there is for them', async () => {
    const read = formReader(MAX_FORM_BYTES);
    const slow = new Readable({ read: () => undefined });
    slow.push(Buffer.alloc(MAX_FORM_BYTES - 10));
    const first = read(slow, 0);
    await waitFor(async () => slow.readableLength === 0, { timeoutMs: 5000, what: 'the first to be read' });
    await expect(read(Readable.from([Buffer.alloc(100)]), 0)).rejects.toMatchObject({ type: 'unavailable' });
    slow.push(null);
    expect(await first).toHaveLength(MAX_FORM_BYTES - 10);
    expect(await read(Readable.from([Buffer.from('a=b')]), 0)).toBe('a=b');
  });

  test('with selectors without end are refused before one is looked up', async () => {
    const store = arrayStore(async () => one());
    const { url } = await started(store);
    const response = await post(`${url}/api/v1/series`, Array.from({ length: 50_000 }, () => 'match[]=up').join('&'));
    expect(response.status).toBe(400);
    expect(((await response.json()) as { error: string }).error).toContain('at most 1000');
    expect(store.scopes).toHaveLength(0);
  });

  test('a query longer than anybody reads is refused', async () => {
    const store = arrayStore(async () => one());
    const { url } = await started(store);
    expect((await post(`${url}/api/v1/query`, `query=${'('.repeat(300_000)}`)).status).toBe(400);
    expect(store.asked).toHaveLength(0);
  });
});

describe('readers who do not read', () => {
  test('do not keep the store from answering others', async () => {
    const points = 400_000;
    const large: QueryAnswer = {
      type: 'matrix',
      series: [
        {
          labels: [],
          timesMs: Float64Array.from({ length: points }, (_, i) => i * 1000),
          values: Float64Array.from({ length: points }, (_, i) => i + 0.5),
        },
      ],
      ...NONE,
    };
    const server = await started(arrayStore(async () => large));
    const { hostname, port } = new URL(server.url);
    const sockets = Array.from({ length: 20 }, () => {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined).pause();
      socket.write(`GET /api/v1/query?query=up HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
      return socket;
    });
    const response = await fetch(`${server.url}/api/v1/query?query=up`);
    const body = (await response.json()) as { data: { result: { values: unknown[] }[] } };
    expect(body.data.result[0]!.values).toHaveLength(points);
    expect(server.refused).toContain('stalled');
    for (const socket of sockets) socket.destroy();
  }, 60_000);
});
