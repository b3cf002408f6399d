import { describe, expect, test } from 'vitest';
import { spawn } from 'node:child_process';
import { openSync, closeSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseLimits } from '../../../agents/process/limits.ts';
import { createProcessSource } from '../../../agents/process/process.ts';
import { createSchedSource, parseSchedstat } from '../../../agents/process/sched.ts';
import { systemClock } from '../../../src/run/clock.ts';
import { fakeClock } from '../../support/clock.ts';
import { recordedHost } from '../../support/fixture.ts';
import { container, fakeProc, put, readOf, rowsOf } from '../reading.ts';

const web = container('web', { pid: 11 });

describe('processes', () => {
  test('descriptors, sockets and states of threads over all processes of the cgroup; a process that vanished is none', async () => {
    const procRoot = fakeProc({
      '11/fd/0': '->/dev/null',
      '11/fd/1': '->socket:[100]',
      '12/fd/0': '->socket:[101]',
      '12/fd/7': '->pipe:[102]',
      '12/fd/8': '->/tmp/socket:[1]',
      '11/task/11/stat': '11 (sh) S 1 11 11 0 -1',
      // A name may hold anything.
      '11/task/20/stat': '20 (a) R (b) D 1 11 11 0 -1',
      '12/task/12/stat': '12 (cat) R 11 11 11 0 -1',
      '12/task/21/stat': '21 (cat) R 11 11 11 0 -1',
      '12/task/22/stat': '22 (cat) T 11 11 11 0 -1',
      // Neither of the four: an idle kernel thread, a zombie.
      '12/task/23/stat': '23 (kworker) I 2 0 0 0 -1',
      '12/task/24/stat': '24 (cat) Z 11 11 11 0 -1',
    });
    const source = createProcessSource({
      procRoot,
      containers: () => [web],
      pidsOf: () => [11, 12, 13],
      clock: systemClock,
    });
    const tasks = { sleeping: 1, running: 2, stopped: 1, uninterruptible: 1 };
    expect(rowsOf(await readOf(source), 'process')).toEqual([
      { of: 'web', processes: 3, descriptors: 5, sockets: 2, ...tasks },
    ]);
  });

  test.each([
    ['they are missing', []],
    // As the agent's own container sees its own first process: here 1 is the host's.
    ['they are other processes’', [1, 7]],
  ])('from another pid namespace the numbers in a cgroup are of no use, and that is counted: %s', async (_, pids) => {
    const procRoot = fakeProc({
      '1/fd/0': '->/dev/null',
      '11/fd/0': '->/dev/null',
      '11/limits': 'Max open files            1024                 4096                 files     \n',
      '11/task/11/schedstat': '1 2 3\n',
    });
    const options = { procRoot, containers: () => [web], pidsOf: () => pids, clock: systemClock };
    const [processes, sched] = [createProcessSource(options), createSchedSource(options)];
    const tables = [...(await readOf(processes)), ...(await readOf(sched))];
    expect(tables.flatMap(({ rows }) => rows)).toEqual([]);
    expect([processes, sched].map(({ losses }) => losses.get('pid_namespace'))).toEqual([1, 1]);
  });

  test('a container that has just ended, or has no cgroup, is no matter of pid namespaces', async () => {
    const ended = createProcessSource({
      procRoot: fakeProc({}),
      containers: () => [web],
      pidsOf: () => [],
      clock: systemClock,
    });
    const bare = createProcessSource({
      procRoot: fakeProc({ '11/fd/0': '->/dev/null' }),
      containers: () => [web],
      pidsOf: () => undefined,
      clock: systemClock,
    });
    for (const source of [ended, bare]) {
      expect(rowsOf(await readOf(source), 'process')).toEqual([]);
      expect([...source.losses]).toEqual([]);
    }
  });

  test('a container without processes has no row', async () => {
    const source = createProcessSource({
      procRoot: '/nonexistent',
      containers: () => [web],
      pidsOf: () => [],
      clock: systemClock,
    });
    expect(rowsOf(await readOf(source), 'process')).toEqual([]);
  });

  test('this process: as many descriptors as /proc/self/fd lists', async () => {
    const pid = process.pid;
    const self = container('self', { pid });
    const source = createProcessSource({
      procRoot: '/proc',
      containers: () => [self],
      pidsOf: () => [pid],
      clock: systemClock,
    });
    const opened = Array.from({ length: 50 }, () => openSync('/dev/null', 'r'));
    const [row] = rowsOf(await readOf(source), 'process');
    const truth = readdirSync('/proc/self/fd').length;
    for (const fd of opened) closeSync(fd);
    expect(Math.abs((row?.descriptors as number) - truth)).toBeLessThanOrEqual(5);
    const files = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    expect(rowsOf(await readOf(source), 'ulimit')).toContainEqual({
      of: 'self',
      ulimit: 'max_open_files',
      soft: Number(files),
    });
  });
});

