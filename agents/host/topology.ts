/** Physical cores and sockets (and what mainframes have above them), from sysfs, else from /proc/cpuinfo. Read seldom: it changes when a CPU is plugged in. */
import { join } from 'node:path';
import { readOnce } from '../kernel/files.ts';
import { Lines } from '../kernel/lines.ts';
import { numbered, textIn } from './sysfs.ts';

/** NaN where the machine does not say. */
export interface Topology {
  readonly physicalCores: number;
  readonly sockets: number;
  readonly books: number;
  readonly drawers: number;
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
  /** '' on anything but a mainframe. */
  readonly book: string;
  readonly drawer: string;
}

function countPlaces(places: readonly Place[]): Topology {
  const count = (key: (place: Place) => string): number =>
    new Set(places.map(key).filter((text) => text !== '')).size || Number.NaN;
  return {
    physicalCores: count(({ socket, core }) => `${socket} ${core}`),
    sockets: count(({ socket }) => socket),
    books: count(({ book }) => book),
    drawers: count(({ drawer }) => drawer),
  };
}

function sysfsPlaces(dir: string): Place[] {
  const text = (cpu: string, file: string): string => textIn(cpu, 'topology', file);
  return numbered(dir, 'cpu')
    .map(({ path }) => ({
      socket: text(path, 'physical_package_id'),
      // core_id repeats from die to die; the list of siblings does not.
      core: text(path, 'core_cpus_list') || text(path, 'thread_siblings_list') || text(path, 'core_id'),
      book: text(path, 'book_id'),
      drawer: text(path, 'drawer_id'),
    }))
    .filter(({ socket, core }) => socket !== '' && core !== '');
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
    else if (key === 'core id' && socket !== '') places.push({ socket, core: value, book: '', drawer: '' });
  }
  return places;
}
