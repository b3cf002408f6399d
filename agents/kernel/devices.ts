/**
 * Names of block devices by their numbers, as cgroup files have only numbers: from /proc/diskstats, else from
 * /sys/dev/block. Asked for each device of each container at each tick, so it answers from memory. It is asked in the middle of
 * parsing a cgroup's file, whose bytes lie in the buffer that all readings share, so it reads into memory of its own.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Clock } from '../../src/run/clock.ts';
import { isNoData } from './files.ts';
import { Lines } from './lines.ts';

export interface DevicesOptions {
  readonly procRoot: string;
  readonly sysRoot: string;
  readonly clock: Clock;
  /** An unknown device makes us read again, but not sooner than this after the last time. */
  readonly retryMs?: number;
  /** Numbers are given to other devices in time: everything is read again when it is as old as this. */
  readonly maxAgeMs?: number;
}

export interface Devices {
  /** `/dev/sda`; `8:0` when nobody knows the name, so that two unknown devices stay two. Never empty. */
  nameOf(major: number, minor: number): string;
}

const RETRY_MS = 5_000;
const MAX_AGE_MS = 60_000;
/** A machine with more devices than this gets numbers for the rest. */
const MAX_DEVICES = 8192;
/** Minor numbers have 20 bits. */
const MINORS = 2 ** 20;

export function createDevices(options: DevicesOptions): Devices {
  const { procRoot, sysRoot, clock, retryMs = RETRY_MS, maxAgeMs = MAX_AGE_MS } = options;
  let names = new Map<number, string>();
  let readAtMs = Number.NEGATIVE_INFINITY;

  function refresh(nowMs: number): void {
    readAtMs = nowMs;
    names = new Map();
    const bytes = diskstatsIn(procRoot);
    const lines = bytes && new Lines(bytes);
    while (lines?.next() && names.size < MAX_DEVICES) {
      const key = lines.number() * MINORS + lines.number();
      const name = lines.word();
      if (!Number.isNaN(key) && name !== '') names.set(key, `/dev/${name}`);
    }
  }

  return {
    nameOf(major, minor) {
      const key = major * MINORS + minor;
      const nowMs = clock.monotonic();
      if (nowMs - readAtMs >= maxAgeMs || (!names.has(key) && nowMs - readAtMs >= retryMs)) refresh(nowMs);
      const known = names.get(key);
      if (known !== undefined) return known;
      const name = nameInSysfs(sysRoot, `${major}:${minor}`) ?? `${major}:${minor}`;
      // Kept even when unknown, so that sysfs is asked once; forgotten with the next refresh.
      if (names.size < MAX_DEVICES) names.set(key, name);
      return name;
    },
  };
}

/** Undefined where there is none: a kernel without block devices. */
function diskstatsIn(procRoot: string): Buffer | undefined {
  try {
    return readFileSync(join(procRoot, 'diskstats'));
  } catch (error) {
    if (isNoData(error)) return undefined;
    throw error;
  }
}

/** `254:0 -> ../../devices/pci0000:00/…/block/vda`. A `!` in a sysfs name stands for `/`. */
function nameInSysfs(sysRoot: string, numbers: string): string | undefined {
  try {
    return `/dev/${basename(readlinkSync(join(sysRoot, 'dev/block', numbers))).replaceAll('!', '/')}`;
  } catch (error) {
    if (isNoData(error)) return undefined;
    throw error;
  }
}
