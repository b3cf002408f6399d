import { describe, expect, test } from 'vitest';
import { createDurable, createKept } from '../../../collector/ingest/durable.ts';
import { rowOf, T0 } from '../../src/wire/batches.ts';
import { agent, bench } from './agent.ts';

const row = rowOf('a');
/** An aggregation that has each batch wait for windows that end then. */
const endsAt = (ends: number[]) => () => ({ accepted: 1, dropped: new Map<string, number>(), endMs: ends.shift() });

describe('the durable batches of a session', () => {
  test('are those whose windows are on disk, with all before them', () => {
    const durable = createDurable();
    durable.note(1, 10_000);
    durable.note(2, 10_000);
    durable.note(3, 30_000);
    durable.note(4, 20_000);
    expect(durable.upTo(9_999)).toBe(0);
    // What a checkpoint of a window that is not synced yet would say makes nothing durable.
    expect([durable.whenUpTo(20_000), durable.whenUpTo(30_000)]).toEqual([2, 4]);
    expect(durable.upTo(10_000)).toBe(2);
    // 4 waits for 20 s alone, and is not durable before 3 is.
    expect(durable.upTo(20_000)).toBe(2);
    expect(durable.upTo(30_000)).toBe(4);
  });

  test('include a batch of which nothing waits, once those before it are', () => {
    const durable = createDurable();
    durable.note(1, undefined);
    expect(durable.upTo(0)).toBe(1);
    durable.note(2, 10_000);
    durable.note(3, undefined);
    expect(durable.upTo(9_999)).toBe(1);
    expect(durable.upTo(10_000)).toBe(3);
  });

  test('are none before those of the node’s former session are', () => {
    const durable = createDurable({ endMs: 50_000 });
    durable.note(1, 20_000);
    expect(durable.upTo(49_999)).toBe(0);
    expect(durable.upTo(50_000)).toBe(1);
  });

  test('do not wait for a time that a clock set back will not see for long', () => {
    const durable = createDurable();
    durable.note(1, 10_000, 80_000);
    durable.note(2, 86_400_000, 86_470_000);
    // Set back by a day: what may come now lies in windows up to 90 s.
    durable.note(3, 30_000, 90_000);
    expect([durable.upTo(10_000), durable.upTo(30_000), durable.upTo(90_000)]).toEqual([1, 1, 3]);
    durable.note(4, 100_000, 160_000);
    expect([durable.upTo(99_999), durable.upTo(100_000)]).toEqual([3, 4]);
  });

  test('take bounded memory behind a disk that takes nothing, and are never told too early', () => {
    const durable = createDurable();
    for (let seq = 1; seq <= 10_000; seq++) durable.note(seq, seq * 10_000);
    expect(durable.upTo(1000 * 10_000)).toBe(1000);
    // The last mark stands for all from 1024 on.
    expect(durable.upTo(9_999 * 10_000)).toBe(1023);
    expect(durable.upTo(10_000 * 10_000)).toBe(10_000);
  });
});

describe('the answer to a push', () => {
  test('says nothing of it without a log: to be taken is enough', async () => {
    const { receive } = bench();
    expect((await receive(agent().next([row]))).body).toEqual({ accepted: 1, dropped: {}, duplicate: false });
  });

  test('names the last durable batch and the run', async () => {
    const kept = createKept({ run: 'run-1', afterMs: 20_000 });
    const { receive } = bench({}, endsAt([T0 + 10_000, T0 + 20_000, T0 + 30_000]), kept);
    const web = agent();
    expect((await receive(web.next([row]))).body).toMatchObject({ durable: 0, durable_after_ms: 20_000, run: 'run-1' });
    kept.durableUpTo(T0 + 10_000);
    const second = web.next([row]);
    expect((await receive(second)).body).toMatchObject({ durable: 1 });
    kept.durableUpTo(T0 + 20_000);
    // The answer was lost: the newest word of it comes with the same batch once more.
    expect((await receive(second)).body).toMatchObject({ duplicate: true, durable: 2 });
  });

  test('goes on for a session that has ended, and counts it before the next one', async () => {
    const kept = createKept({ run: 'run-1', afterMs: 20_000 });
    const { receive } = bench({}, endsAt([T0 + 20_000, T0 + 10_000]), kept);
    const before = agent('node-1', 'before');
    const last = before.next([row]);
    await receive(last);
    kept.durableUpTo(T0 + 10_000);
    expect((await receive(agent('node-1', 'after').next([row]))).body).toMatchObject({ durable: 0 });
    expect((await receive(last)).body).toMatchObject({ duplicate: true, durable: 0 });
    kept.durableUpTo(T0 + 20_000);
    expect((await receive(last)).body).toMatchObject({ duplicate: true, durable: 1 });
  });
});

