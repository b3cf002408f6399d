/** The log as it is met in life: damage, a full disk, limits. */
import { describe, expect, test } from 'vitest';
import { copyName } from '../../../collector/log/copy.ts';
import { type Keeping, openLog } from '../../../collector/log/keeping.ts';
import type { LogLimits } from '../../../collector/log/shelf.ts';
import { type Account, createAccount } from '../../../collector/sinks/account.ts';
import { silent } from '../../../src/log.ts';
import type { Frame, LevelTable } from '../../../src/model/batch.ts';
import { type FakeClock, fakeClock } from '../../support/clock.ts';
import { type CrashingDisk, crashingDisk } from '../../support/crashingdisk.ts';
import { frame, T0, table } from '../../support/tables.ts';

const LIMITS: LogLimits = {
  maxBytes: 1e9,
  maxAgeMs: 1e12,
  whenFull: 'drop_oldest',
  // Each window a segment of its own.
  segmentBytes: 1,
  segmentMs: 1e9,
  segmentSamples: 1e9,
  heldFrames: 1000,
  heldSamples: 1e9,
};

/** A window of one number, which is its own. */
function windowOf(id: number): Frame {
  const startMs = T0 + id * 10_000;
  const rows = [[{ service: 's' }, [id]] as const];
  return frame([table({ level: 'service', columns: ['service_x'], rows, timeMs: startMs })], startMs);
}

function journalOf(id: number): LevelTable {
  return table({ level: '#nodes', columns: ['watched'], rows: [[{ node: 'n' }, [id]]] });
}

interface Stage {
  readonly disk: CrashingDisk;
  readonly clock: FakeClock;
  readonly said: readonly string[];
  readonly keeping: () => Keeping;
  readonly account: () => Account;
  /** Ends the process without a word, or with one, and starts the next. */
  restart(clean?: boolean): Promise<void>;
  offer(...ids: number[]): Promise<void>;
  /** Delivers what there is; answers the windows. */
  deliver(most?: number): Promise<number[]>;
}

async function stage(limits: Partial<LogLimits> = {}): Promise<Stage> {
  const disk = crashingDisk();
  const clock = fakeClock(T0);
  const said: string[] = [];
  const say = (fields: object, message: string): void => void said.push(`${message} ${JSON.stringify(fields)}`);
  const log = { ...silent, info: say, warn: say, error: say };
  let account = createAccount('a', silent);
  const open = (): Promise<Keeping> =>
    openLog({
      folder: disk,
      clock,
      log,
      breathe: () => Promise.resolve(),
      limits: { ...LIMITS, ...limits },
      sinks: [
        {
          name: 'a',
          wants: (window) => window.samples,
          begin: (books) => (account = createAccount('a', silent, books)),
        },
      ],
    });
  let keeping = await open();
  return {
    disk,
    clock,
    said,
    keeping: () => keeping,
    account: () => account,
    async restart(clean = false) {
      if (clean) await keeping.close();
      keeping = await open();
    },
    async offer(...ids) {
      for (const id of ids) {
        keeping.log.offer(windowOf(id), [journalOf(id)]);
        account.receive(1);
        keeping.cursors.get('a')?.push({ frame: windowOf(id), samples: 1 });
        await keeping.log.settle();
      }
    },
    async deliver(most = Number.POSITIVE_INFINITY) {
      const given: number[] = [];
      const cursor = keeping.cursors.get('a');
      while (given.length < most) {
        const taken = await cursor?.take();
        if (taken === undefined) break;
        given.push(taken.frame.tables[0]?.values[0] as number);
        cursor?.remove();
        account.settle(taken.samples, { delivered: taken.samples, dropped: new Map() }, 0);
      }
      await cursor?.take();
      return given;
    },
  };
}

/** One bit. */
function flip(disk: CrashingDisk, name: string, at: number): void {
  const bytes = disk.bytesOf(name);
  bytes[at] = (bytes[at] as number) ^ 1;
}

function segments(disk: CrashingDisk): Promise<string[]> {
  return disk.list().then((files) => files.map(({ name }) => name).filter((name) => name.endsWith('.log')));
}

