/**
 * Block input and output per device: `io.stat` on v2; on v1 the throttling layer's counters, else those of the bfq or cfq
 * scheduler. Only what the cgroup's own files say: a whole disk's counters never stand under a container's name.
 */
import { blkio } from '../../src/catalog/blkio.ts';
import { diskio } from '../../src/catalog/diskio.ts';
import { type Labels, labels } from '../../src/model/labels.ts';
import type { KernelFile } from '../kernel/files.ts';
import { type DeviceNumber, Words, deviceOf, majorOf, minorOf, readBlkio, readIoStat } from './devices.ts';
import { type Place, UNIFIED } from './place.ts';
import type { RowSet } from './rows.ts';
import type { FamilySpec, Surroundings } from './spec.ts';

const { at } = diskio;
const MICROS = 1e6;
const NANOS = 1e9;

/** A word of a file, its column, and what to divide by. */
type WordColumn = readonly [word: string, column: number, per: number];

const IO_STAT: readonly WordColumn[] = [
  ['rbytes', at.readBytes, 1],
  ['wbytes', at.writeBytes, 1],
  ['rios', at.reads, 1],
  ['wios', at.writes, 1],
  ['dbytes', at.discardBytes, 1],
  ['dios', at.discards, 1],
  ['cost.usage', at.costUsage, MICROS],
  ['cost.wait', at.costWait, MICROS],
  ['cost.indebt', at.costIndebt, MICROS],
  ['cost.indelay', at.costIndelay, MICROS],
];

/** A v1 counter: the part of the file's name that says what is counted, and the columns of its operations. */
interface Counter {
  readonly what: string;
  readonly columns: readonly WordColumn[];
}

/** Counted in one place of the kernel: where no bytes have been moved there was no request either, and it is not asked for. */
const SERVICE_BYTES = 'io_service_bytes';
const SERVICED = 'io_serviced';

const BLKIO: readonly Counter[] = [
  {
    what: SERVICE_BYTES,
    columns: [
      ['Read', at.readBytes, 1],
      ['Write', at.writeBytes, 1],
      ['Discard', at.discardBytes, 1],
    ],
  },
  {
    what: SERVICED,
    columns: [
      ['Read', at.reads, 1],
      ['Write', at.writes, 1],
      ['Discard', at.discards, 1],
    ],
  },
  {
    what: 'io_merged',
    columns: [
      ['Read', at.readsMerged, 1],
      ['Write', at.writesMerged, 1],
    ],
  },
  {
    what: 'io_service_time',
    columns: [
      ['Read', at.readTime, NANOS],
      ['Write', at.writeTime, NANOS],
    ],
  },
  { what: 'io_queued', columns: [['Total', at.queued, 1]] },
];

/** The device's name where it is known, else its numbers. */
function deviceLabel(around: Surroundings, device: DeviceNumber): string {
  const [major, minor] = [majorOf(device), minorOf(device)];
  return around.deviceName(major, minor) ?? `${major}:${minor}`;
}

function deviceDims(name: string): Labels {
  return labels([['device', name]]);
}

/** Fills the cells of a device's row with one number. */
function cellSetter(rows: RowSet, columns: readonly WordColumn[], around: Surroundings) {
  return (device: DeviceNumber, word: number, value: number): void => {
    const [, column, per] = columns[word] as WordColumn;
    rows.cells(device, deviceLabel(around, device), deviceDims)[column] = value / per;
  };
}

/** A layer counts nothing that the devices below do not: it is shown, and summed only where none of those has a row. */
function sortOut(rows: RowSet, { below }: Surroundings): void {
  if (below === undefined) return;
  rows.sortOut((device, all) => {
    for (const numbers of below(majorOf(device), minorOf(device))) if (all.has(deviceOf(numbers))) return true;
    return false;
  });
}

function wordsOf(columns: readonly WordColumn[]): Words {
  return new Words(columns.map(([word]) => word));
}

export const V2_DISKIO: FamilySpec = {
  family: diskio,
  controllers: [],
  open(place, around) {
    const file = place.file(UNIFIED, 'io.stat');
    const words = wordsOf(IO_STAT);
    return {
      read(rows) {
        const bytes = place.read(file);
        if (bytes !== undefined) readIoStat(bytes, words, cellSetter(rows, IO_STAT, around));
        sortOut(rows, around);
      },
    };
  },
};

