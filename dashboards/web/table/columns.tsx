/** The columns of the table: title, what it is sorted by, what stands in a cell, and what gives way first where the screen is narrow. Adding one is a row here. */
import type { ComponentChildren } from 'preact';
import type { Row } from '../live/message.ts';
import { bytes, bytesPerSecond, cores, percent, shortSpan, UNKNOWN } from '../units/figures.ts';
import { Bar, Spark, StateMark } from './cells.tsx';
import { added, share } from './filter.ts';
import type { SortKey } from './order.ts';
import { sinceOf, stateWords, withoutRegistry } from './words.ts';

export interface Column {
  readonly id: string;
  readonly title: string;
  /** Said when the pointer rests on the title. */
  readonly help?: string;
  /** Pixels; what is left is for those that grow. */
  readonly width: number;
  readonly grows?: number;
  readonly right?: boolean;
  /** Lower ones stay longer. */
  readonly rank: number;
  readonly sort: SortKey;
  readonly cell: (row: Row, end: number) => ComponentChildren;
}

const net: SortKey = (row) => added(row.rx, row.tx);
const io: SortKey = (row) => added(row.read, row.write);

export const COLUMNS: readonly Column[] = [
  { id: 'name', title: 'Name', width: 190, grows: 3, rank: 0, sort: (row) => row.name, cell: (row) => row.name },
  { id: 'host', title: 'Host', width: 90, grows: 1, rank: 9, sort: (row) => row.node, cell: (row) => row.node },
  { id: 'state', title: 'State', width: 104, rank: 5, sort: stateWords, cell: (row) => <StateMark row={row} /> },
  {
    id: 'age',
    title: 'Age',
    help: 'Since it was started, or since it ended',
    width: 52,
    right: true,
    rank: 8,
    sort: (row) => (row.start === null ? null : -row.start),
    cell: (row, end) => shortSpan(sinceOf(row) === null ? null : end - (sinceOf(row) as number)),
  },
  {
    id: 'cpu',
    title: 'CPU',
    help: '100 % is one core',
    width: 76,
    right: true,
    rank: 1,
    sort: (row) => row.cpu,
    cell: (row) => cores(row.cpu),
  },
  {
    id: 'cpucurve',
    title: 'CPU lately',
    width: 96,
    rank: 6,
    sort: (row) => row.cpu,
    cell: (row) => <Spark values={row.cpuTrail} least={Math.max(0.1, row.cpuLimit ?? 0)} />,
  },
  {
    id: 'cpulimit',
    title: 'CPU limit',
    help: 'CPU of its CPU limit; and the share of periods in which the limit stopped it',
    // Room for `100 % ✂100`.
    width: 112,
    right: true,
    rank: 10,
    sort: (row) => share(row.cpu, row.cpuLimit),
    cell: limitCell,
  },
  {
    id: 'memory',
    title: 'Memory',
    help: 'Working set: what cannot be given back without a cost',
    width: 94,
    right: true,
    rank: 2,
    sort: (row) => row.memory,
    cell: (row) => bytes(row.memory),
  },
  {
    id: 'memorylimit',
    title: 'Memory limit',
    help: 'Memory of its memory limit',
    width: 132,
    rank: 4,
    sort: (row) => share(row.memory, row.memoryLimit),
    cell: (row) => <Bar value={row.memory} limit={row.memoryLimit} text={bytes(row.memoryLimit)} />,
  },
  {
    id: 'net',
    title: 'Net in',
    help: 'Sorted by both ways',
    width: 92,
    right: true,
    rank: 7,
    sort: net,
    cell: (row) => some(row.rx),
  },
  { id: 'tx', title: 'Net out', width: 92, right: true, rank: 11, sort: (row) => row.tx, cell: (row) => some(row.tx) },
  {
    id: 'io',
    title: 'Read',
    help: 'Sorted by both',
    width: 92,
    right: true,
    rank: 12,
    sort: io,
    cell: (row) => some(row.read),
  },
  {
    id: 'write',
    title: 'Write',
    width: 92,
    right: true,
    rank: 13,
    sort: (row) => row.write,
    cell: (row) => some(row.write),
  },
  {
    id: 'wait',
    title: 'Waits',
    help: 'The share of time in which something in it waited for CPU, memory or disks, at the worst of the three',
    width: 86,
    right: true,
    rank: 14,
    sort: (row) => worstWait(row)[0],
    cell: waitCell,
  },
  {
    id: 'restarts',
    title: 'Restarts',
    width: 82,
    right: true,
    rank: 8.5,
    sort: (row) => row.restarts,
    cell: (row) => (row.restarts ? <strong>{row.restarts}</strong> : (row.restarts ?? UNKNOWN)),
  },
  {
    id: 'threads',
    title: 'Threads',
    width: 70,
    right: true,
    rank: 16,
    sort: (row) => row.threads,
    cell: (row) => row.threads ?? UNKNOWN,
  },
  {
    id: 'disk',
    title: 'Layer',
    help: 'Bytes in its writable layer',
    width: 82,
    right: true,
    rank: 17,
    sort: (row) => row.disk,
    cell: (row) => bytes(row.disk),
  },
  {
    id: 'image',
    title: 'Image',
    width: 130,
    grows: 2,
    rank: 15,
    sort: (row) => row.image ?? '',
    cell: ({ image = '' }) => <span title={image}>{withoutRegistry(image)}</span>,
  },
  {
    id: 'ports',
    title: 'Ports',
    help: 'Published on the host',
    width: 110,
    grows: 1,
    rank: 15.5,
    sort: (row) => row.facts?.ports ?? '',
    cell: (row) => row.facts?.ports ?? '',
  },
];

