/** The text of /proc/meminfo in bytes, and from it what the memory family says of a container, for the machine as a whole. */
import { Lines } from '../kernel/lines.ts';

const KIB = 1024;

/** By the kernel's name, in bytes (counts of pages, which have no unit, as they are). */
export type Meminfo = ReadonlyMap<string, number>;

export function parseMeminfo(bytes: Buffer): Meminfo {
  const lines = new Lines(bytes);
  const found = new Map<string, number>();
  while (lines.next()) {
    const key = lines.word();
    const value = lines.number();
    if (!key.endsWith(':') || Number.isNaN(value)) continue;
    found.set(key.slice(0, -1), lines.word() === 'kB' ? value * KIB : value);
  }
  return found;
}

/** In bytes; NaN where the kernel does not say. */
export interface HostMemory {
  /** Anonymous and file pages, as in a container; what the kernel keeps for itself and free memory are not in it. */
  readonly usage: number;
  /** Usage less inactive file pages, not below 0. */
  readonly workingSet: number;
  readonly rss: number;
  readonly cache: number;
  readonly mapped: number;
  readonly swap: number;
  readonly activeFile: number;
  readonly inactiveFile: number;
  readonly dirty: number;
  readonly writeback: number;
  readonly total: number;
  readonly available: number;
  readonly swapTotal: number;
}

export function hostMemory(info: Meminfo): HostMemory {
  const get = (key: string): number => info.get(key) ?? Number.NaN;
  // "Cached" leaves out block device buffers and the swap cache, which a cgroup's "file" counts.
  const cache = get('Cached') + get('Buffers') + (info.get('SwapCached') ?? 0);
  const usage = get('AnonPages') + cache;
  return {
    usage,
    workingSet: Math.max(0, usage - get('Inactive(file)')),
    rss: get('AnonPages'),
    cache,
    mapped: get('Mapped'),
    swap: get('SwapTotal') - get('SwapFree'),
    activeFile: get('Active(file)'),
    inactiveFile: get('Inactive(file)'),
    dirty: get('Dirty'),
    writeback: get('Writeback'),
    total: get('MemTotal'),
    available: get('MemAvailable'),
    swapTotal: get('SwapTotal'),
  };
}
