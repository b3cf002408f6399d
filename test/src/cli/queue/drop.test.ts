/** `plimsoll queue drop`: what is given up is in the books, what is not stays, and nothing is touched while a program has the folder. Windows hold 3 numbers, of which `few` wants 1. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createDisk } from '../../../../agents/send/disk.ts';
import { lockFolder } from '../../../../src/run/folderlock.ts';
import { expectRefused, stage } from './stage.ts';

describe('of a sink', () => {
  test('all: 4 windows received, 1 delivered, 3 dropped by hand; the next run goes on behind them, and others have theirs', async () => {
    const { run, ask, log } = stage();
    const first = await run();
    await first.offer(0, 1, 2, 3);
    await first.deliver('all', 1);
    await first.keeping.close();
    expect(await ask(['drop', '--sink', 'all'])).toEqual({
      code: 0,
      out: `${log}: 9 samples dropped for all, in its books as dropped_by_hand; 0 samples wait\n`,
      err: '',
    });
    expect((await ask([])).out).toContain('12 samples received, 3 delivered, dropped: dropped_by_hand 9');
    const next = await run();
    expect(next.accounts.get('all')?.books()).toEqual({
      received: 12,
      delivered: 3,
      dropped: new Map([['dropped_by_hand', 9]]),
    });
    await next.offer(4);
    expect([await next.deliver('all'), await next.deliver('few')]).toEqual([[4], [0, 1, 2, 3, 4]]);
    expect(next.accounts.get('all')?.books()).toMatchObject({ received: 15, delivered: 6 });
    await next.keeping.close();
  });

  test.each([
    ['in the midst of a segment', false],
    ['over segments', true],
  ])(
    'until a time, %s: windows that end by 08:00:20 go, 2 of 3 samples, and the others are delivered',
    async (_, each) => {
      const { run, ask } = stage();
      const first = await run(each);
      await first.offer(0, 1, 2, 3);
      await first.keeping.close();
      const { out } = await ask(['drop', '--sink', 'all', '--until', '2027-01-15T08:00:20Z']);
      expect(out).toContain(': 6 samples dropped for all, in its books as dropped_by_hand; 6 samples wait\n');
      // And once more changes nothing.
      expect((await ask(['drop', '--sink', 'all', '--until', '80s'])).out).toContain(': 0 samples dropped');
      const next = await run();
      expect(await next.deliver('all')).toEqual([2, 3]);
      expect(next.accounts.get('all')?.books()).toEqual({
        received: 12,
        delivered: 6,
        dropped: new Map([['dropped_by_hand', 6]]),
      });
      await next.keeping.close();
    },
  );

  test('after a run that was killed: what its place did not know of yet is received, and dropped', async () => {
    const { run, ask } = stage();
    const killed = await run();
    await killed.offer(0);
    await killed.deliver('few');
    await killed.offer(1, 2);
    expect((await ask(['drop', '--sink', 'few'])).out).toContain(': 2 samples dropped for few');
    const next = await run();
    expect(next.accounts.get('few')?.books()).toEqual({
      received: 3,
      delivered: 1,
      dropped: new Map([['dropped_by_hand', 2]]),
    });
    await next.keeping.close();
  });

  test('a sink that has no place in the log has nothing to drop', async () => {
    const { ask, log } = stage();
    const nothing = { code: 0, out: `${log}: nothing waits for all: it has no place there\n`, err: '' };
    expect(await ask(['drop', '--sink', 'all'])).toEqual(nothing);
    mkdirSync(log);
    expect(await ask(['drop', '--sink', 'all'])).toEqual(nothing);
    expect(readdirSync(log)).toEqual([]);
  });
});

describe('of the agent', () => {
  test('batches of ticks until a time go, and the others stay to the byte, in their order', async () => {
    const { keep, ask, spool } = stage();
    await keep(5, 6, 7);
    await keep(8);
    const whole = readFileSync(join(spool, '00000001.spool'));
    const { out } = await ask(['drop', '--agent', '--until', '2027-01-15T08:00:06Z']);
    expect(out).toBe(`${spool}: 2 batches with 4 samples dropped; 2 batches are left\n`);
    expect(readFileSync(join(spool, '00000001.spool'))).toEqual(whole.subarray((whole.length / 3) * 2));
    const disk = createDisk({ folder: spool, maxBytes: 1e6, maxAgeMs: 1e9, now: () => 0 });
    const { left, damaged, torn } = await disk.open();
    expect([left.map(({ about }) => about.seq), damaged, torn]).toEqual([[7, 8], [], 0]);
    expect(await disk.body(left[0]!)).toEqual(Buffer.alloc(50, 7));
    await disk.close();
  });

  test('all', async () => {
    const { keep, ask, spool } = stage();
    await keep(5, 6);
    expect((await ask(['drop', '--agent'])).out).toBe(
      `${spool}: 2 batches with 4 samples dropped; 0 batches are left\n`,
    );
    expect(readdirSync(spool)).toEqual([]);
  });
});

describe('while a program has the folder', () => {
  test.each([
    ['collector', ['--sink', 'all']],
    ['agent', ['--agent']],
  ] as const)('the %s: refused with what to do, and nothing has changed', async (program, args) => {
    const { run, keep, ask, sizes, dir } = stage();
    const { offer, keeping } = await run();
    await offer(0, 1);
    await keeping.close();
    await keep(5);
    const release = await lockFolder(join(dir, program));
    onTestFinished(release);
    const before = sizes(program);
    expectRefused(
      await ask(['drop', ...args]),
      1,
      new RegExp(`^plimsoll: \\S+/${program} is in use by a running ${program}: stop it first, nothing was dropped`),
    );
    expect(sizes(program)).toEqual(before);
  });
});

test('in a folder of another user nothing is written: the program could not read it', async () => {
  const { run, ask, sizes, log } = stage();
  const { offer, keeping } = await run();
  await offer(0);
  await keeping.close();
  const before = sizes('collector');
  const { uid } = statSync(log);
  vi.spyOn(process, 'getuid').mockReturnValue(uid + 1);
  onTestFinished(() => void vi.restoreAllMocks());
  const words = `${log} belongs to the user ${uid}, and we are ${uid + 1}: run this as that user, nothing was dropped`;
  expectRefused(await ask(['drop', '--sink', 'all']), 1, new RegExp(`^plimsoll: ${words}\n$`));
  expect(sizes('collector')).toEqual(before);
});

test('a sink whose place is damaged: left as it is, for the start to set aside', async () => {
  const { run, ask, log } = stage();
  const { offer, keeping } = await run();
  await offer(0);
  await keeping.close();
  writeFileSync(join(log, 'cursor-all.json'), '{"version":1}\n0\n');
  expectRefused(
    await ask(['drop', '--sink', 'all']),
    1,
    /cursor-all\.json has a wrong checksum: start the collector, which sets it aside, and stop it\n$/,
  );
  expect(readFileSync(join(log, 'cursor-all.json'), 'utf8')).toBe('{"version":1}\n0\n');
});

test.each([
  [[], /what is to go\? Give --sink and its name, or --agent/],
  [['--sink', 'all', '--agent'], /what is to go\?/],
  [['--sink', 'main'], /--sink: is "main": must be one of all, few/],
  [['--agent', '--until', 'noon'], /--until: is "noon": must be a time/],
])('%j is refused', async (args, words) => {
  const { ask } = stage();
  await expect(ask(['drop', ...args])).rejects.toThrow(words);
});
