/** The memory of all dictionaries: who gets of it, who does not, and that it comes back. */
import { describe, expect, test } from 'vitest';
import { createBudget } from '../../../collector/ingest/budget.ts';
import { createCrowd } from '../../../collector/ingest/crowd.ts';
import { rowOf } from '../../src/wire/batches.ts';
import { agent, bench } from './agent.ts';

describe('accounts', () => {
  test('one has no more than a quarter, however much is free', () => {
    const budget = createBudget({ limit: 800, lingerMs: 1600 });
    const one = budget.open('a');
    one.take(200);
    expect(() => one.take(1)).toThrow(
      /what a describes takes 201 bytes or more; 200 of 800 .* collector.max_dictionaries/,
    );
    expect([one.bytes, budget.bytes]).toEqual([200, 200]);
  });

  test('when large ones have used it up, small ones still get in, and large ones do not', () => {
    const budget = createBudget({ limit: 800, lingerMs: 1600 });
    for (const node of ['a', 'b', 'c', 'd']) budget.open(node).take(200);
    const large = budget.open('e');
    // Five share 800: 160 each.
    expect(() => large.take(161)).toThrow(/dictionary|describes/);
    const small = budget.open('f');
    small.take(60);
    expect(budget.bytes).toBe(860);
    // The reserve is 100.
    expect(() => budget.open('g').take(60)).toThrow();
    budget.open('h').take(40);
    expect(budget.bytes).toBe(900);
  });

  test('what a session gives back counts on while others may hold it, and is free then', () => {
    const budget = createBudget({ limit: 800, lingerMs: 1600 });
    for (const node of ['a', 'b', 'c', 'd']) budget.open(node).take(190);
    const before = budget.open('e');
    before.take(40);
    before.close();
    // Others may hold what was described for a while yet.
    expect(budget.bytes).toBe(800);
    budget.pass(1600);
    expect(budget.bytes).toBe(800);
    budget.pass(1701);
    expect(budget.bytes).toBe(760);
  });
});

describe('sessions', () => {
  const rows = ['a', 'b', 'c'].map((name) => rowOf(name));

  test('a body over the budget changes nothing, and everybody else goes on', async () => {
    const { receive, ingest } = bench({ maxDictionaryBytes: 28_000 });
    const [web, db] = [agent('web'), agent('db')];
    expect((await receive(web.next(rows))).status).toBe(200);
    const held = ingest.stats().dictionaryBytes;
    expect(held).toBeGreaterThan(0);
    const many = Array.from({ length: 10 }, (_, i) => rowOf(`more-${i}`));
    const answer = await receive(db.next(many));
    expect(answer).toMatchObject({ status: 429, body: { error: 'dictionary_limit' } });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(60);
    expect(ingest.stats().dictionaryBytes).toBe(held);
    expect(ingest.stats().batches.get('refused_dictionary_limit')).toBe(1);
    expect((await receive(web.next(rows))).status).toBe(200);
  });

  test('what is described again in full is not counted twice, and what a session held is free when it ends', async () => {
    const { receive, ingest, pass } = bench({ staleAfterMs: 60_000 });
    const web = agent('web');
    await receive(web.next(rows));
    const held = ingest.stats().dictionaryBytes;
    await receive(web.next(rows, true));
    expect(ingest.stats().dictionaryBytes).toBe(held);
    await receive(agent('web', 'restarted').next(rows));
    // The aggregation still has the rows of the session before.
    expect(ingest.stats().dictionaryBytes).toBe(2 * held);
    pass(6 * 60_000);
    ingest.housekeep();
    expect(ingest.stats()).toMatchObject({ sessions: 0, dictionaryBytes: held });
    pass(6 * 60_000);
    expect(ingest.stats().dictionaryBytes).toBe(0);
  });

  test('who describes something else again and again does not get it all beside what others still hold of it', async () => {
    const { receive, ingest } = bench({ maxDictionaryBytes: 40_000 });
    const web = agent('web');
    const statuses: number[] = [];
    for (let i = 0; i < 20; i++) {
      statuses.push((await receive(web.next([rowOf(`a${i}`), rowOf(`b${i}`)], true))).status);
    }
    expect(statuses[0]).toBe(200);
    expect(statuses.at(-1)).toBe(429);
    expect(ingest.stats().dictionaryBytes).toBeLessThanOrEqual(40_000 * 1.125);
  });

  test('a bad body in full leaves the account as it was', async () => {
    const { receive, ingest } = bench();
    const web = agent('web');
    await receive(web.next(rows));
    const held = ingest.stats().dictionaryBytes;
    const good = web.next(rows, true);
    expect((await receive(good.subarray(0, good.length - 1))).status).toBe(400);
    expect(ingest.stats().dictionaryBytes).toBe(held);
  });
});

describe('who was turned away', () => {
  test('comes back at another moment than the others, later the more are outside', () => {
    const late = createCrowd(() => 0.999);
    const early = createCrowd(() => 0);
    const seconds = (crowd: typeof late, times: number) =>
      Array.from({ length: times }, () => crowd.turnAway(1)).at(-1);
    // Two seconds at least, and one for each sixteen outside: with 160 of them, twelve.
    expect([seconds(early, 1), seconds(late, 1)]).toEqual([1, 3]);
    expect([seconds(early, 159), seconds(late, 159)]).toEqual([1, 12]);
    // Sixty at most.
    expect(seconds(late, 5000)).toBe(60);
    for (let i = 0; i < 5160; i++) late.letIn();
    expect(seconds(late, 1)).toBe(3);
  });
});
