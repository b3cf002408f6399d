/** Huge pages, a row per page size: the sizes are the ones that the cgroup's folder has files for. */
import { readdirSync } from 'node:fs';
import { hugetlb } from '../../src/catalog/hugetlb.ts';
import { labels } from '../../src/model/labels.ts';
import { isNoData } from '../files.ts';
import { FlatKeys } from './keys.ts';
import { singleValue } from './parse.ts';
import { type Place, UNIFIED } from './place.ts';
import type { FamilyReader, FamilySpec } from './spec.ts';

const { at } = hugetlb;

/** v1's "no limit" is the largest page-aligned number. */
const UNLIMITED = 2 ** 62;

/** Per column the file's names after `hugetlb.<size>.`: what is reserved counts, as that is what the limit is on; old kernels have only the other. */
const V2_FILES: readonly (readonly [column: number, names: readonly string[]])[] = [
  [at.usage, ['rsvd.current', 'current']],
  [at.limit, ['rsvd.max', 'max']],
];
const V1_FILES: typeof V2_FILES = [
  [at.usage, ['rsvd.usage_in_bytes', 'usage_in_bytes']],
  [at.maxUsage, ['rsvd.max_usage_in_bytes', 'max_usage_in_bytes']],
  [at.limit, ['rsvd.limit_in_bytes', 'limit_in_bytes']],
  [at.failcnt, ['rsvd.failcnt', 'failcnt']],
];

const EVENTS = new FlatKeys([['max', at.failcnt]]);

export const V2_HUGETLB: FamilySpec = { family: hugetlb, controllers: [], open: (place) => open(place, UNIFIED) };

export const V1_HUGETLB: FamilySpec = {
  family: hugetlb,
  controllers: ['hugetlb'],
  open: (place) => open(place, 'hugetlb'),
};

function open(place: Place, controller: string): FamilyReader {
  const columns = controller === UNIFIED ? V2_FILES : V1_FILES;
  const sizes = pageSizes(place.dir(controller)).map((size) => ({
    size,
    files: columns.map(([column, names]) => ({
      column,
      files: names.map((name) => place.file(controller, `hugetlb.${size}.${name}`)),
    })),
    events: controller === UNIFIED ? place.file(controller, `hugetlb.${size}.events`) : undefined,
  }));
  return {
    read(rows) {
      for (const [i, { size, files, events }] of sizes.entries()) {
        const cells = rows.cells(i, size, (pagesize) => labels([['pagesize', pagesize]]));
        for (const choice of files) {
          const value = firstValue(place, choice.files);
          cells[choice.column] = value < UNLIMITED ? value : Number.NaN;
        }
        const bytes = place.read(events);
        if (bytes !== undefined) EVENTS.read(bytes, cells);
      }
    },
  };
}

function firstValue(place: Place, files: readonly ReturnType<Place['file']>[]): number {
  for (const file of files) {
    const bytes = place.read(file);
    if (bytes !== undefined) return singleValue(bytes);
  }
  return Number.NaN;
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

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (isNoData(error)) return [];
    throw error;
  }
}
