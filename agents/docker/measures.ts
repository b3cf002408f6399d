/**
 * The numbers in one answer of `GET /containers/<id>/stats`, put into the columns that the cgroup files would have filled.
 * What the answer does not tell for sure stays absent. Field names as in the Docker Engine API v1.41; Podman's are the same.
 */
import { cpu } from '../../src/catalog/cpu.ts';
import { diskio } from '../../src/catalog/diskio.ts';
import { memory } from '../../src/catalog/memory.ts';
import { network } from '../../src/catalog/network.ts';
import { pids } from '../../src/catalog/pids.ts';
import { field, listField, numberField, textField, timeField } from '../../src/http/field.ts';
import type { Limits } from './engine/api.ts';

/** Sets a column of the row begun last; undefined leaves it absent. */
export type SetCell = (column: number, value: number | undefined) => void;

/** One row of a family with dimensions. */
export interface DimRow {
  readonly dim: string;
  fill(set: SetCell): void;
}

/** Limits beyond this are how an engine or a kernel says "none". */
const NO_LIMIT = 2 ** 53;
/** Interfaces or devices of one container; more are not a container's. */
const MAX_ROWS = 256;

/** Whether it is a reading at all: of a container that has stopped, engines answer zeros read in the year 1. */
export function isReading(answer: unknown): boolean {
  return timeField(answer, 'read') > 0;
}

/** What the engine's own record adds to the answer. */
export interface Told {
  readonly limits: Limits;
  readonly shares: number;
  /** Podman leaves throttling at zero, whatever the kernel says. */
  readonly podman: boolean;
}

export function fillCpu(set: SetCell, answer: unknown, told: Told): void {
  const { at } = cpu;
  const stats = field(answer, 'cpu_stats');
  const usage = field(stats, 'cpu_usage');
  set(at.usage, per(numberField(usage, 'total_usage'), 1e9));
  set(at.user, per(numberField(usage, 'usage_in_usermode'), 1e9));
  set(at.system, per(numberField(usage, 'usage_in_kernelmode'), 1e9));
  if (told.shares > 0) set(at.shares, told.shares);
  const { cpuQuota, cpuPeriod } = told.limits;
  set(at.period, cpuPeriod > 0 ? cpuPeriod : undefined);
  // Without a quota nothing is ever enforced; the zeros mean nothing.
  if (cpuQuota === 0) return;
  set(at.quota, cpuQuota);
  set(at.limit, cpuQuota / cpuPeriod);
  if (told.podman) return;
  const throttling = field(stats, 'throttling_data');
  set(at.periods, numberField(throttling, 'periods'));
  set(at.throttledPeriods, numberField(throttling, 'throttled_periods'));
  set(at.throttled, per(numberField(throttling, 'throttled_time'), 1e9));
}

export function fillMemory(set: SetCell, answer: unknown, limits: Limits): void {
  const { at } = memory;
  const stats = field(answer, 'memory_stats');
  const detail = field(stats, 'stats');
  const usage = numberField(stats, 'usage');
  set(at.usage, usage);
  set(at.maxUsage, numberField(stats, 'max_usage'));
  // Only the engine's own record tells a limit from the size of the machine, which the answer gives when there is none.
  set(at.limit, limits.memory > 0 ? limits.memory : undefined);
  const swap = limits.memoryAndSwap - limits.memory;
  set(at.swapLimit, limits.memory > 0 && limits.memoryAndSwap > 0 && swap >= 0 ? swap : undefined);
  set(at.reservation, limits.memoryReservation > 0 ? limits.memoryReservation : undefined);
  const v1 = numberField(detail, 'total_rss') !== undefined;
  for (const [column, onV1, onV2] of MEMORY_KEYS) set(column, numberField(detail, v1 ? onV1 : onV2));
  const inactive = numberField(detail, v1 ? 'total_inactive_file' : 'inactive_file');
  if (usage !== undefined && inactive !== undefined) set(at.workingSet, Math.max(0, usage - inactive));
  // v1: memory.failcnt. v2: the `oom` of memory.events. Left out while 0; without the kernel's details nobody has counted.
  const failures = numberField(stats, 'failcnt') ?? 0;
  if (v1) set(at.failcnt, failures);
  if (v1) set(at.eventsMax, failures);
  else if (numberField(detail, 'anon') !== undefined) set(at.eventsOom, failures);
}

