/** What the collector says, as it comes: the shapes of its messages (collector/page/present.ts), and rows made of them. */

export type Cell = number | string | null;

export interface Identity {
  readonly n: number;
  readonly kind: 'container' | 'host' | 'cgroup';
  readonly node: string;
  readonly id: string;
  readonly name: string;
  readonly image?: string;
  readonly project?: string;
  readonly service?: string;
  readonly namespace?: string;
  readonly pod?: string;
  readonly facts?: Readonly<Record<string, string>>;
  readonly alerts?: Readonly<Record<string, string>>;
}

export interface Host {
  readonly node: string;
  readonly seen: number;
  readonly clock?: number;
  readonly disks?: readonly (readonly [device: string, used: number, size: number])[];
}

export interface Pipeline {
  readonly sinks: readonly { readonly name: string; readonly up: boolean; readonly waiting: number }[];
  readonly dropped: number;
  readonly series: number;
  readonly logUp?: boolean;
  readonly behindMs?: number;
  readonly history: boolean;
}

export interface WindowMessage {
  readonly seq: number;
  readonly end: number;
  readonly things: readonly Identity[];
  readonly rows: readonly (readonly [n: number, ...cells: Cell[]])[];
  readonly hosts: readonly Host[];
  readonly pipeline: Pipeline;
}

export interface Snapshot extends WindowMessage {
  readonly run: string;
  readonly version: string;
  readonly cluster: string;
  readonly window: number;
  readonly fields: readonly string[];
  readonly trails: Readonly<Record<number, readonly [cpu: readonly Cell[], memory: readonly Cell[]]>>;
}

/** Fields that are words; the others are numbers. */
export interface Words {
  readonly state: string | null;
  readonly health: string | null;
}

const NUMBERS = [
  'cpu',
  'cpuLimit',
  'throttled',
  'memory',
  'memoryLimit',
  'cache',
  'swap',
  'rx',
  'tx',
  'read',
  'write',
  'waitCpu',
  'waitMemory',
  'waitIo',
  'stallMemory',
  'stallIo',
  'threads',
  'threadsMax',
  'restarts',
  'oom',
  'exit',
  'oomKilled',
  'start',
  'finished',
  'created',
  'disk',
  'load',
  'available',
  'boot',
] as const;
export type NumberField = (typeof NUMBERS)[number];

/** A container, host or other cgroup at one moment. Base units, rates a second, times in Unix seconds; null is not known. */
export type Row = Identity &
  Words &
  Readonly<Record<NumberField, number | null>> & {
    /** The newest last, one a window. */
    readonly cpuTrail: readonly (number | null)[];
    readonly memoryTrail: readonly (number | null)[];
    /** What has no state (a host, a unit) runs: it would not be there. */
    readonly runs: boolean;
  };

const RUNNING = new Set([null, 'running', 'paused', 'restarting']);

export interface Trails {
  readonly cpuTrail: Row['cpuTrail'];
  readonly memoryTrail: Row['memoryTrail'];
}

/** Cells in the order of `fields`; of a field that this page does not know nothing is made. */
export function rowOf(identity: Identity, fields: readonly string[], cells: readonly Cell[]): Omit<Row, keyof Trails> {
  const given = new Map(fields.map((field, i) => [field, cells[i] ?? null]));
  const numbers = NUMBERS.map((field) => [field, numeric(given.get(field))] as const);
  const [state, health] = [word(given.get('state')), word(given.get('health'))];
  return {
    ...identity,
    ...(Object.fromEntries(numbers) as Record<NumberField, number | null>),
    ...{ state, health, runs: RUNNING.has(state) },
  };
}

function numeric(cell: Cell | undefined): number | null {
  return typeof cell === 'number' ? cell : null;
}

function word(cell: Cell | undefined): string | null {
  return typeof cell === 'string' ? cell : null;
}
