/** Physical cores and sockets, from sysfs, else from /proc/cpuinfo. Read seldom: it changes when a CPU is plugged in. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isNoData, readOnce } from '../files.ts';
import { Lines } from './lines.ts';

/** NaN where the machine does not say. */
export interface Topology {
  readonly physicalCores: number;
  readonly sockets: number;
}

export function readTopology(procRoot: string, sysRoot: string): Topology {
  const fromSysfs = countPlaces(sysfsPlaces(join(sysRoot, 'devices/system/cpu')));
  if (!Number.isNaN(fromSysfs.sockets)) return fromSysfs;
  const cpuinfo = readOnce(join(procRoot, 'cpuinfo'));
  return countPlaces(cpuinfo ? cpuinfoPlaces(cpuinfo) : []);
}

/** Where a logical CPU sits. Cores of different sockets have the same numbers. */
interface Place {
  readonly socket: string;
  readonly core: string;
}

function countPlaces(places: readonly Place[]): Topology {
  if (places.length === 0) return { physicalCores: Number.NaN, sockets: Number.NaN };
  return {
    physicalCores: new Set(places.map(({ socket, core }) => `${socket} ${core}`)).size,
    sockets: new Set(places.map(({ socket }) => socket)).size,
  };
}

function sysfsPlaces(dir: string): Place[] {
  const text = (cpu: string, file: string): string =>
    readOnce(join(dir, cpu, 'topology', file))
      ?.toString('latin1')
      .trim() ?? '';
  return namesIn(dir)
    .filter((name) => /^cpu\d+$/.test(name))
    .map((cpu) => ({
      socket: text(cpu, 'physical_package_id'),
      // core_id repeats from die to die; the list of siblings does not.
      core: text(cpu, 'core_cpus_list') || text(cpu, 'thread_siblings_list') || text(cpu, 'core_id'),
    }))
    .filter(({ socket, core }) => socket !== '' && core !== '');
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (isNoData(error)) return [];
    throw error;
  }
}

/** From the blocks of /proc/cpuinfo that have both "physical id" and "core id"; other architectures have neither. */
export function cpuinfoPlaces(bytes: Buffer): Place[] {
  const lines = new Lines(bytes);
  const places: Place[] = [];
  let socket = '';
  while (lines.next()) {
    const [key = '', value = ''] = lines
      .rest()
      .split(':', 2)
      .map((part) => part.trim());
    if (key === 'processor') socket = '';
    else if (key === 'physical id') socket = value;
    else if (key === 'core id' && socket !== '') places.push({ socket, core: value });
  }
  return places;
}