test('a clock that was set back makes nothing durable that is not on disk', async () => {
  const kept = createKept({ run: 'run-1', afterMs: 20_000, aheadMs: 70_000 });
  const day = 86_400_000;
  const { receive, pass } = bench({}, endsAt([T0 + 10_000, T0 - day + 10_000, T0 - day + 20_000]), kept);
  const web = agent();
  await receive(web.next([row]));
  kept.durableUpTo(T0 + 10_000);
  pass(-day);
  // The first window of the new time is on disk, and the next is open.
  kept.durableUpTo(T0 - day);
  expect((await receive(web.next([row]))).body).toMatchObject({ durable: 0 });
  kept.durableUpTo(T0 - day + 80_000);
  expect((await receive(web.next([row]))).body).toMatchObject({ durable: 3 });
});

describe('a collector that was restarted', () => {
  test('asks an agent that holds what another run took to send that first', async () => {
    const { receive, pushed } = bench({}, undefined, createKept({ run: 'run-2', afterMs: 20_000 }));
    const web = agent();
    const [first, second] = [web.next([row], true), web.next([row], true)];
    expect(await receive(second, { run: 'run-1' })).toMatchObject({ status: 409, body: { error: 'restarted' } });
    expect(pushed).toEqual([]);
    expect(await receive(first)).toMatchObject({ status: 200, body: { run: 'run-2' } });
    expect(await receive(second, { run: 'run-2' })).toMatchObject({ status: 200 });
    expect(pushed.map(({ seq }) => seq)).toEqual([1, 2]);
  });

  test('that remembers a session takes none of its durable batches again', async () => {
    const kept = createKept({ run: 'run-1', afterMs: 20_000 });
    const ends = [T0 + 10_000, T0 + 20_000, T0 + 30_000];
    const earlier = bench({}, endsAt([...ends]), kept);
    const web = agent();
    const bodies = [1, 2, 3].map(() => web.next([row], true));
    for (const body of bodies) await earlier.receive(body);
    // The checkpoint is of the second window; the third was open.
    const remembered = earlier.ingest.remembered(T0 + 20_000);
    expect(remembered).toEqual([{ node: 'node-1', session: 'session-1', seq: 2, live: true }]);

    const later = bench({}, endsAt([T0 + 30_000]), createKept({ run: 'run-2', afterMs: 20_000, fromMs: T0 + 20_000 }));
    later.ingest.remember(remembered);
    expect([...later.ingest.nodes()]).toEqual(['node-1']);
    for (const body of bodies) expect((await later.receive(body)).status).toBe(200);
    expect(later.pushed.map(({ seq }) => seq)).toEqual([3]);
  });
});

test('a clock that was set back makes nothing durable before the first window of the new time is on disk', async () => {
  let closedMs = T0 + 10_000;
  const kept = createKept({ run: 'run-1', afterMs: 20_000, aheadMs: 70_000, closedMs: () => closedMs });
  const day = 86_400_000;
  const { receive, pass } = bench({}, endsAt([T0 + 10_000, T0 - day + 10_000, T0 - day + 10_000]), kept);
  const web = agent();
  await receive(web.next([row]));
  kept.offered(T0 + 10_000);
  kept.durableUpTo(T0 + 10_000);
  pass(-day);
  closedMs = T0 - day;
  const second = web.next([row]);
  // It waits for a window that is open.
  expect((await receive(second)).body).toMatchObject({ durable: 0 });
  // That is closed and handed over, and not on disk yet.
  closedMs = T0 - day + 10_000;
  kept.offered(closedMs);
  expect((await receive(second)).body).toMatchObject({ durable: 0 });
  // Of the first nobody knows any more which window it is in: it waits until all is on disk that was possible when the second came.
  closedMs = T0 - day + 80_000;
  kept.offered(closedMs);
  expect((await receive(second)).body).toMatchObject({ durable: 0 });
  kept.durableUpTo(closedMs);
  expect((await receive(second)).body).toMatchObject({ durable: 2 });
});

