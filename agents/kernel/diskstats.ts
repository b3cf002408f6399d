/** The text of /proc/diskstats, and which of its devices are whole disks. */
import { Lines } from './lines.ts';

/** Sectors in this file have 512 bytes whatever the disk's own are. */
export const SECTOR_BYTES = 512;

/** One device's line; times in seconds. The kernel's fields from 4 on. */
export interface DiskLine {
  readonly major: number;
  readonly minor: number;
  /** `sda`, `nvme0n1`, `dm-0`: without `/dev/`. */
  readonly name: string;
  readonly reads: number;
  readonly readsMerged: number;
  readonly sectorsRead: number;
  readonly readSeconds: number;
  readonly writes: number;
  readonly writesMerged: number;
  readonly sectorsWritten: number;
  readonly writeSeconds: number;
  readonly current: number;
  readonly ioSeconds: number;
  readonly ioWeightedSeconds: number;
  /** NaN before Linux 4.18. */
  readonly discards: number;
  readonly sectorsDiscarded: number;
}

/** One entry per line that can be understood. */
export function parseDiskstats(bytes: Buffer): DiskLine[] {
  const lines = new Lines(bytes);
  const found: DiskLine[] = [];
  while (lines.next()) {
    const line = diskLine(lines);
    if (line.name !== '' && !Number.isNaN(line.major + line.minor + line.ioWeightedSeconds)) found.push(line);
  }
  return found;
}

function diskLine(lines: Lines): DiskLine {
  const seconds = (): number => lines.number() / 1000;
  // In the order of the columns: each call takes the next word.
  return {
    major: lines.number(),
    minor: lines.number(),
    name: lines.word(),
    reads: lines.number(),
    readsMerged: lines.number(),
    sectorsRead: lines.number(),
    readSeconds: seconds(),
    writes: lines.number(),
    writesMerged: lines.number(),
    sectorsWritten: lines.number(),
    writeSeconds: seconds(),
    current: lines.number(),
    ioSeconds: seconds(),
    ioWeightedSeconds: seconds(),
    discards: lines.number(),
    sectorsDiscarded: lines.skip(1).number(),
  };
}

/** Memory, files and removable media in the guise of disks, and the single paths of a multipath NVMe disk. */
const NO_DISK = /^(?:z?ram\d+|loop\d+|fd\d+|sr\d+|nvme\d+c\d+n\d+)$/;

/**
 * The whole disks: no partitions, which their disk counts already. A name is a partition's when its disk is there too
 * (`sda1` of `sda`, `nvme0n1p2` of `nvme0n1`); a lone `xvda1`, as some clouds have it, is a disk. md and dm are disks of
 * their own, and lie on others (agents/kernel/stack.ts): a sum over all devices would count those twice.
 */
export function wholeDisks(all: readonly DiskLine[]): DiskLine[] {
  const names = new Set(all.map((one) => one.name));
  return all.filter(({ name }) => !NO_DISK.test(name) && !names.has(diskOf(name)));
}

/** The disk whose partition a device of this name would be, or ''. */
function diskOf(name: string): string {
  const match = /^(?:(.*\d)p|(.*[^\d]))\d+$/.exec(name);
  return match?.[1] ?? match?.[2] ?? '';
}
