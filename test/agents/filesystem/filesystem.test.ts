import { execFileSync } from 'node:child_process';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Container } from '../../../agents/container.ts';
import { createFilesystemSource, type FilesystemOptions } from '../../../agents/filesystem/filesystem.ts';
import { LocalDisk } from '../../../agents/filesystem/disk.ts';
import { createAsking } from '../../../agents/filesystem/asking.ts';
import { type Answer, createSpace, deviceNumbers } from '../../../agents/filesystem/space.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { type FakeClock, fakeClock, settle } from '../../support/clock.ts';
import { waitFor } from '../../support/wait.ts';
import { container, fakeProc, folder, HOST, put, readOf, rowsOf } from '../reading.ts';

const DISK: Answer = { numbers: '8:1', size: 1000, used: 400, inodes: 50, inodesFree: 20 };
const ROOT = '1 0 8:1 / / rw - ext4 /dev/sda1 rw\n';

const du = (dir: string): number => Number.parseInt(execFileSync('du', ['-sx', '-B1', dir], { encoding: 'utf8' }), 10);

interface Setup {
  readonly mountinfo?: string;
  readonly containers?: () => readonly Container[];
  readonly more?: Partial<FilesystemOptions>;
}

function setup({ mountinfo = ROOT, containers = () => [], more = {} }: Setup) {
  const clock = fakeClock();
  const procRoot = fakeProc({ '1/mountinfo': mountinfo });
  const source = createFilesystemSource({
    procRoot,
    rootfs: '/',
    containers,
    host: HOST,
    clock,
    ask: async () => DISK,
    ...more,
  });
  return { source, clock, procRoot };
}

type Rows = Record<string, string | number>[];

/** Reads until the rows are as wanted; the run goes on between two readings, and its rests pass. */
function rowsWhen(
  source: ReturnType<typeof setup>['source'],
  clock: FakeClock,
  wanted: (rows: Rows) => boolean,
  family = 'filesystem',
) {
  return waitFor(async () => {
    const rows = rowsOf(await readOf(source), family);
    await clock.advance(1);
    return wanted(rows) ? rows : undefined;
  });
}

