/** Memory per NUMA node, in pages: `memory.numa_stat`, where v1 counts pages (alone and with the cgroups below) and v2 bytes (with them). */
import { numa } from '../../src/catalog/numa.ts';
import { type Labels, labels } from '../../src/model/labels.ts';
import { lineEnd, numberAt, skipSpaces, wordEnd } from './parse.ts';
import { type Place, UNIFIED } from './place.ts';
import type { RowSet } from './rows.ts';
import { Words } from './devices.ts';
import type { FamilyReader, FamilySpec } from './spec.ts';

/** The kernel allows no more nodes than this. */
const MAX_NODES = 1024;

const EQUALS = 61;
const N = 78;

/** A line's name and the labels it stands for. */
type Line = readonly [name: string, type: string, scope: string];

const V1_LINES: readonly Line[] = [
  ['file', 'file', 'container'],
  ['anon', 'anon', 'container'],
  ['unevictable', 'unevictable', 'container'],
  ['hierarchical_file', 'file', 'hierarchy'],
  ['hierarchical_anon', 'anon', 'hierarchy'],
  ['hierarchical_unevictable', 'unevictable', 'hierarchy'],
];

const V2_LINES: readonly Line[] = [
  ['file', 'file', 'hierarchy'],
  ['anon', 'anon', 'hierarchy'],
  ['unevictable', 'unevictable', 'hierarchy'],
];

export const V2_NUMA: FamilySpec = {
  family: numa,
  controllers: [],
  open: (place, around) => open(place, { controller: UNIFIED, lines: V2_LINES, per: around.pageBytes }),
};

export const V1_NUMA: FamilySpec = {
  family: numa,
  controllers: ['memory'],
  open: (place) => open(place, { controller: 'memory', lines: V1_LINES, per: 1 }),
};

interface Format {
  readonly controller: string;
  readonly lines: readonly Line[];
  /** What to divide by to get pages. */
  readonly per: number;
}

function open(place: Place, { controller, lines, per }: Format): FamilyReader {
  const file = place.file(controller, 'memory.numa_stat');
  const names = new Words(lines.map(([name]) => name));
  return {
    read(rows) {
      const bytes = place.read(file);
      if (bytes === undefined) return;
      readNumaStat(bytes, names, (line, node, value) => {
        cellsOf(rows, lines[line] as Line, line * MAX_NODES + node)[numa.at.pages] = value / per;
      });
    },
  };
}

function cellsOf(rows: RowSet, [, type, scope]: Line, key: number): Float64Array {
  return rows.cells(key, `${type} ${scope} ${key % MAX_NODES}`, dimsOf);
}

function dimsOf(tag: string): Labels {
  const [type, scope, node] = tag.split(' ') as [string, string, string];
  return labels([
    ['type', type],
    ['scope', scope],
    ['node', node],
  ]);
}

/** v1: `anon=29 N0=29 N1=0`; v2: `anon N0=118784 N1=0`. Calls back for each node of each line whose name is known. */
export function readNumaStat(
  bytes: Uint8Array,
  names: Words,
  onValue: (line: number, node: number, value: number) => void,
): void {
  for (let from = 0; from < bytes.length; ) {
    const end = lineEnd(bytes, from);
    let at = wordEnd(bytes, from, end);
    const line = names.indexOf(bytes, from, equalsIn(bytes, from, at));
    while (line >= 0 && at < end) {
      const word = skipSpaces(bytes, at, end);
      at = wordEnd(bytes, word, end);
      const equals = equalsIn(bytes, word, at);
      const node = bytes[word] === N ? numberAt(bytes, word + 1, equals) : -1;
      if (node >= 0 && node < MAX_NODES && equals < at) onValue(line, node, numberAt(bytes, equals + 1, at));
    }
    from = end + 1;
  }
}

/** Where the equals sign is, or `to`. */
function equalsIn(bytes: Uint8Array, from: number, to: number): number {
  let i = from;
  while (i < to && bytes[i] !== EQUALS) i++;
  return i;
}
