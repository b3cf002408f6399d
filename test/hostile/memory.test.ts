/**
 * What agents send may not take the collector's memory: each attack was a few kilobytes that ended the process. It has a heap of 96 MB
 * here; an honest agent goes on beside the attack and loses nothing.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { type HonestAgent, honestAgent } from '../support/honestagent.ts';
import { entitiesWithoutRows, oneRowRepeated, rowsOfOneEntity, rowsWithoutNumbers } from '../support/hostilebodies.ts';
import { besiege, type Pushed, type Siege } from '../support/undersiege.ts';
import { waitFor } from '../support/wait.ts';

const MB = 1_000_000;

let siege: Siege | undefined;
afterEach(async () => {
  await siege?.stop();
  siege = undefined;
});

/** Small budgets for a small heap. */
async function collector(): Promise<Siege> {
  siege = await besiege({
    heapMb: 96,
    collector: { max_dictionaries: '16MB', max_waiting: '16MB', stale_after: '1s' },
  });
  return siege;
}

/** Attacks while an honest agent sends and health is asked for; what must hold then, holds. Answers the attacker's answers. */
async function attacked(on: Siege, attack: () => Promise<Pushed[]>): Promise<Pushed[]> {
  const stopWatching = on.watch();
  const honest: HonestAgent = honestAgent({ url: on.url });
  const answers = await attack();
  const { offered, acknowledged, dropped } = await honest.finish();
  const { failed } = await stopWatching();
  expect(on.program.pid).toBeGreaterThan(0);
  expect(failed).toEqual([]);
  expect(offered.samples).toBeGreaterThan(0);
  expect(dropped).toEqual(new Map());
  expect(acknowledged).toEqual(offered);
  return answers;
}

function errorsOf(answers: readonly Pushed[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, error } of answers) {
    const key = `${status} ${error}`.trim();
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

const PATIENCE_MS = 60_000;

describe('dictionaries', { timeout: PATIENCE_MS }, () => {
  test('entities without rows from sixty-two invented nodes: over the budget, all are refused', async () => {
    const on = await collector();
    // Of 8 MB each: 500 MB of text, from 64 KB each on the wire.
    const body = (i: number) =>
      entitiesWithoutRows({ node: `invented-${i}` }, { entities: 4000, labels: 1, labelBytes: 2000 });
    expect(body(0).length).toBeLessThan(70_000);
    const bodies = Array.from({ length: 62 }, (_, i) => body(i));
    const answers = await attacked(on, async () => {
      const answers: Pushed[] = [];
      for (const one of bodies) answers.push(await on.push(one));
      return answers;
    });
    expect(errorsOf(answers)).toEqual({ '429 dictionary_limit': 62 });
    expect(Number(answers[0]?.retryAfter)).toBeGreaterThanOrEqual(60);
    expect(await on.metric('plimsoll_collector_batches_total', 'result="refused_dictionary_limit"')).toBe(62);
    const held = await on.metric('plimsoll_collector_dictionary_bytes');
    expect(held).toBeLessThan(MB);
    expect(await on.metric('plimsoll_collector_dictionary_limit_bytes')).toBe(16 * MB);
    expect(on.program.log()).toContain('collector.max_dictionaries');
  });

  test('small ones that together would be too much fill the budget, no more, and what sessions give up is free again', async () => {
    const on = await collector();
    const answers = await attacked(on, async () => {
      const answers: Pushed[] = [];
      // 300 entities of 2000 bytes: about 2 MB each, 80 MB in all.
      for (let i = 0; i < 40; i++)
        answers.push(
          await on.push(entitiesWithoutRows({ node: `n${i}` }, { entities: 300, labels: 1, labelBytes: 2000 })),
        );
      return answers;
    });
    const counts = errorsOf(answers);
    expect(counts['429 dictionary_limit']).toBeGreaterThan(20);
    const held = await on.metric('plimsoll_collector_dictionary_bytes');
    expect(held).toBeGreaterThan(8 * MB);
    // The budget, and the eighth above it that only those within a fair share may use.
    expect(held).toBeLessThanOrEqual(18 * MB);
    for (let i = 0; i < 40; i++)
      await on.push(entitiesWithoutRows({ node: `n${i}`, seq: 2 }, { entities: 1, labels: 1, labelBytes: 20 }));
    // Rows are forgotten after a second without a reading, when their window has closed: until then others might hold what was described.
    await waitFor(async () => (await on.metric('plimsoll_collector_dictionary_bytes')) < MB, {
      what: 'memory back',
      timeoutMs: 40_000,
    });
  });

  test('one entity’s long labels are repeated by each of its rows: that counts before it is made', async () => {
    const on = await collector();
    // 100 labels of 2000 bytes times 20 000 rows would be 8 GB, from 50 KB.
    const answers = await attacked(on, async () => [await on.push(rowsOfOneEntity({ node: 'wide' }, 20_000, 100))]);
    expect(errorsOf(answers)).toEqual({ '429 dictionary_limit': 1 });
  });
});

describe('waiting rows', { timeout: PATIENCE_MS }, () => {
  test('one row, repeated 121 574 times in one table, is refused', async () => {
    const on = await collector();
    const answers = await attacked(on, async () => {
      const answers: Pushed[] = [];
      for (let i = 0; i < 20; i++) answers.push(await on.push(oneRowRepeated({ node: `again-${i}` }, 121_574)));
      return answers;
    });
    expect(errorsOf(answers)).toEqual({ '400 bad_reference': 20 });
    expect(await on.metric('plimsoll_collector_batches_total', 'result="refused_bad_reference"')).toBe(20);
  });

  test('tables without a number, pushed thirty-five times by one node: it fills its share, and honest ones go on', async () => {
    const on = await collector();
    const answers = await attacked(on, async () => {
      const answers: Pushed[] = [];
      for (let seq = 1; seq <= 35; seq++) {
        answers.push(await on.push(rowsWithoutNumbers({ node: 'greedy', seq }, 2000, 40)));
      }
      return answers;
    });
    expect(errorsOf(answers)).toEqual({ '200': 35 });
    expect(await on.metric('plimsoll_collector_waiting_bytes')).toBeLessThan(9 * MB);
    expect(await on.metric('plimsoll_collector_waiting_limit_bytes')).toBe(16 * MB);
    // 2000 rows of `cpu` are 2000 x (13 + 2) + 32 cells of 8 bytes: a quarter of 16 MB has room for 16 such tables in each window that closes.
    expect(await on.metric('plimsoll_collector_tables_refused_total')).toBeGreaterThan(35 * 40 - 100);
    await waitFor(() => on.program.log().includes('collector.max_waiting'), { what: 'a word in the log' });
    // Closed windows give it back.
    await waitFor(async () => (await on.metric('plimsoll_collector_waiting_bytes')) < MB, {
      what: 'windows to close',
      timeoutMs: 40_000,
    });
  });
});