describe('file systems of the machine', () => {
  test('appear with the reading after the first, and the tick never waits for them', async () => {
    const { source, clock } = setup({});
    expect(await readOf(source)).toEqual([]);
    await settle();
    expect(rowsOf(await readOf(source), 'filesystem')).toEqual([
      { of: '/', device: '/dev/sda1', usage: 400, limit: 1000, inodesTotal: 50, inodesFree: 20, inodesUsed: 30 },
    ]);
    expect((await readOf(source))[0]?.timesMs[0]).toBe(clock.now());
  });

  test('what is mounted later appears, what is unmounted disappears', async () => {
    const { source, clock, procRoot } = setup({
      more: { ask: async (path) => ({ ...DISK, numbers: path === '/' ? '8:1' : '8:2' }) },
    });
    await rowsWhen(source, clock, (rows) => rows.length === 1);
    put(join(procRoot, '1/mountinfo'), '2 0 8:2 / /data rw - ext4 /dev/sdb rw\n');
    await clock.advance(60_000);
    const rows = await rowsWhen(source, clock, (found) => found[0]?.device === '/dev/sdb');
    expect(rows).toHaveLength(1);
  });

  test('a server that hangs delays nobody, is asked once, and is there again when it answers', async () => {
    const asked: string[] = [];
    let answer: (value: Answer) => void = () => {};
    const ask = (path: string): Promise<Answer> => {
      asked.push(path);
      return path === '/nfs'
        ? new Promise((resolve) => {
            answer = resolve;
          })
        : Promise.resolve(DISK);
    };
    const { source, clock } = setup({ mountinfo: `1 0 0:50 / /nfs rw - nfs4 nas:/x rw\n${ROOT}`, more: { ask } });
    await readOf(source);
    for (let i = 0; i < 30; i++) {
      await clock.advance(10_000);
      await readOf(source);
    }
    // Five minutes: the disk once a minute, the server once in all, in the first run after the disk.
    expect(asked.slice(0, 2)).toEqual(['/', '/nfs']);
    expect(asked.filter((path) => path === '/nfs')).toHaveLength(1);
    expect(asked.filter((path) => path === '/').length).toBeGreaterThanOrEqual(5);
    expect(rowsOf(await readOf(source), 'filesystem').map((row) => row.device)).toEqual(['/dev/sda1']);
    expect(source.losses.get('hung')).toBeGreaterThanOrEqual(4);
    answer(DISK);
    await settle();
    await clock.advance(60_000);
    await readOf(source);
    await settle();
    expect(asked.filter((path) => path === '/nfs')).toHaveLength(2);
  });

  test('two servers that hang end the asking of servers, a disk that hangs as well that of everybody: a thread is left', async () => {
    const reasons: string[] = [];
    const asked: string[] = [];
    const clock = fakeClock();
    const space = createSpace({
      asking: createAsking({ clock }),
      count: (reason) => reasons.push(reason),
      ask: (path) => {
        asked.push(path);
        return path === '/' ? Promise.resolve(DISK) : new Promise(() => {});
      },
    });
    const ask = async (path: string, served: boolean): Promise<Answer | undefined> => {
      const answer = space(path, { served });
      await clock.advance(2_000);
      return answer;
    };
    for (const path of ['/nfs1', '/nfs2', '/nfs3', '/nfs4']) expect(await ask(path, true)).toBeUndefined();
    expect(await ask('/', false)).toEqual(DISK);
    for (const path of ['/disk1', '/disk2', '/']) expect(await ask(path, false)).toBeUndefined();
    expect(asked).toEqual(['/nfs1', '/nfs2', '/', '/disk1']);
    expect(reasons).toEqual(Array.from({ length: 7 }, () => 'hung'));
  });

  test('a path that leads to another device is not the file system that was meant', async () => {
    const { source, clock } = setup({ more: { ask: async () => ({ ...DISK, numbers: '8:99' }) } });
    await waitFor(async () => {
      await readOf(source);
      await clock.advance(1);
      return source.losses.get('elsewhere') === 1;
    });
    expect(await readOf(source)).toEqual([]);
  });

  test('this machine: the size of / as df has it', async () => {
    const answer = await createSpace({ asking: createAsking({ clock: systemClock }), count: () => {} })('/');
    const [size, inodes] =
      execFileSync('df', ['-B1', '--output=size,itotal', '/'], { encoding: 'utf8' })
        .trim()
        .split('\n')[1]
        ?.trim()
        .split(/\s+/) ?? [];
    expect(answer).toMatchObject({ size: Number(size), inodes: Number(inodes) });
  });

  test('in the turn of a disk that has just answered nobody waits for its space, and it is the same; what is not there has none', async () => {
    const reasons: string[] = [];
    const disk = new LocalDisk({ ...systemClock, monotonic: () => 0 });
    const space = createSpace({
      asking: () => Promise.reject(new Error('asked under a deadline')),
      count: (reason) => reasons.push(reason),
    });
    disk.begin();
    const [size] = execFileSync('df', ['-B1', '--output=size', '/'], { encoding: 'utf8' }).trim().split('\n').slice(1);
    expect(await space('/', { disk })).toMatchObject({ size: Number(size) });
    expect(await space('/nonexistent', { disk })).toBeUndefined();
    expect(reasons).toEqual(['unreadable']);
  });

  test.each([
    [statSync('/').dev, execFileSync('stat', ['-c', '%Hd:%Ld', '/'], { encoding: 'utf8' }).trim()],
    // By glibc's makedev().
    [1_114_924, '259:300'],
    [17_592_472_537_200, '5000:70000'],
    [4_293_921_023, '8:1048575'],
  ])('device number %d is %s', (dev, numbers) => {
    expect(deviceNumbers(dev)).toBe(numbers);
  });
});

