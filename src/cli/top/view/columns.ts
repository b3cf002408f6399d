/** The columns: title, width, what stands in a cell, and what gives way first where the terminal is narrow. Adding one is a row here. */
import type { Model } from '../numbers/model.ts';
import { type Row, total, worstWait } from '../numbers/row.ts';
import { bytes, count, percent, shortPercent, span } from './figures.ts';
import { type Piece, piece, type Tone } from './line.ts';
import { spark } from './spark.ts';
import { plain } from './text.ts';

export interface Scene {
  readonly model: Model;
  /** The table's name for what a row is: NAME, SERVICE, HOST. */
  readonly title: string;
}

export interface Column {
  readonly id: string;
  readonly title: string;
  /** The least; of those that grow, `most` is what they may become. */
  readonly width: number;
  readonly most?: number;
  readonly align: 'left' | 'right';
  /** Lower ones stay longer. */
  readonly rank: number;
  /** Whether a row has something to show in it; a column that nobody has is left out. */
  readonly has: (row: Row) => boolean;
  readonly cell: (row: Row, scene: Scene, cells: number) => Piece;
  /** What it is sorted by, the largest first; text the other way round. */
  readonly sort?: (row: Row) => number | string | undefined;
}

const always = (): boolean => true;
const is = (value: unknown): boolean => value !== undefined;

function text(
  id: string,
  title: string,
  of: (row: Row) => string,
): Pick<Column, 'id' | 'title' | 'align' | 'cell' | 'sort' | 'has'> {
  return { id, title, align: 'left', cell: (row) => piece(plain(of(row))), sort: of, has: (row) => of(row) !== '' };
}

interface Numeric {
  readonly of: (row: Row) => number | undefined;
  readonly show: (value: number | undefined) => string;
  readonly tone?: (row: Row) => Tone | undefined;
}

function number(
  id: string,
  title: string,
  { of, show, tone }: Numeric,
): Pick<Column, 'id' | 'title' | 'align' | 'cell' | 'sort' | 'has'> {
  const cell = (row: Row): Piece => ({ text: show(of(row)), tone: tone?.(row) });
  return { id, title, align: 'right', cell, sort: of, has: (row) => is(of(row)) };
}

function level(warn: number, bad: number, of: (row: Row) => number | undefined): (row: Row) => Tone | undefined {
  return (row) => {
    const value = of(row) ?? 0;
    return value >= bad ? 'bad' : value >= warn ? 'warn' : undefined;
  };
}

export function cpuShare({ cpuCores, cpuLimitCores }: Row): number | undefined {
  return cpuCores === undefined || !cpuLimitCores ? undefined : cpuCores / cpuLimitCores;
}

const net = (row: Row) => total([row.rxPerSecond, row.txPerSecond]);
const io = (row: Row) => total([row.readPerSecond, row.writePerSecond]);
const wait = (row: Row) => worstWait(row.waits);
const throttled = (row: Row) => row.throttledShare;
const memoryShare = (row: Row) => row.memoryShare;