describe('a sink that is behind', () => {
  test('goes on after a restart where it was, and its books go on too', async () => {
    const { offer, deliver, restart, account } = await stage();
    await offer(0, 1, 2, 3);
    expect(await deliver(2)).toEqual([0, 1]);
    await restart(true);
    expect(account().books()).toEqual({ received: 4, delivered: 2, dropped: new Map() });
    await offer(4);
    expect(await deliver()).toEqual([2, 3, 4]);
    expect(account().books()).toEqual({ received: 5, delivered: 5, dropped: new Map() });
  });

  test('is told after a crash that the first window may have come before, and of no other', async () => {
    const { offer, deliver, restart, keeping } = await stage();
    await offer(0, 1, 2);
    await deliver(1);
    // It was taken, and perhaps written; the process ends before that is noted.
    await restart();
    const again: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      again.push((await keeping().cursors.get('a')?.take())?.again);
      keeping().cursors.get('a')?.remove();
    }
    expect(again).toEqual([true, undefined]);
  });

  test('is told nothing of the kind after a stop in good order', async () => {
    const { offer, restart, keeping } = await stage();
    await offer(0, 1);
    await restart(true);
    expect((await keeping().cursors.get('a')?.take())?.again).toBeUndefined();
  });
});

describe('what all have got', () => {
  test('goes from the disk', async () => {
    const { offer, deliver, disk, keeping } = await stage();
    await offer(0, 1, 2);
    expect(await segments(disk)).toHaveLength(3);
    await deliver();
    await offer(3);
    await keeping().log.shelf.settle();
    // The last two stay: a restart goes on from them.
    expect(await segments(disk)).toEqual(['0000000000000003.log', '0000000000000004.log']);
  });
});

describe('a log that is full', () => {
  test('lets the oldest windows go, and counts them for the sink that had not got them', async () => {
    const { offer, deliver, keeping, account, said } = await stage({ maxBytes: 500 });
    await offer(0, 1, 2, 3, 4, 5);
    const { bytes } = keeping().log.stats();
    expect(bytes).toBeLessThanOrEqual(500);
    const given = await deliver();
    expect(given.at(-1)).toBe(5);
    expect(account().books()).toEqual({
      received: 6,
      delivered: given.length,
      dropped: new Map([['log_full', 6 - given.length]]),
    });
    expect(said.filter((line) => line.includes('the log is full'))).toHaveLength(1);
  });

  test('or keeps all, and says that nothing more is to be taken in', async () => {
    const { offer, deliver, keeping } = await stage({ maxBytes: 500, whenFull: 'push_back' });
    await offer(0, 1);
    expect(keeping().log.shelf.full).toBe(false);
    await offer(2, 3, 4, 5);
    expect(keeping().log.shelf.full).toBe(true);
    expect(await deliver()).toEqual([0, 1, 2, 3, 4, 5]);
    await offer(6);
    expect(keeping().log.shelf.full).toBe(false);
  });

  test('but agents do not wait for ever for the last two files, which stay for a restart, where those alone are too large', async () => {
    const { offer, deliver, keeping } = await stage({ maxBytes: 100, whenFull: 'push_back' });
    await offer(0, 1);
    expect(keeping().log.stats().bytes).toBeGreaterThan(100);
    expect(keeping().log.shelf.full).toBe(true);
    expect(await deliver()).toEqual([0, 1]);
    expect(keeping().log.stats()).toMatchObject({ segments: 2 });
    expect(keeping().log.shelf.full).toBe(false);
  });

  test('lets go of what is too old', async () => {
    const { offer, deliver, clock, account } = await stage({ maxAgeMs: 60_000 });
    await offer(0, 1);
    await clock.advance(100_000);
    await offer(9);
    expect(await deliver()).toEqual([9]);
    expect(account().books().dropped).toEqual(new Map([['log_too_old', 2]]));
  });
});

test('windows that come faster than the disk takes them: none is counted as lost and delivered all the same', async () => {
  const { deliver, keeping, account } = await stage({ heldFrames: 1 });
  for (const id of [0, 1, 2, 3]) {
    keeping().log.offer(windowOf(id));
    account().receive(1);
    keeping()
      .cursors.get('a')
      ?.push({ frame: windowOf(id), samples: 1 });
    // The first is being written; of those that come meanwhile there is room for one.
    await Promise.resolve();
  }
  await keeping().log.settle();
  expect(await deliver()).toEqual([0, 3]);
  expect(account().books()).toEqual({ received: 4, delivered: 2, dropped: new Map([['log_unwritable', 2]]) });
});

