/** Huge pages, a row per page size: the sizes are the ones that the cgroup's folder has files for. */
import { hugetlb } from '../../src/catalog/hugetlb.ts';
import { labels } from '../../src/model/labels.ts';
import { type KernelFile, namesIn } from '../kernel/files.ts';
import { FlatKeys } from './keys.ts';
import { singleValue } from './parse.ts';
import { type Place, UNIFIED } from './place.ts';
import type { FamilyReader, FamilySpec } from './spec.ts';

const { at } = hugetlb;

/** v1's "no limit" is the largest page-aligned number. */
const UNLIMITED = 2 ** 62;

type Join = (a: number, b: number) => number;

/**
 * A column and the end of its file's name after `hugetlb.<size>.`. The kernel has each twice, with `rsvd.` before it for what is
 * reserved and without for what is in use (old kernels only the latter), and a limit on each. `join` makes one number of two.
 */
interface Pair {
  readonly column: number;
  readonly name: string;
  readonly join: Join;
  readonly setting?: boolean;
}

const sum: Join = (a, b) => a + b;

// What is reserved is mostly in use as well, and what is in use mostly reserved: the larger of both is the nearest to all of it.
const V2_PAIRS: readonly Pair[] = [
  { column: at.usage, name: 'current', join: Math.max },
  { column: at.limit, name: 'max', join: Math.min, setting: true },
];
const V1_PAIRS: readonly Pair[] = [
  { column: at.usage, name: 'usage_in_bytes', join: Math.max },
  { column: at.maxUsage, name: 'max_usage_in_bytes', join: Math.max },
  { column: at.limit, name: 'limit_in_bytes', join: Math.min, setting: true },
  { column: at.failcnt, name: 'failcnt', join: sum },
];

/** v2 counts the refusals by either limit together. */
const EVENTS = new FlatKeys([['max', at.failcnt]]);

export const V2_HUGETLB: FamilySpec = { family: hugetlb, controllers: [], open: (place) => open(place, UNIFIED) };

export const V1_HUGETLB: FamilySpec = {
  family: hugetlb,
  controllers: ['hugetlb'],
  open: (place) => open(place, 'hugetlb'),
};

interface PageSize {
  readonly size: string;
  readonly pairs: readonly Opened[];
  readonly events: KernelFile | undefined;
}

interface Opened {
  readonly pair: Pair;
  readonly reserved: KernelFile | undefined;
  readonly used: KernelFile | undefined;
  /** The last value, kept where it is a setting. */
  value: number;
}

function open(place: Place, controller: string): FamilyReader {
  let sizes: readonly PageSize[] = [];
  return {
    read(rows) {
      // On v2 the controller may be switched on later.
      if (sizes.length === 0 && place.settingsDue) sizes = openSizes(place, controller);
      for (const [i, { size, pairs, events }] of sizes.entries()) {
        const cells = rows.cells(i, size, (pagesize) => labels([['pagesize', pagesize]]));
        for (const one of pairs) cells[one.pair.column] = joined(place, one);
        const bytes = place.read(events);
        if (bytes !== undefined) EVENTS.read(bytes, cells);
      }
    },
  };
}

function openSizes(place: Place, controller: string): PageSize[] {
  const isUnified = controller === UNIFIED;
  return pageSizes(place.dir(controller)).map((size) => ({
    size,
    pairs: (isUnified ? V2_PAIRS : V1_PAIRS).map((pair) => ({
      pair,
      reserved: place.file(controller, `hugetlb.${size}.rsvd.${pair.name}`),
      used: place.file(controller, `hugetlb.${size}.${pair.name}`),
      value: Number.NaN,
    })),
    events: isUnified ? place.file(controller, `hugetlb.${size}.events`) : undefined,
  }));
}

function joined(place: Place, one: Opened): number {
  const { pair, reserved, used } = one;
  if (pair.setting && !place.settingsDue) return one.value;
  const [a, b] = [numberIn(place, reserved), numberIn(place, used)];
  one.value = Number.isNaN(a) ? b : Number.isNaN(b) ? a : pair.join(a, b);
  return one.value;
}

/** NaN for a file that is not there, and for no limit. */
function numberIn(place: Place, file: KernelFile | undefined): number {
  const bytes = place.read(file);
  const value = bytes === undefined ? Number.NaN : singleValue(bytes);
  return value < UNLIMITED ? value : Number.NaN;
}

/** `2MB`, `1GB` … */
function pageSizes(dir: string | undefined): string[] {
  const sizes = new Set<string>();
  for (const name of dir === undefined ? [] : namesIn(dir)) {
    const size = /^hugetlb\.(\d+[KMG]B)\./.exec(name)?.[1];
    if (size !== undefined) sizes.add(size);
  }
  return [...sizes].sort();
}