export const COLUMNS: readonly Column[] = [
  { ...text('name', 'NAME', (row) => row.name), width: 12, most: 60, rank: 0, has: always },
  { ...text('host', 'HOST', (row) => row.node), width: 8, most: 24, rank: 4 },
  {
    id: 'state',
    title: 'STATE',
    width: 10,
    align: 'left',
    rank: 6,
    has: always,
    cell: stateCell,
    sort: (row) => stateWords(row),
  },
  { ...number('cpu', 'CPU %', { of: (row) => row.cpuCores, show: percent }), width: 6, rank: 1, has: always },
  { id: 'cpucurve', title: 'CPU 2 min', width: 10, most: 30, align: 'left', rank: 8.7, has: always, cell: cpuCurve },
  {
    ...number('cpulimit', 'LIM %', { of: cpuShare, show: shortPercent, tone: level(0.9, 2, cpuShare) }),
    width: 5,
    rank: 12,
  },
  {
    ...number('throttled', 'THR %', { of: throttled, show: shortPercent, tone: level(0.05, 0.25, throttled) }),
    width: 5,
    rank: 8,
  },
  { ...number('memory', 'MEM', { of: (row) => row.memoryBytes, show: bytes }), width: 5, rank: 2, has: always },
  { ...number('limit', 'LIMIT', { of: (row) => row.memoryLimit, show: bytes }), width: 5, rank: 11 },
  {
    ...number('memorylimit', 'MEM %', { of: memoryShare, show: shortPercent, tone: level(0.85, 0.95, memoryShare) }),
    width: 5,
    rank: 3,
  },
  {
    id: 'memorycurve',
    title: 'MEM 2 min',
    width: 10,
    most: 30,
    align: 'left',
    rank: 18,
    has: always,
    cell: memoryCurve,
  },
  { ...number('rx', 'NET IN', { of: (row) => row.rxPerSecond, show: bytes }), width: 6, rank: 5 },
  { ...number('tx', 'NETOUT', { of: (row) => row.txPerSecond, show: bytes }), width: 6, rank: 7 },
  { ...number('read', 'READ', { of: (row) => row.readPerSecond, show: bytes }), width: 5, rank: 13 },
  { ...number('write', 'WRITE', { of: (row) => row.writePerSecond, show: bytes }), width: 5, rank: 14 },
  {
    id: 'wait',
    title: 'WAIT %',
    width: 8,
    align: 'right',
    rank: 9,
    has: (row) => is(wait(row)),
    cell: waitCell,
    sort: wait,
  },
  {
    ...number('threads', 'PIDS', { of: (row) => row.threads, show: count, tone: level(0.85, 0.95, threadShare) }),
    width: 5,
    rank: 15,
  },
  {
    ...number('restarts', 'RST', {
      of: (row) => row.restarts,
      show: (n) => (n ? String(n) : ''),
      tone: level(1, 5, (row) => row.restarts),
    }),
    width: 4,
    rank: 8.5,
    has: (row) => (row.restarts ?? 0) > 0,
  },
  {
    id: 'up',
    title: 'UP',
    width: 4,
    align: 'right',
    rank: 16,
    has: (row) => is(row.startMs),
    cell: upCell,
    sort: (row) => upSince(row),
  },
  { ...text('image', 'IMAGE', (row) => row.image), width: 12, most: 40, rank: 19 },
];

/** What more than one column makes up, to sort by. */
export const SORTS: ReadonlyMap<string, (row: Row) => number | string | undefined> = new Map([
  ...COLUMNS.flatMap(({ id, sort }) =>
    sort && !['rx', 'tx', 'read', 'write'].includes(id) ? [[id, sort] as const] : [],
  ),
  ['net', net],
  ['io', io],
]);

function threadShare({ threads, threadsMax }: Row): number | undefined {
  return threads === undefined || !threadsMax ? undefined : threads / threadsMax;
}

/** `healthy`, `running`, `exited 137`; of a group `3 of 4 up`. */
export function stateWords({ members, runs, health, state, exitCode }: Row): string {
  if (members) return members.all === members.running ? `${members.all} up` : `${members.running}/${members.all} up`;
  if (runs) return state === 'running' && health !== '' ? health : state;
  return exitCode === undefined ? state : `${state} ${exitCode}`;
}

function stateCell(row: Row): Piece {
  const words = stateWords(row);
  if (row.health === 'unhealthy') return piece(row.members ? `${words} !` : words, 'bad');
  if (row.health === 'starting' || row.state === 'restarting' || row.state === 'paused') return piece(words, 'warn');
  if (!row.runs) return piece(words, (row.exitCode ?? 0) !== 0 ? 'bad' : 'faint');
  return piece(words, row.health === 'healthy' ? 'good' : undefined);
}

function cpuCurve({ key, cpuLimitCores }: Row, { model }: Scene, cells: number): Piece {
  // A tenth of a core is the least that a full cell is, so that what idles looks idle.
  const options = {
    // They end with the newest reading, since this machine's clock may be another than that of the numbers.
    endMs: model.timeMs,
    spanMs: model.curveMs,
    cells,
    full: cpuLimitCores,
    least: 0.1,
    everyMs: model.intervalMs,
  };
  return piece(spark(model.trails.of(key), 'cpu', options));
}

function memoryCurve({ key, memoryLimit }: Row, { model }: Scene, cells: number): Piece {
  const options = { endMs: model.timeMs, spanMs: model.curveMs, cells, full: memoryLimit, everyMs: model.intervalMs };
  return piece(spark(model.trails.of(key), 'memory', options));
}

/** The worst of the three, with a letter that says which: `12.0 io`. */
function waitCell(row: Row): Piece {
  const worst = wait(row);
  if (worst === undefined) return piece('');
  const { memory, io: disks } = row.waits;
  const what = worst < 0.0005 ? '   ' : worst === memory ? 'mem' : worst === disks ? 'io ' : 'cpu';
  return piece(`${shortPercent(worst)} ${what}`, level(0.1, 0.4, wait)(row));
}

function upSince({ startMs }: Row): number | undefined {
  return startMs === undefined ? undefined : -startMs;
}

function upCell({ startMs, runs }: Row, { model }: Scene): Piece {
  return piece(runs && startMs !== undefined ? span(model.timeMs - startMs) : '');
}