describe('damage', () => {
  test('a bit that flipped costs the rest of its file, is said with its name and counted; reading goes on behind it', async () => {
    const { offer, deliver, restart, disk, said, account, keeping } = await stage({ segmentBytes: 400 });
    await offer(0, 1, 2, 3, 4, 5, 6, 7);
    await restart(true);
    const [first = ''] = await segments(disk);
    const bytes = disk.bytesOf(first);
    bytes[bytes.length - 3] = (bytes[bytes.length - 3] as number) ^ 4;
    const given = await deliver();
    const lost = 8 - given.length;
    expect(lost).toBeGreaterThan(0);
    expect(given.at(-1)).toBe(7);
    expect(account().books()).toEqual({
      received: 8,
      delivered: given.length,
      dropped: new Map([['log_damaged', lost]]),
    });
    expect(said.some((line) => line.includes('damaged') && line.includes(first))).toBe(true);
    expect(keeping().log.stats().damaged).toBe(1);
    await offer(8);
    await keeping().log.shelf.settle();
    expect((await disk.list()).map(({ name }) => name)).toContain(`${first}.damaged`);
  });

  test('a record that was being written is cut off, and what was before it stays', async () => {
    const { offer, deliver, restart, disk, said } = await stage({ segmentBytes: 1e6 });
    await offer(0, 1, 2);
    const [name = ''] = await segments(disk);
    const { length } = disk.bytesOf(name);
    for (const file of [name, copyName(name)]) await disk.truncate(file, length - 5);
    await restart();
    expect(await deliver()).toEqual([0, 1]);
    expect(said.some((line) => line.includes('cut off'))).toBe(true);
  });

  test('seed 2: an older segment that was cut off is damaged, and what it lacks is counted as that', async () => {
    const { offer, deliver, restart, disk, said, keeping, account } = await stage({ segmentBytes: 1e6 });
    await offer(0, 1, 2, 3);
    await restart(true);
    await offer(4);
    const [name = '', ...others] = await segments(disk);
    expect(others).toHaveLength(1);
    // In the last of its four records.
    await disk.truncate(name, disk.bytesOf(name).length - 5);
    await restart();
    expect(said.some((line) => line.includes('ends within the frame 4, and the next file begins with 5'))).toBe(true);
    expect(said.some((line) => line.includes('that is cut off'))).toBe(false);
    expect(keeping().log.stats().damaged).toBe(1);
    expect(await deliver()).toEqual([0, 1, 2, 4]);
    expect(account().books()).toEqual({ received: 5, delivered: 4, dropped: new Map([['log_damaged', 1]]) });
    await offer(5);
    await restart(true);
    await offer(6);
    await keeping().log.shelf.settle();
    expect((await disk.list()).map((file) => file.name)).toContain(`${name}.damaged`);
  });

  test('a record that was being written when the disk took no more is no damage: the next file begins with it', async () => {
    const { offer, restart, disk, keeping, said } = await stage({ segmentBytes: 1e6 });
    await offer(0, 1);
    await restart(true);
    await offer(2);
    const [name = ''] = await segments(disk);
    const whole = Buffer.from(disk.bytesOf(name));
    const file = await disk.create(name);
    await file.append(Buffer.concat([whole, whole.subarray(8, 40)]));
    await file.sync();
    await restart();
    expect(keeping().log.stats().damaged).toBe(0);
    expect(said.some((line) => line.includes('that is cut off'))).toBe(true);
    expect(whole.equals(disk.bytesOf(name))).toBe(true);
  });

  test('a cursor that is damaged is set aside, and its sink gets again what is there', async () => {
    const { offer, deliver, restart, disk, said } = await stage();
    await offer(0, 1);
    await deliver(1);
    await restart(true);
    const bytes = disk.bytesOf('cursor-a.json');
    bytes[10] = (bytes[10] as number) ^ 1;
    await restart();
    expect((await deliver()).at(-1)).toBe(1);
    expect(said.some((line) => line.includes('set aside'))).toBe(true);
  });

  test('the state of a restart is that of the last window that can be read, of an earlier file if need be', async () => {
    const { disk, keeping, restart } = await stage();
    const journal = (id: number) => [journalOf(id)];
    for (const id of [0, 1]) keeping().log.offer(windowOf(id), journal(id));
    await keeping().log.settle();
    keeping().log.offer(windowOf(2), journal(2));
    await keeping().log.settle();
    await restart(true);
    expect(keeping().found.last?.journal?.[0]?.values).toEqual(Float64Array.of(2));
    const last = (await segments(disk)).at(-1) ?? '';
    for (const file of [last, copyName(last)]) flip(disk, file, 9);
    await restart();
    expect(keeping().found.last?.journal?.[0]?.values).toEqual(Float64Array.of(1));
  });

  test.each([
    ['flipped near its head', (disk: CrashingDisk, name: string) => flip(disk, name, 9)],
    [
      'flipped in its last record',
      (disk: CrashingDisk, name: string) => flip(disk, name, disk.bytesOf(name).length - 3),
    ],
    ['cut off near its head', (disk: CrashingDisk, name: string) => disk.truncate(name, 20)],
    ['empty', (disk: CrashingDisk, name: string) => disk.truncate(name, 0)],
    ['gone', (disk: CrashingDisk, name: string) => disk.remove(name)],
  ])(
    'seeds 27 and 39: the newest segment %s: the state is that of the last window, and no window is lost or delivered again',
    async (_how, spoil) => {
      const { offer, deliver, restart, disk, keeping, account } = await stage({ segmentBytes: 1e6 });
      await offer(0, 1, 2, 3);
      expect(await deliver(2)).toEqual([0, 1]);
      await restart(true);
      const names = await segments(disk);
      expect(names).toHaveLength(1);
      await spoil(disk, names[0] as string);
      await restart();
      expect(keeping().found.last?.endMs).toBe(T0 + 40_000);
      expect(keeping().log.stats().damaged).toBe(1);
      await offer(4);
      expect(await deliver()).toEqual([2, 3, 4]);
      expect(account().books()).toEqual({ received: 5, delivered: 5, dropped: new Map() });
      // Of the segment before the newest there is no copy any more.
      expect((await disk.list()).filter(({ name }) => name.endsWith('.copy'))).toHaveLength(1);
    },
  );

  test('a copy that is damaged costs nothing', async () => {
    const { offer, deliver, restart, disk, keeping } = await stage({ segmentBytes: 1e6 });
    await offer(0, 1, 2);
    const [name = ''] = await segments(disk);
    flip(disk, copyName(name), 12);
    await restart();
    expect(keeping().log.stats().damaged).toBe(0);
    expect(await deliver()).toEqual([0, 1, 2]);
  });

  test.each([
    ['at its beginning', 0],
    ['in its midst', 300],
  ])(
    'a file with a bad place on the disk %s costs that file, is named and counted, and does not end the start',
    async (_where, byte) => {
      const { offer, deliver, restart, disk, said, account, keeping } = await stage({ segmentBytes: 400 });
      await offer(0, 1, 2, 3, 4, 5, 6, 7);
      await restart(true);
      const [first = '', ...others] = await segments(disk);
      expect(others.length).toBeGreaterThan(0);
      expect(disk.bytesOf(first).length).toBeGreaterThan(300);
      disk.bad.set(first, byte);
      await restart();
      expect(said.some((line) => line.includes('damaged') && line.includes(first) && line.includes('EIO'))).toBe(true);
      expect(keeping().log.stats().damaged).toBe(1);
      const given = await deliver();
      const lost = 8 - given.length;
      expect(lost).toBeGreaterThan(0);
      expect(given.at(-1)).toBe(7);
      expect(account().books()).toEqual({
        received: 8,
        delivered: given.length,
        dropped: new Map([['log_damaged', lost]]),
      });
    },
  );

  test('a segment of a later version is set aside, with both versions in words', async () => {
    const { offer, restart, disk, said } = await stage();
    await offer(0);
    const [name = ''] = await segments(disk);
    disk.bytesOf(name)[7] = 9;
    await restart();
    expect(said.some((line) => line.includes('version 9') && line.includes('reads 1'))).toBe(true);
    expect((await disk.list()).map((file) => file.name)).toContain(`${name}.damaged`);
  });
});

