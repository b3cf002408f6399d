/**
 * What the kernel and the engine say of all containers now, as series under the names that an agent must give them: the reader of the
 * recorded hosts (test/scenarios/hosts/check, which shares no code with the program) pointed at /proc and /sys/fs/cgroup, and beside it
 * what recordings cannot hold: descriptors, socket tables, scheduler statistics, room on disks.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ExpectedSeries, expectedSeries } from '../scenarios/hosts/check/expected.mjs';
import { type CheckedContainer, containerOf } from '../scenarios/hosts/check/moment.mjs';
import { seriesName } from '../scenarios/hosts/check/text.mjs';
import type { Engine } from './engine.ts';
import { V2 } from './kernel.ts';

type Put = (metric: string, value: number, labels?: Readonly<Record<string, string>>) => void;

/** The series of every container that the engine knows; the machine's own are left out. By `seriesName`. */
export async function kernelSeries(engine: Engine): Promise<Map<string, ExpectedSeries>> {
  const version = V2 ? 'v2' : 'v1';
  const ids = (await engine.docker('ps', '-aq', '--no-trunc')).split('\n').filter(Boolean);
  const inspections = JSON.parse(await engine.docker('inspect', ...ids)) as unknown[];
  const info = JSON.parse(await engine.docker('info', '--format', '{{json .}}')) as unknown;
  const where = { cgroupRoot: '/sys/fs/cgroup', proc: '/proc', version } as const;
  const containers = inspections.map((inspect) => containerOf(inspect, where));
  const all = expectedSeries({ version, proc: '/proc', timeMs: Date.now(), info, containers });
  for (const container of containers) if (container.pid > 0) putLive(container, all);
  for (const [name, { labels }] of all) if (labels.id === '/') all.delete(name);
  return all;
}

function putLive(container: CheckedContainer, into: Map<string, ExpectedSeries>): void {
  const put: Put = (metric, value, more = {}) => {
    const labels = { ...container.labels, ...more };
    into.set(seriesName(metric, labels), { metric, labels, value });
  };
  const alive = processesIn(container.folder(V2 ? '' : 'pids') as string);
  putDescriptors(alive, put);
  putSched(alive, put);
  putTasks(alive, put);
  const { NetworkMode } = container.inspect.HostConfig;
  if (NetworkMode !== 'host' && !NetworkMode.startsWith('container:')) {
    for (const table of ['tcp', 'tcp6']) putTcp(container.pid, table, put);
    for (const table of ['udp', 'udp6']) putUdp(container.pid, table, put);
    putNetstat(container.pid, put);
  }
  putRoom(container, put);
}

/** The processes of a cgroup and of those below: some runtimes keep a container's in one of their own. */
function processesIn(dir: string): string[] {
  const own = ifThere(() => readFileSync(join(dir, 'cgroup.procs'), 'utf8'), '').split('\n');
  const below = ifThere(() => readdirSync(dir, { withFileTypes: true }), []).filter((entry) => entry.isDirectory());
  return [...own.filter((pid) => pid !== ''), ...below.flatMap(({ name }) => processesIn(join(dir, name)))];
}

/** Of a process that has just ended nothing is left to count. */
function ifThere<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (_gone) {
    return otherwise;
  }
}

function putDescriptors(pids: readonly string[], put: Put): void {
  const links = pids.flatMap((pid) => {
    const dir = `/proc/${pid}/fd`;
    return ifThere(() => readdirSync(dir), []).map((fd) => ifThere(() => readlinkSync(join(dir, fd)), ''));
  });
  put('container_file_descriptors', links.length);
  put('container_sockets', links.filter((link) => link.startsWith('socket:')).length);
}

/** The letter of each thread's state, proc(5). */
const STATES: readonly (readonly [state: string, letters: string])[] = [
  ['sleeping', 'S'],
  ['running', 'R'],
  ['stopped', 'Tt'],
  ['uninterruptible', 'D'],
];

function putTasks(pids: readonly string[], put: Put): void {
  const letters = pids.flatMap((pid) =>
    ifThere(() => readdirSync(`/proc/${pid}/task`), []).map((tid) => {
      const stat = ifThere(() => readFileSync(`/proc/${pid}/task/${tid}/stat`, 'latin1'), '');
      return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
    }),
  );
  for (const [state, own] of STATES)
    put('container_tasks_state', letters.filter((letter) => letter !== '' && own.includes(letter)).length, { state });
}

