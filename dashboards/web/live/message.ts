/** What the collector says, as it comes: the shapes of its messages (collector/page/present.ts), and rows made of them. */

export type Cell = number | string | null;

export interface Identity {
  readonly n: number;
  readonly kind: 'container' | 'host' | 'cgroup';
  readonly node: string;
  readonly id: string;
  readonly name: string;
  readonly image?: string | undefined;
  readonly project?: string | undefined;
  readonly service?: string | undefined;
  readonly namespace?: string | undefined;
  readonly pod?: string | undefined;
  readonly facts?: Readonly<Record<string, string>> | undefined;
  readonly absent?: readonly (readonly [what: string, why: string])[] | undefined;
  readonly alerts?: Readonly<Record<string, string>> | undefined;
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
  /** Unix seconds: the first that is kept. */
  readonly since?: number;
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

/** Of somebody who has just made it, and puts its trails in. */
type Fresh = Omit<Row, keyof Trails> & { -readonly [name in keyof Trails]: Row[name] };

/**
 * Cells in the order of `fields`, from `first` on; of a field that this page does not know nothing is made. Spelled out, so that all rows have
 * one shape: made in a loop they are dictionaries to a browser, and a thousand of them take fifty milliseconds in place of six.
 */
export function rowOf(identity: Identity, fields: readonly string[], cells: readonly Cell[], first = 0): Fresh {
  const at = placesOf(fields);
  const number = (place: number): number | null => numeric(place < 0 ? null : cells[first + place]);
  const state = at.state < 0 ? null : word(cells[first + at.state]);
  const { n, kind, node, id, name, image, project, service, namespace, pod, facts, absent, alerts } = identity;
  return {
    n,
    kind,
    node,
    id,
    name,
    image,
    project,
    service,
    namespace,
    pod,
    facts,
    absent,
    alerts,
    cpu: number(at.cpu),
    cpuLimit: number(at.cpuLimit),
    throttled: number(at.throttled),
    memory: number(at.memory),
    memoryLimit: number(at.memoryLimit),
    cache: number(at.cache),
    swap: number(at.swap),
    rx: number(at.rx),
    tx: number(at.tx),
    read: number(at.read),
    write: number(at.write),
    waitCpu: number(at.waitCpu),
    waitMemory: number(at.waitMemory),
    waitIo: number(at.waitIo),
    stallMemory: number(at.stallMemory),
    stallIo: number(at.stallIo),
    threads: number(at.threads),
    threadsMax: number(at.threadsMax),
    restarts: number(at.restarts),
    oom: number(at.oom),
    exit: number(at.exit),
    oomKilled: number(at.oomKilled),
    start: number(at.start),
    finished: number(at.finished),
    created: number(at.created),
    disk: number(at.disk),
    load: number(at.load),
    available: number(at.available),
    boot: number(at.boot),
    state,
    health: at.health < 0 ? null : word(cells[first + at.health]),
    runs: RUNNING.has(state),
    cpuTrail: NO_TRAIL,
    memoryTrail: NO_TRAIL,
  };
}

const NO_TRAIL: Row['cpuTrail'] = [];

type Places = Readonly<Record<NumberField | keyof Words, number>>;

/** Found once for a snapshot's fields, not for each of a thousand rows a second; -1 is not sent. */
const places = new WeakMap<readonly string[], Places>();

function placesOf(fields: readonly string[]): Places {
  const known = places.get(fields);
  if (known) return known;
  const names = [...NUMBERS, 'state', 'health'] as const;
  const found = Object.fromEntries(names.map((name) => [name, fields.indexOf(name)])) as Places;
  places.set(fields, found);
  return found;
}

function numeric(cell: Cell | undefined): number | null {
  return typeof cell === 'number' ? cell : null;
}

function word(cell: Cell | undefined): string | null {
  return typeof cell === 'string' ? cell : null;
}