export const V1_DISKIO: FamilySpec = {
  family: diskio,
  controllers: ['blkio'],
  open(place, around) {
    const counters = BLKIO.map(({ what, columns }) => ({
      what,
      files: new BlkioFiles(place, what),
      words: wordsOf(columns),
      columns,
    }));
    return {
      read(rows) {
        let isThere = true;
        for (const { what, files, words, columns } of counters) {
          if (!isThere && what === SERVICED) continue;
          const bytes = files.read();
          if (what === SERVICE_BYTES) isThere = bytes !== undefined;
          if (bytes !== undefined) readBlkio(bytes, words, cellSetter(rows, columns, around));
        }
        sortOut(rows, around);
      },
    };
  },
};

/** A file with the cgroups below, where the kernel offers that, and the cgroup's own. */
type Choice = readonly [recursive: KernelFile | undefined, own: KernelFile | undefined];

/**
 * The files that may hold one v1 counter. The throttling layer's counts every scheduler's requests, but kernels from 6.10 fill it only
 * once a limit was set, so when it shows no device the bfq and cfq schedulers' own files are asked. The first that shows one is
 * kept to: the throttling layer's begins at zero when a limit is set later, and a counter must not fall.
 */
export class BlkioFiles {
  readonly #place: Place;
  #choices: readonly Choice[];

  constructor(place: Place, what: string) {
    this.#place = place;
    this.#choices = blkioNames(what).map(
      ([recursive, own]): Choice => [place.file('blkio', recursive), place.file('blkio', own)],
    );
  }

  /** The first file that has a line with a device, or had one when it was first asked. */
  read(): Buffer | undefined {
    for (const choice of this.#choices) {
      const bytes = this.#place.read(choice[0]) ?? this.#place.read(choice[1]);
      if (bytes === undefined || !hasDevice(bytes)) continue;
      this.#choices = [choice];
      return bytes;
    }
    return undefined;
  }
}

const namesByCounter = new Map<string, readonly (readonly [recursive: string, own: string])[]>();

/** The names of the files that may hold a counter; made once, not for each cgroup. */
function blkioNames(what: string): readonly (readonly [recursive: string, own: string])[] {
  const names =
    namesByCounter.get(what) ??
    ['blkio.throttle.', 'blkio.bfq.', 'blkio.'].map(
      (prefix) => [`${prefix}${what}_recursive`, `${prefix}${what}`] as const,
    );
  namesByCounter.set(what, names);
  return names;
}

/** A file without devices is only `Total 0`. */
function hasDevice(bytes: Uint8Array): boolean {
  return bytes.length > 0 && (bytes[0] as number) >= 48 && (bytes[0] as number) <= 57;
}

const OPERATIONS = ['Read', 'Write', 'Discard', 'Sync', 'Async', 'Total'];

/** v2's words for the first three of them. */
const V2_OPERATIONS = new Words(['rbytes', 'wbytes', 'dbytes']);
const V1_OPERATIONS = new Words(OPERATIONS);

function operationDims(tag: string): Labels {
  const [device, major, minor, operation] = tag.split('\n') as [string, string, string, string];
  return labels([
    ['device', device],
    ['major', major],
    ['minor', minor],
    ['operation', operation],
  ]);
}

function operationSetter(rows: RowSet, around: Surroundings) {
  return (device: DeviceNumber, operation: number, value: number): void => {
    const numbers = `${majorOf(device)}\n${minorOf(device)}`;
    const tag = `${deviceLabel(around, device)}\n${numbers}\n${OPERATIONS[operation]}`;
    rows.cells(device * OPERATIONS.length + operation, tag, operationDims)[blkio.at.usage] = value;
  };
}

export const V2_BLKIO: FamilySpec = {
  family: blkio,
  controllers: [],
  open(place, around) {
    const file = place.file(UNIFIED, 'io.stat');
    return {
      read(rows) {
        const bytes = place.read(file);
        if (bytes !== undefined) readIoStat(bytes, V2_OPERATIONS, operationSetter(rows, around));
      },
    };
  },
};

export const V1_BLKIO: FamilySpec = {
  family: blkio,
  controllers: ['blkio'],
  open(place, around) {
    const files = new BlkioFiles(place, 'io_service_bytes');
    return {
      read(rows) {
        const bytes = files.read();
        if (bytes !== undefined) readBlkio(bytes, V1_OPERATIONS, operationSetter(rows, around));
      },
    };
  },
};
