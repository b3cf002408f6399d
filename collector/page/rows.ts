/**
 * Two readings become what the page shows: gauges as read, of counters what they grew by a second; null where that is not known. What is sent
 * are lists, in the order of `FIELDS`.
 */
import type { Thing } from './reading.ts';
import { at, HEALTH, STATES, type Wanted } from './values.ts';

/** Base units, rates a second, times in Unix seconds. */
export const FIELDS = [
  'state',
  'health',
  'cpu',
  'cpuLimit',
  'throttled',
  'memory',
  'memoryLimit',
  'cache',
  'swap',
  'rx',
  'tx',
  'read',
  'write',
  'waitCpu',
  'waitMemory',
  'waitIo',
  'stallMemory',
  'stallIo',
  'threads',
  'threadsMax',
  'restarts',
  'oom',
  'exit',
  'oomKilled',
  'start',
  'finished',
  'created',
  'disk',
  'load',
  'available',
  'boot',
] as const;

export type Field = (typeof FIELDS)[number];
export type Cell = number | string | null;

/** The cells of a thing. `held`: its cells in the reading before, whose rates go on where it was not read anew. */
export function cellsOf(now: Thing, before: Thing | undefined, held: readonly Cell[] | undefined): Cell[] {
  const rate = (metric: Wanted, field: Field): number | null => rateOf(now, before, metric) ?? heldRate(held, field);
  const gauge = (metric: Wanted): number | null => number(now.values[at(metric)]);
  const host = now.kind === 'host';
  const cells: Record<Field, Cell> = {
    state: word(STATES, now.values[at('container_state')]),
    health: word(HEALTH, now.values[at('container_health_status')]),
    cpu: rate('container_cpu_usage_seconds_total', 'cpu'),
    cpuLimit: gauge(host ? 'machine_cpu_cores' : 'container_spec_cpu_limit_cores'),
    throttled: throttledOf(now, before) ?? heldRate(held, 'throttled'),
    memory: gauge('container_memory_working_set_bytes'),
    memoryLimit: gauge(host ? 'machine_memory_bytes' : 'container_spec_memory_limit_bytes'),
    cache: gauge('container_memory_cache'),
    swap: gauge('container_memory_swap'),
    rx: rate('container_network_receive_bytes_total', 'rx'),
    tx: rate('container_network_transmit_bytes_total', 'tx'),
    read: rate('container_fs_reads_bytes_total', 'read'),
    write: rate('container_fs_writes_bytes_total', 'write'),
    waitCpu: share(rate('container_pressure_cpu_waiting_seconds_total', 'waitCpu')),
    waitMemory: share(rate('container_pressure_memory_waiting_seconds_total', 'waitMemory')),
    waitIo: share(rate('container_pressure_io_waiting_seconds_total', 'waitIo')),
    stallMemory: share(rate('container_pressure_memory_stalled_seconds_total', 'stallMemory')),
    stallIo: share(rate('container_pressure_io_stalled_seconds_total', 'stallIo')),
    threads: gauge('container_threads'),
    threadsMax: gauge('container_threads_max'),
    restarts: gauge('container_restarts_total'),
    oom: gauge('container_oom_events_total'),
    exit: gauge('container_exit_code'),
    oomKilled: gauge('container_oom_killed'),
    start: gauge('container_start_time_seconds'),
    finished: gauge('container_finished_time_seconds'),
    created: gauge('container_creation_time_seconds'),
    disk: gauge('container_fs_usage_bytes'),
    load: gauge('machine_load1'),
    available: gauge('machine_memory_available_bytes'),
    boot: gauge('machine_boot_time_seconds'),
  };
  return FIELDS.map((field) => cells[field]);
}

export function cellAt(cells: readonly Cell[] | undefined, field: Field): Cell {
  return cells?.[FIELDS.indexOf(field)] ?? null;
}

/** Undefined: it was not read anew since. Null: it began anew, or was not there before. */
function rateOf(now: Thing, before: Thing | undefined, metric: Wanted): number | null | undefined {
  const i = at(metric);
  const [value, last] = [now.values[i] as number, before?.values[i] ?? Number.NaN];
  if (Number.isNaN(value) || Number.isNaN(last)) return null;
  const seconds = ((now.timesMs[i] as number) - (before?.timesMs[i] ?? 0)) / 1000;
  if (seconds <= 0) return undefined;
  return value < last ? null : rounded((value - last) / seconds);
}

/** Of the periods with a CPU quota, those in which it stopped the container. */
function throttledOf(now: Thing, before: Thing | undefined): number | null | undefined {
  const periods = rateOf(now, before, 'container_cpu_cfs_periods_total');
  const throttled = rateOf(now, before, 'container_cpu_cfs_throttled_periods_total');
  if (periods === undefined || throttled === undefined) return undefined;
  return periods === null || throttled === null || periods === 0 ? null : rounded(throttled / periods);
}

function heldRate(held: readonly Cell[] | undefined, field: Field): number | null {
  const cell = cellAt(held, field);
  return typeof cell === 'number' ? cell : null;
}

function number(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value;
}

function word(words: readonly string[], place: number | undefined): string | null {
  const found = place === undefined || Number.isNaN(place) ? undefined : words[place];
  return found === undefined || found === 'none' ? null : found;
}

/** A file is read a little before or after the time that is told: a share of a second is no more than all of it. */
function share(value: number | null): number | null {
  return value === null ? null : Math.min(1, value);
}

function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
