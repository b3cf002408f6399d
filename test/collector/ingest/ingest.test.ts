import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Batch } from '../../../src/model/batch.ts';
import { WIRE_LIMITS } from '../../../src/wire/limits.ts';
import { createEncoder } from '../../../src/wire/encode.ts';
import { batch, load, plain, rowOf, state, T0, table } from '../../src/wire/batches.ts';
import { agent, bench } from './agent.ts';

const [a, b, c] = [rowOf('a'), rowOf('b'), rowOf('c')];

const ok = (accepted: number, more: object = {}) => ({
  status: 200,
  headers: {},
  body: { accepted, dropped: {}, duplicate: false, ...more },
});

describe('a batch', () => {
  test('is handed on as it was sent', async () => {
    const { receive, pushed } = bench();
    const sent = batch(1, [
      table(load, [
        [a, 5, 0.25, undefined],
        [b, 6, 1e-9, -0],
      ]),
      table(state, [[a, 1]]),
    ]);
    expect(await receive(createEncoder(sent).encode(sent))).toEqual(ok(6));
    expect(pushed.map(plain)).toEqual([plain(sent)]);
  });

  test('that comes again changes nothing and gets the same answer', async () => {
    const { receive, pushed, ingest } = bench({}, () => ({ accepted: 1, dropped: new Map([['too_late', 1]]) }));
    const web = agent();
    const [first, second] = [web.next([a, b]), web.next([a, b])];
    const answer = { accepted: 1, dropped: { too_late: 1 }, duplicate: false };
    expect((await receive(first)).body).toEqual(answer);
    expect((await receive(first)).body).toEqual({ ...answer, duplicate: true });
    expect((await receive(second)).body).toEqual(answer);
    // Long ago: nobody waits for that answer any more.
    expect((await receive(first)).body).toEqual({ accepted: 0, dropped: {}, duplicate: true });
    expect(pushed.map(({ seq }) => seq)).toEqual([1, 2]);
    expect(ingest.stats().batches).toEqual(
      new Map([
        ['accepted', 2],
        ['duplicate', 2],
      ]),
    );
    expect(ingest.stats()).toMatchObject({ samplesReceived: 4, samplesAccepted: 2 });
    expect(ingest.stats().samplesDropped).toEqual(new Map([['too_late', 2]]));
  });

  test('that was lost on its way is noticed: the next one is asked for in full', async () => {
    const { receive, pushed } = bench();
    const web = agent();
    await receive(web.next([a]));
    web.next([b]);
    expect(await receive(web.next([b]))).toMatchObject({ status: 409, body: { error: 'out_of_step' } });
    expect(await receive(web.next([b], true))).toEqual(ok(1));
    expect(pushed.map(({ seq }) => seq)).toEqual([1, 4]);
  });

  test('that the agent gave up is counted, and the next one taken', async () => {
    const { receive, pushed, ingest } = bench();
    const web = agent();
    await receive(web.next([a]));
    web.skip(3);
    await receive(web.next([a]));
    expect(pushed.map(({ seq }) => seq)).toEqual([1, 5]);
    expect(ingest.stats().missingBatches).toBe(3);
  });

  test('with families that the catalogue does not know is taken without them', async () => {
    const { receive } = bench();
    const other = { ...state, name: 'other' };
    const sent = batch(1, [
      table(other, [
        [a, 1],
        [b, 1],
      ]),
      table(state, [[a, 1]]),
    ]);
    expect(await receive(createEncoder(sent).encode(sent))).toEqual(ok(1, { dropped: { unknown_metric: 2 } }));
  });

  test('that fails further on is answered 500, and taken when the agent describes it again', async () => {
    let broken = false;
    const { receive, pushed, log } = bench({}, () => {
      if (broken) throw new Error('a bug');
      return { accepted: 1, dropped: new Map() };
    });
    const [first, second] = [1, 2].map((seq) => batch(seq, [table(state, [[a, 1]])])) as [Batch, Batch];
    const encoder = createEncoder(first);
    await receive(encoder.encode(first));
    const body = encoder.encode(second);
    broken = true;
    expect(await receive(body)).toMatchObject({ status: 500, body: { error: 'internal_error' } });
    expect(log.lines).toEqual(['error failed to take a batch']);
    broken = false;
    expect(await receive(body)).toMatchObject({ status: 409, body: { error: 'unknown_session' } });
    expect(await receive(encoder.encode(second, { full: true }))).toEqual(ok(1));
    expect(pushed.map(({ seq }) => seq)).toEqual([1, 2]);
  });
});