/** Column, key on v1, key on v2; an empty key is nowhere. */
const MEMORY_KEYS: readonly (readonly [number, string, string])[] = [
  [memory.at.rss, 'total_rss', 'anon'],
  [memory.at.cache, 'total_cache', 'file'],
  [memory.at.mapped, 'total_mapped_file', 'file_mapped'],
  [memory.at.swap, 'total_swap', ''],
  [memory.at.activeFile, 'total_active_file', 'active_file'],
  [memory.at.inactiveFile, 'total_inactive_file', 'inactive_file'],
  [memory.at.dirty, 'total_dirty', 'file_dirty'],
  [memory.at.writeback, 'total_writeback', 'file_writeback'],
  [memory.at.pageFaults, 'pgfault', ''],
  [memory.at.majorFaults, 'pgmajfault', ''],
  [memory.at.hierarchyPageFaults, 'total_pgfault', 'pgfault'],
  [memory.at.hierarchyMajorFaults, 'total_pgmajfault', 'pgmajfault'],
  [memory.at.pgscan, '', 'pgscan'],
  [memory.at.pgsteal, '', 'pgsteal'],
];

export function fillPids(set: SetCell, answer: unknown): void {
  const stats = field(answer, 'pids_stats');
  const limit = numberField(stats, 'limit') ?? 0;
  set(pids.at.threads, numberField(stats, 'current'));
  set(pids.at.limit, limit > 0 && limit < NO_LIMIT ? limit : undefined);
}

/**
 * A row per interface; loopback is left out. Podman 4 tells of one interface that it calls `network`, with received and sent in each
 * other's place and zeros for the rest: nothing of that is shown.
 */
export function networkRows(answer: unknown, { podman }: Pick<Told, 'podman'>): DimRow[] {
  const networks = field(answer, 'networks');
  if (typeof networks !== 'object' || networks === null || Array.isArray(networks)) return [];
  const found = Object.entries(networks).filter(([name]) => name !== 'lo' && !(podman && name === 'network'));
  return found.slice(0, MAX_ROWS).map(([dim, counters]) => ({
    dim,
    fill(set) {
      for (const [column, key] of NETWORK_KEYS) set(column, numberField(counters, key));
    },
  }));
}

const NETWORK_KEYS: readonly (readonly [number, string])[] = [
  [network.at.receiveBytes, 'rx_bytes'],
  [network.at.receivePackets, 'rx_packets'],
  [network.at.receiveErrors, 'rx_errors'],
  [network.at.receiveDropped, 'rx_dropped'],
  [network.at.transmitBytes, 'tx_bytes'],
  [network.at.transmitPackets, 'tx_packets'],
  [network.at.transmitErrors, 'tx_errors'],
  [network.at.transmitDropped, 'tx_dropped'],
];

/** A row per device, named by its numbers unless `nameOf` knows better: the answer has no names. */
export function diskRows(answer: unknown, nameOf: (major: number, minor: number) => string | undefined): DimRow[] {
  const stats = field(answer, 'blkio_stats');
  const rows = new Map<string, [column: number, value: number][]>();
  for (const [list, columns] of DISK_LISTS) {
    for (const entry of listField(stats, list)) {
      const [major, minor, value] = [
        numberField(entry, 'major'),
        numberField(entry, 'minor'),
        numberField(entry, 'value'),
      ];
      const column = columns.get(textField(entry, 'op')?.toLowerCase() ?? '');
      if (major === undefined || minor === undefined || value === undefined || column === undefined) continue;
      const name = nameOf(major, minor) ?? `${major}:${minor}`;
      const row = rows.get(name) ?? [];
      if (row.length === 0 && rows.size < MAX_ROWS) rows.set(name, row);
      row.push([column, value]);
    }
  }
  return [...rows].map(([dim, cells]) => ({
    dim,
    fill(set) {
      for (const [column, value] of cells) set(column, value);
    },
  }));
}

const DISK_LISTS: readonly (readonly [string, ReadonlyMap<string, number>])[] = [
  [
    'io_service_bytes_recursive',
    new Map([
      ['read', diskio.at.readBytes],
      ['write', diskio.at.writeBytes],
      ['discard', diskio.at.discardBytes],
    ]),
  ],
  [
    'io_serviced_recursive',
    new Map([
      ['read', diskio.at.reads],
      ['write', diskio.at.writes],
      ['discard', diskio.at.discards],
    ]),
  ],
];

function per(value: number | undefined, unit: number): number | undefined {
  return value === undefined ? undefined : value / unit;
}