describe('a disk that is full', () => {
  test('costs nothing while there is memory: sinks get windows from there, and it heals by itself', async () => {
    const { offer, deliver, disk, keeping, clock, said, account } = await stage();
    await offer(0);
    disk.full = true;
    await offer(1, 2);
    expect(keeping().log.stats()).toMatchObject({ trouble: 'ENOSPC: no space left on device', waiting: 2 });
    expect(await deliver(2)).toEqual([0, 1]);
    disk.full = false;
    await clock.advance(5000);
    await keeping().log.settle();
    expect(keeping().log.stats()).toMatchObject({ trouble: undefined, waiting: 0, frames: 3 });
    expect(await deliver()).toEqual([2]);
    expect(account().books()).toEqual({ received: 3, delivered: 3, dropped: new Map() });
    expect(said.filter((line) => line.includes('cannot be written: windows'))).toHaveLength(1);
    expect(said.filter((line) => line.includes('written again'))).toHaveLength(1);
  });

  test('costs the oldest windows when there is no more memory, counted', async () => {
    const { offer, deliver, disk, account } = await stage({ heldFrames: 2 });
    disk.full = true;
    await offer(0, 1, 2, 3);
    expect(await deliver()).toEqual([2, 3]);
    expect(account().books()).toEqual({ received: 4, delivered: 2, dropped: new Map([['log_unwritable', 2]]) });
  });
});