/** Which of them have room; the order stays. Where nobody has a host's name, the column says nothing. */
export function fitting(room: number, without: ReadonlySet<string>): readonly Column[] {
  const chosen = new Set<Column>();
  let left = room;
  for (const column of [...COLUMNS].sort((a, b) => a.rank - b.rank)) {
    if (without.has(column.id)) continue;
    if (left < column.width && chosen.size > 2) break;
    chosen.add(column);
    left -= column.width;
  }
  return COLUMNS.filter((column) => chosen.has(column));
}

/** Pixels of each: what is left over goes to those that grow, and where there is less than they want the first gives way. */
export function widthsOf(columns: readonly Column[], room: number): number[] {
  const left = Math.floor(room) - columns.reduce((sum, { width }) => sum + width, 0);
  const shares = columns.reduce((sum, { grows = 0 }) => sum + grows, 0);
  const widths = columns.map(({ width, grows = 0 }) =>
    left > 0 && shares > 0 ? width + Math.floor((left * grows) / shares) : width,
  );
  if (left < 0 && widths[0] !== undefined) widths[0] = Math.max(LEAST_NAME, widths[0] + left);
  return widths;
}

const LEAST_NAME = 90;

function limitCell({ cpu, cpuLimit, throttled }: Row): ComponentChildren {
  const of = share(cpu, cpuLimit);
  if (of === null) return UNKNOWN;
  return throttled !== null && throttled > 0.005 ? (
    <span title={`The limit stopped it in ${percent(throttled)} of its periods`}>
      {percent(of)} <span class="warn">✂{Math.round(throttled * 100)}</span>
    </span>
  ) : (
    percent(of)
  );
}

function worstWait({ waitCpu, waitMemory, waitIo }: Row): readonly [number | null, string] {
  const all = [
    [waitCpu, 'cpu'],
    [waitMemory, 'mem'],
    [waitIo, 'io'],
  ] as const;
  return all.reduce<readonly [number | null, string]>(
    (worst, each) => ((each[0] ?? -1) > (worst[0] ?? -1) ? each : worst),
    [null, ''],
  );
}

function waitCell(row: Row): ComponentChildren {
  const [worst, what] = worstWait(row);
  return worst === null ? UNKNOWN : `${percent(worst)}${worst < 0.0005 ? '' : ` ${what}`}`;
}

/** Nothing at all is easier to pass over than `0 B/s`. */
function some(value: number | null): string {
  return value === 0 ? '0' : bytesPerSecond(value);
}
