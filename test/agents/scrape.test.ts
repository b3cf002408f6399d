/** A scrape takes what answers in time; a source that fails, hangs or is still busy costs nobody else the tick. */
import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { createScraper } from '../../agents/scrape.ts';
import type { Source } from '../../agents/source.ts';
import { cpu } from '../../src/catalog/cpu.ts';
import { silent } from '../../src/log.ts';
import type { FamilyTable } from '../../src/model/batch.ts';
import { TableBuilder } from '../../src/model/builder.ts';
import { labels, NO_LABELS } from '../../src/model/labels.ts';
import { type EntityRow, entityRow } from '../../src/model/table.ts';
import { fakeClock } from '../support/clock.ts';

function table(key: string, value: number): FamilyTable {
  const entity = { key, kind: 'container', startMs: 0, labels: labels([['name', key]]) } as const;
  const builder = new TableBuilder<typeof cpu, EntityRow>(cpu);
  builder.add(entityRow(entity, NO_LABELS), 1);
  builder.set(cpu.at.usage, value);
  return builder.build();
}

function source(name: string, read: Source['read']): Source {
  return { name, read, close: async () => undefined };
}

const clock = () => fakeClock();

test('one failed and one hung source leave the others their tick', async () => {
  const time = clock();
  const scraper = createScraper({
    node: 'n',
    session: 's',
    deadlineMs: 5000,
    clock: time,
    log: silent,
    sources: [
      source('good', async () => [table('a', 1)]),
      source('bad', async () => Promise.reject(new Error('EIO'))),
      source('hung', () => new Promise(() => {})),
    ],
  });
  const pending = scraper.scrape(1000, new AbortController().signal);
  await time.advance(5000);
  const batch = await pending;
  expect(batch.tables.map((t) => t.rows[0]?.entity.key)).toEqual(['a']);
  expect(scraper.health.map((h) => [h.source, h.up, h.samples])).toEqual([
    ['good', true, 1],
    ['bad', false, 0],
    ['hung', false, 0],
  ]);
  expect(scraper.health[2]?.lastError).toContain('no answer within 5000 ms');
});

test('a source still busy with the tick before is not asked a second time', async () => {
  const time = clock();
  let asked = 0;
  const slow = source('slow', async () => {
    asked++;
    await time.sleep(8000);
    return [table('a', asked)];
  });
  const scraper = createScraper({
    node: 'n',
    session: 's',
    deadlineMs: 5000,
    clock: time,
    log: silent,
    sources: [slow],
  });
  const signal = new AbortController().signal;
  for (const expected of [1, 1, 2]) {
    const pending = scraper.scrape(time.now(), signal);
    await time.advance(5000);
    await pending;
    expect(asked).toBe(expected);
    expect(scraper.health[0]?.up).toBe(false);
  }
});

test('a late source is told to stop', async () => {
  const time = clock();
  let told = false;
  const listening = source(
    'l',
    (tick) => new Promise(() => tick.signal.addEventListener('abort', () => (told = true))),
  );
  const scraper = createScraper({
    node: 'n',
    session: 's',
    deadlineMs: 100,
    clock: time,
    log: silent,
    sources: [listening],
  });
  const pending = scraper.scrape(0, new AbortController().signal);
  await time.advance(100);
  await pending;
  expect(told).toBe(true);
});

test('batches are numbered from 1 and hold no empty tables', async () => {
  const empty = new TableBuilder<typeof cpu, EntityRow>(cpu).build();
  const scraper = createScraper({
    node: 'n',
    session: 's',
    deadlineMs: 1,
    clock: clock(),
    log: silent,
    sources: [source('e', async () => [empty])],
  });
  const signal = new AbortController().signal;
  const first = await scraper.scrape(10, signal);
  const second = scraper.batchOf(20, [table('a', 1)]);
  expect([first.seq, first.timeMs, first.tables.length]).toEqual([1, 10, 0]);
  expect([second.seq, second.tables.length]).toEqual([2, 1]);
});