describe('what containers write', () => {
  test('layer and log directory, on the device of the layer; absent when the container stops', async () => {
    const layer = folder();
    const log = folder();
    writeFileSync(join(layer, 'file'), Buffer.alloc(50_000, 1));
    writeFileSync(join(log, 'json.log'), Buffer.alloc(20_000, 1));
    let running = [container('web', { pid: 11 })];
    const more = { upperDirOf: () => layer, otherDirsOf: () => [log] };
    const { source, clock } = setup({ containers: () => running, more });
    const rows = await rowsWhen(source, clock, (found) => found.some((row) => row.of === 'web'));
    expect(rows.find((row) => row.of === 'web')).toEqual({
      of: 'web',
      device: '/dev/sda1',
      usage: du(layer) + du(log),
      inodesUsed: 4, // two directories, two files
      limit: 1000,
      // Of the file system that the layer is on, as the limit.
      inodesTotal: 50,
      inodesFree: 20,
    });
    running = [container('web', { pid: 0, state: 'exited' })];
    expect(rowsOf(await readOf(source), 'filesystem').map((row) => row.of)).toEqual(['/']);
  });

  test('the layer from the container’s own mounts where the engine does not say', async () => {
    const layer = folder();
    const { source, clock, procRoot } = setup({ containers: () => [container('web', { pid: 11 })] });
    put(
      join(procRoot, '11/mountinfo'),
      `1 0 0:9 / / rw - overlay overlay rw,lowerdir=/l,upperdir=${layer},workdir=/w\n`,
    );
    const rows = await rowsWhen(source, clock, (found) => found.some((row) => row.of === 'web'));
    expect(rows.find((row) => row.of === 'web')).toMatchObject({ usage: du(layer), inodesUsed: 1 });
  });

  test('a layer beyond the budget has no number, and is tried more seldom each time', async () => {
    const layer = folder();
    for (let i = 0; i < 10; i++) writeFileSync(join(layer, String(i)), 'x');
    const more = { upperDirOf: () => layer, budget: { maxInodes: 5, maxMs: 60_000 } };
    const { source, clock } = setup({ containers: () => [container('web', { pid: 11 })], more });
    const tries = (): number => source.losses.get('walk_budget') ?? 0;
    const triedIn: number[] = [];
    for (let minute = 0; minute <= 6; minute++) {
      await readOf(source);
      // Twice as long after each failure: minutes 0, 2 and 6. The walk is real input and output, so its end is awaited.
      if ([0, 2, 6].includes(minute))
        await waitFor(() => tries() > triedIn.length, { what: `a try in minute ${minute}` });
      await settle();
      while (triedIn.length < tries()) triedIn.push(minute);
      await clock.advance(60_000);
    }
    expect(triedIn).toEqual([0, 2, 6]);
    expect(rowsOf(await readOf(source), 'filesystem').find((row) => row.of === 'web')).not.toHaveProperty('usage');
  });

  test('volumes are rows of their own, one that two containers share for each', async () => {
    const data = folder();
    writeFileSync(join(data, 'file'), Buffer.alloc(30_000, 1));
    const containers = [container('a', { pid: 11 }), container('b', { pid: 12 })];
    const more = { volumesOf: () => [{ name: 'data', path: data }] };
    const { source, clock } = setup({ containers: () => containers, more });
    const rows = await rowsWhen(source, clock, (found) => found.length === 2, 'volume');
    const each = { volume: 'data', usage: du(data), inodes: 2 };
    expect(rows).toEqual([
      { of: 'a', ...each },
      { of: 'b', ...each },
    ]);
  });

  test('a layer that has gone is absent and no loss; closing twice is fine', async () => {
    const layer = folder();
    rmSync(layer, { recursive: true });
    const { source, clock } = setup({
      containers: () => [container('web', { pid: 11 })],
      more: { upperDirOf: () => layer },
    });
    await rowsWhen(source, clock, (rows) => rows.some((row) => row.of === '/'));
    expect([...source.losses]).toEqual([]);
    await source.close();
    await source.close();
  });
});