test('bodies of a session are taken in the order in which they came, however long each takes to unpack', async () => {
  const { ingest, pushed } = bench();
  const web = agent();
  const many = Array.from({ length: 3000 }, (_, i) => rowOf(`c${i}`));
  const bodies = Array.from({ length: 20 }, (_, i) => gzipSync(web.next(i % 5 === 0 ? many : [a])));
  const replies = await Promise.all(bodies.map((body) => ingest.receive(body, { encoding: 'gzip' })));
  expect(replies.map(({ status }) => status)).toEqual(Array(20).fill(200));
  expect(pushed.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
});

test('the same body many times at once is taken once', async () => {
  const { ingest, pushed } = bench();
  const body = gzipSync(agent().next([a, b]));
  const replies = await Promise.all(Array.from({ length: 10 }, () => ingest.receive(body, { encoding: 'gzip' })));
  expect(pushed.length).toBe(1);
  expect(replies.map(({ body: answer }) => 'duplicate' in answer && answer.duplicate)).toEqual([
    false,
    ...Array(9).fill(true),
  ]);
});

describe('refused, and nothing changes', () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024 + 1));

  test.each([
    ['not gzip', Buffer.from('PLMS'), 'gzip', 400, 'bad_gzip', /^the body is not gzip/],
    ['gzip cut short', gzipSync(agent().next([a])).subarray(0, 40), 'gzip', 400, 'bad_gzip', /^the body is not gzip/],
    ['a bomb', bomb, 'gzip', 413, 'body_too_large', /more than 67108864 bytes/],
    [
      'another encoding',
      Buffer.from(''),
      'br',
      415,
      'unsupported_encoding',
      /content-encoding is br; legal: gzip, identity/,
    ],
    ['not a batch', Buffer.from('hello'), undefined, 400, 'bad_magic', /does not begin with "PLMS"/],
    ['another version', Buffer.from('PLMS\x02'), 'identity', 400, 'unsupported_version', /version is 2; supported: 1/],
    ['nothing', Buffer.alloc(0), undefined, 400, 'truncated', /ends within the magic number/],
  ])('%s', async (...[, body, encoding, status, error, message]) => {
    const { ingest, pushed } = bench();
    expect(await ingest.receive(body, { encoding })).toMatchObject({
      status,
      body: { error, message: expect.stringMatching(message) },
    });
    expect(pushed).toEqual([]);
    expect(ingest.stats().batches).toEqual(new Map([[`refused_${error}`, 1]]));
    expect(ingest.stats().sessions).toBe(0);
  });

  test('a batch above a limit, with the status 413', async () => {
    const { receive } = bench({ wire: { ...WIRE_LIMITS, rows: 1 } });
    expect(await receive(agent().next([a, b]))).toMatchObject({ status: 413, body: { error: 'limit' } });
  });

  test('a bad body of a new session does not end the old one', async () => {
    const { receive, ingest } = bench();
    const old = agent();
    await receive(old.next([a]));
    const broken = agent('node-1', 'session-2').next([a]);
    expect((await receive(broken.subarray(0, -1))).status).toBe(400);
    expect(await receive(old.next([a]))).toEqual(ok(1));
    expect(ingest.stats().sessionsEvicted).toEqual(new Map());
  });

  test('the same trouble is logged once a minute, not each time', async () => {
    const { receive, log } = bench();
    for (let i = 0; i < 100; i++) await receive(Buffer.from('hello'));
    expect(log.lines).toEqual(['warn refused a body from an agent']);
  });
});

describe('sessions', () => {
  test('one that is not known is asked for everything', async () => {
    const { receive, ingest } = bench();
    const web = agent();
    web.next([a]);
    expect(await receive(web.next([a]))).toMatchObject({ status: 409, body: { error: 'unknown_session' } });
    expect(await receive(web.next([a], true))).toEqual(ok(1));
    expect(ingest.stats().sessions).toBe(1);
  });

  test('a restarted agent takes its node over', async () => {
    const { receive, ingest } = bench();
    const old = agent();
    await receive(old.next([a]));
    expect(await receive(agent('node-1', 'session-2').next([a]))).toEqual(ok(1));
    expect(ingest.stats()).toMatchObject({ sessions: 1, sessionsEvicted: new Map([['replaced', 1]]) });
    expect((await receive(old.next([a]))).status).toBe(409);
  });

  test('two agents under one name are noticed', async () => {
    const { receive, log } = bench();
    const [one, two] = [agent('n', 's1'), agent('n', 's2')];
    await receive(one.next([a]));
    await receive(two.next([a]));
    expect(log.lines).toEqual([]);
    await receive(one.next([a], true));
    expect(log.lines).toEqual(['warn two agents send under the same node name: give each its own']);
  });

  test('a silent one is forgotten; its last batch, retried late and in full, still changes nothing', async () => {
    const { receive, pass, ingest, pushed } = bench({ staleAfterMs: 600_000 });
    const sent = batch(1, [table(state, [[a, 1]])]);
    const encoder = createEncoder(sent);
    await receive(encoder.encode(sent));
    pass(600_001);
    ingest.housekeep();
    expect(ingest.stats()).toMatchObject({ sessions: 0, series: 0, sessionsEvicted: new Map([['stale', 1]]) });
    expect((await receive(encoder.encode(sent, { full: true }))).body).toMatchObject({ duplicate: true });
    expect(pushed.length).toBe(1);
    const next = batch(2, [table(state, [[a, 1]])]);
    expect((await receive(encoder.encode(next))).status).toBe(409);
    expect(await receive(encoder.encode(next, { full: true }))).toEqual(ok(1));
  });

  test('more agents than allowed are told to come back; those that are there go on', async () => {
    const { receive, pass, ingest } = bench({ maxSessions: 2, staleAfterMs: 600_000 });
    const first = agent('n1', 's');
    await receive(first.next([a]));
    await receive(agent('n2', 's').next([a]));
    const third = agent('n3', 's').next([a]);
    expect(await receive(third)).toMatchObject({
      status: 503,
      headers: { 'retry-after': '60' },
      body: { error: 'session_limit', message: '2 agents are sending; legal: at most 2' },
    });
    expect((await receive(first.next([a]))).status).toBe(200);
    pass(600_001);
    expect((await receive(third)).status).toBe(200);
    expect(ingest.stats().sessions).toBe(1);
  });

  test('node and session cannot be confused: a pair is a pair', async () => {
    const { receive, pushed } = bench();
    for (const [node, session] of [
      ['ab', 'c'],
      ['a', 'bc'],
      ['__proto__', 'constructor'],
    ] as const) {
      expect((await receive(agent(node, session).next([a]))).status).toBe(200);
    }
    expect(pushed.map(({ node }) => node)).toEqual(['ab', 'a', '__proto__']);
  });
});