test('what ended while a tick is read has its time: of a higher number no time is earlier, by which readings are put in order', async () => {
  const time = clock();
  const slow = source('slow', async () => {
    await time.sleep(900);
    return [table('a', 1)];
  });
  const scraper = createScraper({
    ...{ node: 'n', session: 's', deadlineMs: 5000, clock: time, log: silent },
    sources: [slow],
  });
  const pending = scraper.scrape(1000, new AbortController().signal);
  await time.advance(500);
  const ended = scraper.batchOf(1500, [table('b', 1)]);
  await time.advance(500);
  const tick = await pending;
  const after = scraper.batchOf(2500, [table('c', 1)]);
  expect([ended, tick, after].map(({ seq, timeMs }) => [seq, timeMs])).toEqual([
    [1, 1000],
    [2, 1000],
    [3, 2500],
  ]);
});

test('what a source had to leave out can be asked of its health', () => {
  const losses = new Map([['walk_budget', 2]]);
  let vanished = 0;
  const cgroup = {
    ...source('cgroup', async () => []),
    // Made anew whenever it is asked for.
    get losses() {
      return new Map([['vanished', vanished]]);
    },
  };
  const sources = [{ ...source('filesystem', async () => []), losses }, cgroup];
  const scraper = createScraper({ node: 'n', session: 's', deadlineMs: 5000, clock: clock(), log: silent, sources });
  losses.set('walk_budget', 3);
  vanished = 1;
  expect(scraper.health.map((h) => [h.source, [...h.losses]])).toEqual([
    ['filesystem', [['walk_budget', 3]]],
    ['cgroup', [['vanished', 1]]],
  ]);
});

test('ticks leave nothing behind on the signal that lives as long as the program', async () => {
  const program = new AbortController();
  const sources = [
    source('good', async () => [table('a', 1)]),
    source('bad', async () => Promise.reject(new Error('EIO'))),
  ];
  const scraper = createScraper({ node: 'n', session: 's', deadlineMs: 5000, clock: clock(), log: silent, sources });
  for (let tick = 1; tick <= 3; tick++) await scraper.scrape(tick, program.signal);
  expect(getEventListeners(program.signal, 'abort')).toEqual([]);
});

test('a source that answers from memory alone is not up, its rows are there, and why is said once', async () => {
  const said: string[] = [];
  const say = (_: object, message: string): void => void said.push(message);
  const log = { ...silent, warn: say, info: say };
  let trouble = 'permission denied';
  const docker: Source = {
    ...source('docker', async () => [table('a', 1)]),
    get trouble() {
      return trouble;
    },
  };
  const scraper = createScraper({ node: 'n', session: 's', deadlineMs: 5000, clock: clock(), log, sources: [docker] });
  const scrape = () => scraper.scrape(0, new AbortController().signal);
  expect((await scrape()).tables).toHaveLength(1);
  await scrape();
  expect(scraper.health[0]).toMatchObject({ up: false, failures: 2, samples: 1, lastError: 'permission denied' });
  expect(said).toEqual(['source is not up: permission denied']);
  trouble = '';
  await scrape();
  expect(scraper.health[0]).toMatchObject({ up: true, failures: 2, lastError: '' });
  expect(said.at(-1)).toBe('source answers again');
});

test('what a tick had no time for is not in the batch, and beside it; of a source that failed there is nothing', async () => {
  let fails = false;
  const slow: Source = {
    ...source('cgroup', async () => (fails ? Promise.reject(new Error('late')) : [table('a', 1)])),
    held: () => [table('b', 2)],
  };
  const sources = [slow, source('host', async () => [])];
  const scraper = createScraper({ node: 'n', session: 's', deadlineMs: 5000, clock: clock(), log: silent, sources });
  const keys = (tables: readonly FamilyTable[]) => tables.flatMap(({ rows }) => rows.map((row) => row.entity.key));
  expect(keys((await scraper.scrape(0, new AbortController().signal)).tables)).toEqual(['a']);
  expect(keys(scraper.held())).toEqual(['b']);
  fails = true;
  await scraper.scrape(0, new AbortController().signal);
  expect(scraper.held()).toEqual([]);
});