describe('limits', () => {
  test('of the recorded db container', async () => {
    const { procRoot } = recordedHost('v1', 't0');
    const db = container('db', { pid: 31830 });
    const source = createProcessSource({ procRoot, containers: () => [db], pidsOf: () => [31830], clock: systemClock });
    expect(rowsOf(await readOf(source), 'ulimit')).toEqual([
      { of: 'db', ulimit: 'max_core_file_size', soft: 0 },
      { of: 'db', ulimit: 'max_processes', soft: 96365 },
      { of: 'db', ulimit: 'max_open_files', soft: 20000 },
      { of: 'db', ulimit: 'max_locked_memory', soft: 8388608 },
    ]);
  });

  test('an unlimited one is absent', () => {
    expect([
      ...parseLimits(Buffer.from('Max open files            unlimited            unlimited            files     \n')),
    ]).toEqual([]);
  });
});

describe('scheduler', () => {
  const stat = (run: number, queue: number, periods: number): string => `${run} ${queue} ${periods}\n`;

  test('over all threads of all processes, and monotone while they come and go', async () => {
    const procRoot = fakeProc({
      '11/task/11/schedstat': stat(5e9, 1e9, 10),
      '11/task/12/schedstat': stat(2e9, 1e9, 5),
      '20/task/20/schedstat': stat(1e9, 0, 1),
    });
    const source = createSchedSource({ procRoot, containers: () => [web], pidsOf: () => [11, 20], clock: fakeClock() });
    const row = async () => rowsOf(await readOf(source), 'sched')[0];
    // 5 + 2 + 1 s on a CPU, 1 + 1 s waiting, 10 + 5 + 1 times.
    expect(await row()).toEqual({ of: 'web', run: 8, queue: 2, periods: 16 });
    rmSync(join(procRoot, '20'), { recursive: true });
    rmSync(join(procRoot, '11/task/12'), { recursive: true });
    put(join(procRoot, '11/task/11/schedstat'), stat(6e9, 1e9, 12));
    // Two threads ended: theirs stays in the total, and 11 ran 1 s more.
    expect(await row()).toEqual({ of: 'web', run: 9, queue: 2, periods: 18 });
    put(join(procRoot, '11/task/12/schedstat'), stat(5e8, 0, 1));
    put(join(procRoot, '11/task/11/schedstat'), stat(1e9, 0, 2));
    // A new thread 12 with half a second; and 11 has a lower number than before, so it is another one, all of whose second is new.
    expect(await row()).toEqual({ of: 'web', run: 10.5, queue: 2, periods: 21 });
  });

  test('a container that misses a tick goes on from its totals, one that was away for longer begins anew', async () => {
    const procRoot = fakeProc({ '11/task/11/schedstat': stat(5e9, 0, 10), '11/task/12/schedstat': stat(2e9, 0, 1) });
    const clock = fakeClock();
    let listed = [web];
    const source = createSchedSource({ procRoot, containers: () => listed, pidsOf: () => [11], clock });
    const row = async () => rowsOf(await readOf(source), 'sched')[0];
    expect(await row()).toEqual({ of: 'web', run: 7, queue: 0, periods: 11 });
    rmSync(join(procRoot, '11/task/12'), { recursive: true });
    listed = [];
    expect(await row()).toBeUndefined();
    listed = [web];
    await clock.advance(60_000);
    // The 2 s of the thread that has ended are still in it.
    expect(await row()).toEqual({ of: 'web', run: 7, queue: 0, periods: 11 });
    listed = [];
    await clock.advance(300_001);
    await row();
    listed = [web];
    expect(await row()).toEqual({ of: 'web', run: 5, queue: 0, periods: 10 });
  });

  test('a container that started again begins anew', async () => {
    const procRoot = fakeProc({ '11/task/11/schedstat': stat(5e9, 0, 10) });
    let current = web;
    const source = createSchedSource({ procRoot, containers: () => [current], pidsOf: () => [11], clock: fakeClock() });
    await readOf(source);
    current = container('web', { pid: 11, startMs: 9999 });
    put(join(procRoot, '11/task/11/schedstat'), stat(7e9, 0, 3));
    expect(rowsOf(await readOf(source), 'sched')).toEqual([{ of: 'web', run: 7, queue: 0, periods: 3 }]);
  });

  test('this machine: a busy process runs about as long as the clock', async () => {
    const busy = spawn('sh', ['-c', 'while :; do :; done']);
    try {
      const pid = busy.pid as number;
      const self = container('busy', { pid });
      const source = createSchedSource({
        procRoot: '/proc',
        containers: () => [self],
        pidsOf: () => [pid],
        clock: systemClock,
      });
      await readOf(source);
      const truth = (): number => parseSchedstat(readFileSync(`/proc/${pid}/schedstat`))?.[0] ?? 0;
      const low = truth();
      const [row] = rowsOf(await readOf(source), 'sched');
      const high = truth();
      expect(row?.run).toBeGreaterThanOrEqual(low / 1e9);
      expect(row?.run).toBeLessThanOrEqual(high / 1e9);
    } finally {
      busy.kill('SIGKILL');
    }
  });

  test.each(['', '1 2', 'a b c', '1 -2 3', '\n1 2 3'])('%j is no schedstat', (text) => {
    expect(parseSchedstat(Buffer.from(text))).toBeUndefined();
  });
});