describe('the cap on series', () => {
  test('refuses new rows of an agent and lets the old ones go on', async () => {
    // `state` has one column, so a row is one series.
    const { receive, ingest, pushed } = bench({ maxSeriesPerNode: 2 });
    const web = agent();
    expect(await receive(web.next([a, b]))).toEqual(ok(2));
    expect(await receive(web.next([c, b, a]))).toEqual(ok(2, { dropped: { series_limit: 1 } }));
    expect(pushed[1]!.tables[0]!.rows.map(({ entity }) => entity.key[0])).toEqual(['b', 'a']);
    expect(ingest.stats()).toMatchObject({ series: 2, samplesReceived: 5, samplesAccepted: 4 });
    expect(ingest.stats().samplesDropped).toEqual(new Map([['series_limit', 1]]));
  });

  test('holds over all agents, and what one gives back another gets', async () => {
    const { receive, ingest } = bench({ maxSeries: 3 });
    const [one, two] = [agent('n1', 's1'), agent('n2', 's2')];
    await receive(one.next([a, b]));
    expect(await receive(two.next([a, b]))).toEqual(ok(1, { dropped: { series_limit: 1 } }));
    // The first agent starts anew, with one row only.
    await receive(agent('n1', 's3').next([a]));
    expect(await receive(two.next([a, b]))).toEqual(ok(2));
    expect(ingest.stats().series).toBe(3);
  });

  test('counts a row until its agent removes it', async () => {
    const { receive, ingest } = bench({ maxSeriesPerNode: 2 });
    const web = agent();
    await receive(web.next([a, b]));
    // `b` is kept for 12 batches, so `c` has to wait for 12.
    const dropped: unknown[] = [];
    for (let i = 0; i < 14; i++) dropped.push((await receive(web.next([a, c]))).body);
    expect(dropped.slice(0, 12)).toEqual(Array(12).fill(ok(1, { dropped: { series_limit: 1 } }).body));
    expect(dropped.slice(12)).toEqual(Array(2).fill(ok(2).body));
    expect(ingest.stats().series).toBe(2);
  });

  test('a row in a wide family costs its columns', async () => {
    const { receive, ingest } = bench({ maxSeriesPerNode: 5 });
    const sent = batch(1, [
      table(load, [
        [a, 1, 2, 3],
        [b, 4, undefined, 6],
      ]),
    ]);
    // Three columns each: the second would make six.
    expect(await receive(createEncoder(sent).encode(sent))).toEqual(ok(3, { dropped: { series_limit: 2 } }));
    expect(ingest.stats().series).toBe(3);
  });
});

describe('while windows are caught up with', () => {
  test('a batch that is ahead is told to wait a second, changes nothing, and is taken later', async () => {
    const asked: [string, number][] = [];
    const tooks: [string, number, number | undefined][] = [];
    let open = false;
    const pace = {
      active: false,
      look: () => undefined,
      admits: (node: string, timeMs: number) => {
        asked.push([node, timeMs]);
        return open;
      },
      took: (node: string, timeMs: number, { waiting }: { waiting?: number | undefined }) => {
        tooks.push([node, timeMs, waiting]);
      },
    };
    const { receive, pushed, log } = bench({}, undefined, undefined, { pace });
    const body = agent().next([a]);
    expect(await receive(body, { waiting: 3 })).toMatchObject({
      status: 429,
      headers: { 'retry-after': '1' },
      body: { error: 'ahead' },
    });
    expect([pushed, tooks, log.lines]).toEqual([[], [], []]);
    open = true;
    expect(await receive(body, { waiting: 3 })).toEqual(ok(1));
    // A clock that is 20 s ahead: its batches are 20 s older than they say.
    const sent = { sentMs: T0 + 20_000, receivedMs: T0 };
    await receive(agent('other').next([a]), sent);
    expect(asked).toEqual([
      ['node-1', T0],
      ['node-1', T0],
      ['other', T0 - 20_000],
    ]);
    expect(tooks).toEqual([
      ['node-1', T0, 3],
      ['other', T0 - 20_000, undefined],
    ]);
  });
});
