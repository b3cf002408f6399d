/**
 * How a family is read from a cgroup: which files, and which of their numbers fill which columns. A family with one row is a
 * list of files; v1.ts and v2.ts hold those lists. Families with a row per device, page size or node have their own readers.
 */
import type { Family } from '../../src/model/family.ts';
import type { KernelFile } from '../kernel/files.ts';
import type { Requests } from '../container.ts';
import { FlatKeys, type KeyColumn } from './keys.ts';
import { type Stall, listSize, singleValue, stalledMicros, valueInLine } from './parse.ts';
import { type Place, UNIFIED } from './place.ts';
import type { RowSet } from './rows.ts';

/** What readers need to know besides files. */
export interface Surroundings {
  /** A block device's name, `sda`; undefined while it is not known. */
  deviceName(major: number, minor: number): string | undefined;
  /** The devices that one lies on, however far below, as `8:0`. Default: nothing is known. */
  below?(major: number, minor: number): ReadonlySet<string>;
  /** Bytes of a page of memory. */
  readonly pageBytes: number;
}

/** What is known of a cgroup from elsewhere. */
export interface Facts {
  /** `HostConfig.CpuShares`, 0 when not set or not known. */
  readonly cpuShares: number;
  /** What a pod's container asks for. */
  readonly requests?: Requests | undefined;
}

/** One family of one cgroup, files and all. */
export interface FamilyReader {
  /** Reads now, into the rows of a reading that has begun. Throws what is unexpected. */
  read(rows: RowSet, facts: Facts): void;
}

export interface FamilySpec {
  readonly family: Family;
  /** The v1 controllers that it needs one of; the unified hierarchy if it names none. */
  readonly controllers: readonly string[];
  open(place: Place, around: Surroundings): FamilyReader;
}

/** One file, and what becomes of its bytes. */
export interface FileSpec {
  readonly controller: string;
  readonly name: string;
  /** Which columns it fills. */
  readonly columns: readonly number[];
  readonly parse: (bytes: Buffer, cells: Float64Array) => void;
  /**
   * `setting`: it changes only when somebody sets it, and is read only when settings are due. `fallback`: it is read only where the
   * files before it have filled none of its columns.
   */
  readonly when?: 'setting' | 'fallback';
}

/** What is worked out from several files once they are read: differences, and what holds only under a condition. */
export type Finish = (cells: Float64Array, facts: Facts) => void;

/** A family with one row. */
export function plain(family: Family, files: readonly FileSpec[], finish?: Finish): FamilySpec {
  return {
    family,
    controllers: [...new Set(files.map((file) => file.controller))].filter((name) => name !== UNIFIED),
    open: (place) => {
      const opened = files.map(
        (spec): Opened => ({
          spec,
          file: place.file(spec.controller, spec.name),
          setting: undefined,
        }),
      );
      return {
        read: (rows, facts) => {
          const cells = rows.plainCells();
          for (const one of opened) readFile(place, one, cells);
          finish?.(cells, facts);
        },
      };
    },
  };
}

interface Opened {
  readonly spec: FileSpec;
  readonly file: KernelFile | undefined;
  /** What a setting was when it was last read, by its place in the spec's columns. */
  setting: Float64Array | undefined;
}

function readFile(place: Place, one: Opened, cells: Float64Array): void {
  const { columns, parse, when } = one.spec;
  if (when === 'fallback' && !columns.every((column) => Number.isNaN(cells[column]))) return;
  if (when === 'setting' && !place.settingsDue) {
    one.setting?.forEach((value, i) => {
      cells[columns[i] as number] = value;
    });
    return;
  }
  const bytes = place.read(one.file);
  if (bytes !== undefined) parse(bytes, cells);
  if (when !== 'setting') return;
  one.setting = bytes && Float64Array.from(columns, (column) => cells[column] as number);
}

/** The same file, read only where the files before it have filled none of its columns. */
export function fallback(spec: FileSpec): FileSpec {
  return { ...spec, when: 'fallback' };
}

/** The same file, read only now and then; see {@link FileSpec}. */
export function setting(spec: FileSpec): FileSpec {
  return { ...spec, when: 'setting' };
}

/** Makes the specs of one controller's files. */
export function filesOf(controller: string) {
  const spec = (name: string, columns: readonly number[], parse: FileSpec['parse']): FileSpec => ({
    controller,
    name,
    columns,
    parse,
  });
  return {
    /** A single number, `max` meaning absent, divided by `per`. */
    value: (name: string, column: number, per = 1) =>
      spec(name, [column], (bytes, cells) => {
        cells[column] = singleValue(bytes) / per;
      }),
    /** The numbers of one line, in order. */
    line: (name: string, columns: readonly number[]) =>
      spec(name, columns, (bytes, cells) => {
        columns.forEach((column, n) => {
          cells[column] = valueInLine(bytes, n);
        });
      }),
    /** Keys with numbers, a pair a line. */
    keys: (name: string, columns: readonly KeyColumn[]) => {
      const keys = new FlatKeys(columns);
      const filled = columns.map(([, column]) => column);
      return spec(name, filled, (bytes, cells) => keys.read(bytes, cells));
    },
    /** A pressure file's stalled time, in seconds. */
    pressure: (name: string, columns: Readonly<Record<Stall, number>>) =>
      spec(name, [columns.some, columns.full], (bytes, cells) => {
        cells[columns.some] = stalledMicros(bytes, 'some') / 1e6;
        cells[columns.full] = stalledMicros(bytes, 'full') / 1e6;
      }),
    /** How many members a list has. */
    list: (name: string, column: number) =>
      spec(name, [column], (bytes, cells) => {
        cells[column] = listSize(bytes);
      }),
  };
}