describe('what came late', () => {
  const upTo = (kept: ReturnType<typeof createKept>): number => kept.upToOf('n') - T0;

  test('is durable when a window is on disk that was closed after it', () => {
    const kept = createKept({ run: 'r', afterMs: 20_000 });
    kept.offered(T0 + 60_000);
    kept.late('n', T0 + 20_000);
    // The window was handed over before anything came.
    kept.durableUpTo(T0 + 60_000);
    expect(upTo(kept)).toBe(20_000);
    expect(kept.upToOf('m') - T0).toBe(60_000);
    // The next has seen what was late of 20 to 50, and something waits for 50 to 60.
    kept.offered(T0 + 70_000, new Map([['n', T0 + 50_000]]));
    expect(upTo(kept)).toBe(20_000);
    kept.durableUpTo(T0 + 70_000);
    expect(upTo(kept)).toBe(50_000);
    kept.offered(T0 + 80_000);
    kept.durableUpTo(T0 + 80_000);
    expect(upTo(kept)).toBe(80_000);
  });

  test('is not, by windows that are written together, before the one that has seen it', () => {
    const kept = createKept({ run: 'r', afterMs: 20_000 });
    kept.offered(T0 + 60_000);
    kept.offered(T0 + 70_000);
    kept.late('n', T0 + 40_000);
    kept.offered(T0 + 80_000);
    kept.durableUpTo(T0 + 70_000);
    expect(upTo(kept)).toBe(40_000);
    kept.durableUpTo(T0 + 80_000);
    expect(upTo(kept)).toBe(80_000);
  });
});

describe('sessions over restarts', () => {
  const DAY = 86_400_000;

  test('are forgotten a day after they ended, however often the collector was started since', async () => {
    const kept = createKept({ run: 'run-1', afterMs: 20_000 });
    const first = bench({}, endsAt([T0 + 10_000, T0 + 10_000]), kept);
    kept.durableUpTo(T0 + 20_000);
    await first.receive(agent('node-1', 'before').next([row], true));
    first.pass(1000);
    await first.receive(agent('node-1', 'after').next([row], true));
    const second = bench();
    second.pass(DAY / 2);
    second.ingest.remember(first.ingest.remembered(T0 + 20_000));
    const third = bench();
    third.pass(DAY + 5000);
    third.ingest.remember(second.ingest.remembered(T0 + 20_000));
    third.ingest.housekeep();
    // 'before' ended a second after T0; 'after' was live half a day ago.
    expect(third.ingest.remembered(T0 + 20_000).map(({ session }) => session)).toEqual(['after']);
  });

  test('are waited for only as long as a live one would be', () => {
    const { ingest, pass } = bench();
    ingest.remember([{ node: 'gone', session: 's', seq: 1, live: true }]);
    expect([...ingest.nodes()]).toEqual(['gone']);
    pass(3_600_000);
    expect([...ingest.nodes()]).toEqual([]);
  });

  test('of one agent that sends all again are not called two agents', async () => {
    const { ingest, receive, log } = bench({}, undefined, createKept({ run: 'run-2', afterMs: 20_000 }));
    ingest.remember([
      { node: 'node-1', session: 'before', seq: 1, live: false, endedMs: T0 },
      { node: 'node-1', session: 'after', seq: 1, live: true },
    ]);
    const [before, after] = [agent('node-1', 'before'), agent('node-1', 'after')];
    for (const one of [before, after]) one.skip(1);
    expect((await receive(before.next([row], true))).status).toBe(200);
    expect((await receive(after.next([row], true))).status).toBe(200);
    const rivals = () => log.lines.filter((line) => line.includes('two agents'));
    expect(rivals()).toEqual([]);
    // The older one once more, when the newer has taken its place: two.
    expect((await receive(before.next([row], true))).status).toBe(200);
    expect(rivals()).toHaveLength(1);
  });
});

test('a collector whose log is full pushes back with 503, and tells an agent all the same what is durable', async () => {
  const kept = createKept({ run: 'run-1', afterMs: 20_000 });
  let full: string | undefined;
  const { receive } = bench({}, endsAt([T0 + 10_000, T0 + 20_000]), kept, { full: () => full });
  const web = agent();
  const [first, second] = [web.next([row]), web.next([row])];
  await receive(first);
  kept.durableUpTo(T0 + 10_000);
  full = 'no room';
  expect(await receive(second)).toMatchObject({
    ...{ status: 503, headers: { 'retry-after': '10' } },
    body: { error: 'log_full', message: 'no room' },
  });
  expect(await receive(first)).toMatchObject({ status: 200, body: { duplicate: true, durable: 1 } });
  full = undefined;
  expect((await receive(second)).status).toBe(200);
});