function putSched(pids: readonly string[], put: Put): void {
  const sums = [0, 0, 0];
  for (const pid of pids) {
    for (const tid of ifThere(() => readdirSync(`/proc/${pid}/task`), [])) {
      const text = ifThere(() => readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8'), '0 0 0');
      text.split(' ').forEach((value, i) => {
        sums[i] = (sums[i] as number) + Number(value);
      });
    }
  }
  put('container_cpu_schedstat_run_seconds_total', (sums[0] as number) / 1e9);
  put('container_cpu_schedstat_runqueue_seconds_total', (sums[1] as number) / 1e9);
  put('container_cpu_schedstat_run_periods_total', sums[2] as number);
}

/** The kernel's numbers of the states, from 1; 12 is a second kind of SYN_RECV. */
const TCP_STATES =
  'established synsent synrecv finwait1 finwait2 timewait close closewait lastack listen closing'.split(' ');

function rowsOf(pid: number, table: string): string[][] {
  const [, ...lines] = readFileSync(`/proc/${pid}/net/${table}`, 'utf8').trim().split('\n');
  return lines.map((line) => line.trim().split(/\s+/));
}

function putTcp(pid: number, table: string, put: Put): void {
  const numbers = rowsOf(pid, table).map(([, , , state = '']) => Number.parseInt(state, 16));
  TCP_STATES.forEach((tcp_state, i) => {
    const count = numbers.filter((number) => (number === 12 ? 3 : number) === i + 1).length;
    put(`container_network_${table}_usage_total`, count, { tcp_state });
  });
}

function putUdp(pid: number, table: string, put: Put): void {
  const rows = rowsOf(pid, table);
  const queue = (row: string[], i: number): number => Number.parseInt(row[4]?.split(':')[i] ?? '', 16);
  const sum = (of: (row: string[]) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const metric = `container_network_${table}_usage_total`;
  put(
    metric,
    sum((row) => Number(row[3] === '07')),
    { udp_state: 'listen' },
  );
  put(
    metric,
    sum((row) => Number(row[12])),
    { udp_state: 'dropped' },
  );
  put(
    metric,
    sum((row) => queue(row, 0)),
    { udp_state: 'txqueued' },
  );
  put(
    metric,
    sum((row) => queue(row, 1)),
    { udp_state: 'rxqueued' },
  );
}

/** `TcpExt: SyncookiesSent …` and the numbers on the next line. */
function putNetstat(pid: number, put: Put): void {
  const lines = readFileSync(`/proc/${pid}/net/netstat`, 'utf8').split('\n');
  const [names = [], values = []] = lines.filter((line) => line.startsWith('TcpExt:')).map((line) => line.split(' '));
  names.slice(1).forEach((name, i) => {
    put('container_network_advance_tcp_stats_total', Number(values[i + 1]), { tcp_state: name.toLowerCase() });
  });
}

/** The layer and the folder with the log by `find`, the file system's size by `df`, volumes by themselves. */
function putRoom({ inspect }: CheckedContainer, put: Put): void {
  const layer = inspect.GraphDriver?.Data?.UpperDir ?? mountedLayer(inspect.State.Pid);
  if (layer !== undefined) {
    const columns = '--output=source,size,itotal,iavail';
    const [device = '', size = '', inodes = '', free = ''] = execFileSync('df', ['-B1', columns, layer], {
      encoding: 'utf8',
    })
      .trim()
      .split('\n')[1]!
      .split(/\s+/);
    const taken = [layer, ...(inspect.LogPath ? [dirname(inspect.LogPath)] : [])].map(roomIn);
    const total = (of: (one: { bytes: number; inodes: number }) => number): number =>
      taken.reduce((sum, one) => sum + of(one), 0);
    put(
      'container_fs_usage_bytes',
      total((one) => one.bytes),
      { device },
    );
    put(
      'container_fs_inodes_used',
      total((one) => one.inodes),
      { device },
    );
    put('container_fs_limit_bytes', Number(size), { device });
    put('container_fs_inodes_total', Number(inodes), { device });
    put('container_fs_inodes_free', Number(free), { device });
  }
  for (const { Type, Name = '', Source } of inspect.Mounts) {
    if (Type !== 'volume') continue;
    put('container_volume_usage_bytes', roomIn(Source).bytes, { volume: Name });
    put('container_volume_inodes_used', roomIn(Source).inodes, { volume: Name });
  }
}

/** Where the engine does not say where a layer is (Docker's containerd store), the container's own root file system does. */
function mountedLayer(pid: number): string | undefined {
  const root = ifThere(() => readFileSync(`/proc/${pid}/mountinfo`, 'utf8'), '')
    .split('\n')
    .find((line) => line.split(' ')[4] === '/');
  return /,upperdir=([^,]+)/.exec(root ?? '')?.[1];
}

/** Each inode once: its number and its blocks of 512 bytes. */
function roomIn(dir: string): { bytes: number; inodes: number } {
  const found = new Set(
    execFileSync('find', [dir, '-xdev', '-printf', '%i %b\\n'], { encoding: 'utf8' }).trim().split('\n'),
  );
  return { inodes: found.size, bytes: [...found].reduce((sum, line) => sum + Number(line.split(' ')[1]) * 512, 0) };
}
