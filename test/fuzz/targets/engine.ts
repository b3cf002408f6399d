/** JSON of an engine, or of what claims to be one: every answer and event that is read, and what becomes of it. */
import { parseEvent, parseInfo, parseInspect, parseList, parseVersion } from '../../../agents/docker/engine/api.ts';
import { lineReader } from '../../../agents/docker/engine/lines.ts';
import { diskRows, fillCpu, fillMemory, fillPids, isReading, networkRows } from '../../../agents/docker/measures.ts';
import { bytesOf, must, type Target, textOf } from '../target.ts';

const ID = 'f'.repeat(64);
const INSPECTED = {
  Id: ID,
  Name: '/web',
  Created: '2024-01-01T00:00:00.123456789Z',
  State: {
    Status: 'running',
    Pid: 4,
    ExitCode: 0,
    OOMKilled: false,
    StartedAt: '2024-01-01T00:00:01Z',
    FinishedAt: '0001-01-01T00:00:00Z',
    Health: { Status: 'healthy', FailingStreak: 0 },
  },
  Config: { Image: 'busybox', Labels: { 'com.docker.compose.project': 'shop' }, Env: ['A=b'], Hostname: 'h' },
  HostConfig: {
    NetworkMode: 'bridge',
    Memory: 1,
    MemorySwap: -1,
    CpuQuota: 20000,
    CpuPeriod: 100000,
    NanoCpus: 5,
    PidsLimit: null,
    CgroupParent: '',
    RestartPolicy: { Name: 'no' },
    Runtime: 'runc',
  },
  GraphDriver: { Data: { UpperDir: '/var/lib/x' } },
  Mounts: [{ Type: 'volume', Name: 'v', Source: '/s' }],
  RestartCount: 1,
};
const STATS = {
  read: '2024-01-01T00:00:00Z',
  cpu_stats: {
    cpu_usage: { total_usage: 5, usage_in_usermode: 1, usage_in_kernelmode: 2, percpu_usage: [1, 2] },
    throttling_data: { periods: 1, throttled_periods: 1, throttled_time: 3 },
  },
  memory_stats: { usage: 1, limit: 2, stats: { cache: 1, inactive_file: 1, rss: 1, total_rss: 2 } },
  pids_stats: { current: 1, limit: 2 },
  networks: { eth0: { rx_bytes: 1, tx_bytes: 2 } },
};
const EVENT = {
  Type: 'container',
  Action: 'die',
  Actor: { ID, Attributes: { name: 'web', exitCode: '1' } },
  time: 1,
  timeNano: 1_700_000_000_000_000_000,
};

export const engine: Target = {
  name: 'engine',
  seeds: () =>
    [
      INSPECTED,
      STATS,
      EVENT,
      [{ Id: ID, Names: ['/web'], Image: 'x', Labels: {}, State: 'running', Created: 1 }],
      { Version: '20.10', ApiVersion: '1.41', Components: [{ Name: 'Engine' }] },
      { Name: 'h', CgroupDriver: 'systemd', CgroupVersion: '2', SystemTime: '2024-01-01T00:00:00Z' },
    ].map((answer) => bytesOf(JSON.stringify(answer))),
  run(input) {
    readLines(input);
    const answer = jsonOf(input);
    if (answer === undefined) return;
    parseVersion(answer);
    parseInfo(answer);
    for (const listed of parseList(answer) ?? []) must(listed.id !== '', 'a container without an id');
    const inspected = parseInspect(answer);
    if (inspected !== undefined) must(inspected.id !== '' && Number.isFinite(inspected.startedMs), 'no id or no time');
    parseEvent(answer);
    if (isReading(answer)) measure(answer);
  },
};

function measure(answer: unknown): void {
  const set = (_column: number, value: number | undefined): void =>
    must(value === undefined || typeof value === 'number', `a number that is ${typeof value}`);
  const limits = parseInspect(INSPECTED)?.limits;
  if (limits === undefined) throw new Error('no limits');
  fillCpu(set, answer, { limits, shares: 0, podman: false });
  fillMemory(set, answer, limits);
  fillPids(set, answer);
  const device = (): string => 'sda';
  for (const { fill } of [...networkRows(answer, { podman: false }), ...diskRows(answer, device)]) fill(set);
}

function readLines(input: Uint8Array): void {
  const reader = lineReader(1000);
  const bytes = Buffer.from(input);
  const half = Math.floor(bytes.length / 2);
  for (const piece of [bytes.subarray(0, half), bytes.subarray(half)])
    for (const line of reader.push(piece)) must(!line.includes('\n'), 'a line with a line end');
}

function jsonOf(input: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(input));
  } catch {
    // Refused by the client before any of this.
    return undefined;
  }
}
