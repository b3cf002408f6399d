/**
 * What block devices lie on, as /sys/dev/block tells: a volume of the device mapper on a RAID, the RAID on disks, a partition on its disk,
 * a loop on the file system of its file. Asked for the devices of each container, so it answers from memory.
 */
import { readlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../../src/run/clock.ts';
import { isNoData, namesIn, readOnce } from './files.ts';

export interface StackOptions {
  readonly sysRoot: string;
  /** For what the files of loop devices are on. */
  readonly procRoot: string;
  readonly clock: Clock;
  /** Volumes are made and grow onto other disks in time: everything is asked again when it is as old as this. */
  readonly maxAgeMs?: number;
}

export interface Stack {
  /** Every device below, however far: `9:0`, `254:0`. The same object while nothing has been asked again. */
  below(numbers: string): ReadonlySet<string>;
}

const MAX_AGE_MS = 60_000;
/** Nobody stacks higher, but what is read is not to lead round in a circle. */
const MAX_DEVICES = 256;
const NVME_DISK = /^nvme(\d+)n(\d+)$/;

export function createStack({ sysRoot, procRoot, clock, maxAgeMs = MAX_AGE_MS }: StackOptions): Stack {
  let known = new Map<string, ReadonlySet<string>>();
  let sinceMs = clock.monotonic();

  function collect(dir: string, found: Set<string>): void {
    for (const numbers of directlyBelow(dir, { sysRoot, procRoot })) {
      if (found.has(numbers) || found.size >= MAX_DEVICES) continue;
      found.add(numbers);
      collect(folderOf(sysRoot, numbers), found);
    }
  }

  return {
    below(numbers) {
      if (clock.monotonic() - sinceMs >= maxAgeMs) {
        known = new Map();
        sinceMs = clock.monotonic();
      }
      let found = known.get(numbers);
      if (found === undefined) {
        const all = new Set<string>();
        collect(folderOf(sysRoot, numbers), all);
        all.delete(numbers);
        found = all;
        known.set(numbers, found);
      }
      return found;
    },
  };
}

function folderOf(sysRoot: string, numbers: string): string {
  return join(sysRoot, 'dev/block', numbers);
}

function directlyBelow(dir: string, { sysRoot, procRoot }: Pick<StackOptions, 'sysRoot' | 'procRoot'>): string[] {
  const slaves = namesIn(join(dir, 'slaves')).map((name) => numbersIn(join(dir, 'slaves', name)));
  // A partition's folder lies in its disk's; `..` of the link would be the folder with all links.
  const disk = isThere(join(dir, 'partition')) ? numbersIn(diskOf(dir)) : '';
  const file = readOnce(join(dir, 'loop/backing_file'))?.toString('utf8').trim() ?? '';
  return [...slaves, disk, file === '' ? '' : deviceOf(procRoot, file), ...pathsOf(dir, sysRoot)].filter(
    (numbers) => numbers !== '',
  );
}

function diskOf(dir: string): string {
  const target = targetOf(dir);
  return target === '' ? '' : join(dirname(dir), dirname(target));
}

/** The paths of a multipath NVMe disk: `nvme0n1` is reached through `nvme0c0n1`, `nvme0c1n1`. */
function pathsOf(dir: string, sysRoot: string): string[] {
  const match = NVME_DISK.exec(basename(targetOf(dir)));
  if (!match) return [];
  const path = new RegExp(`^nvme${match[1]}c\\d+n${match[2]}$`);
  return namesIn(join(sysRoot, 'block'))
    .filter((name) => path.test(name))
    .map((name) => numbersIn(join(sysRoot, 'block', name)));
}

/** The file `dev` of a device's folder, `254:0`; '' where there is none. */
function numbersIn(dir: string): string {
  return dir === '' ? '' : (readOnce(join(dir, 'dev'))?.toString('latin1').trim() ?? '');
}

function isThere(path: string): boolean {
  return readOnce(path) !== undefined;
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch (error) {
    if (isNoData(error)) return '';
    throw error;
  }
}

/**
 * The device of the file system that a file is on, by the machine's mounts: asking for the file itself could hang. Some file systems
 * (btrfs) have numbers of their own, which no device has.
 */
function deviceOf(procRoot: string, file: string): string {
  const text = readOnce(join(procRoot, '1/mountinfo'))?.toString('utf8') ?? '';
  let found = { numbers: '', length: -1 };
  for (const line of text.split('\n')) {
    const [, , numbers, , written] = line.split(' ');
    if (numbers === undefined || written === undefined) continue;
    // A blank is `\040` there.
    const point = written.replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    const isAbove = point === '/' || file.startsWith(`${point}/`);
    // Of two at one place the later one lies on top.
    if (isAbove && point.length >= found.length) found = { numbers, length: point.length };
  }
  return found.numbers;
}
