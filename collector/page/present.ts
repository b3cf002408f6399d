/**
 * The present, for the page: the last two windows come in, what they say goes out as one snapshot for who opens the page, and as one message a
 * window for those who have it open. While nobody looks, nothing is reckoned and two windows are all that is held.
 */
import type { Frame } from '../../src/model/batch.ts';
import { labelValue } from '../../src/model/labels.ts';
import { type Identity, identityOf } from './identity.ts';
import { type PageReading, readFrame, type Thing, withHeld } from './reading.ts';
import { type Cell, cellAt, cellsOf, FIELDS } from './rows.ts';

/** How the pipeline itself is, at the moment. */
export interface Pipeline {
  readonly sinks: readonly { readonly name: string; readonly up: boolean; readonly waiting: number }[];
  /** By node, milliseconds that its clock is ahead. */
  readonly clocks: ReadonlyMap<string, number>;
  /** Samples that were lost since the start, by who lost them and why. */
  readonly dropped: number;
  readonly series: number;
  /** Whether what is closed can be written to the disk; undefined where nothing is kept. */
  readonly logUp: boolean | undefined;
  /** How far windows are behind while they are caught up with, in milliseconds. */
  readonly behindMs: number | undefined;
  /** Whether there is a store that keeps history. */
  readonly history: boolean;
  /** Unix seconds: the first that it keeps; undefined until it has told. */
  readonly since: number | undefined;
}

export interface Host {
  readonly node: string;
  /** Unix seconds: the end of the last window in which it was. */
  readonly seen: number;
  readonly clock?: number;
  readonly disks?: readonly (readonly [device: string, used: number, size: number])[];
}

/** One window, for who has had the one before. */
export interface WindowMessage {
  readonly seq: number;
  /** Unix seconds. */
  readonly end: number;
  /** Who is new, or is called otherwise than before. */
  readonly things: readonly Identity[];
  /** Everything that is there: its number, then its cells. */
  readonly rows: readonly (readonly [n: number, ...cells: Cell[]])[];
  readonly hosts: readonly Host[];
  readonly pipeline: Omit<Pipeline, 'clocks'>;
}

/** The same for who has had none: with everybody, and the small curves. */
export interface Snapshot extends WindowMessage {
  /** Of this collector's process: numbers and sequence hold within it. */
  readonly run: string;
  readonly version: string;
  readonly cluster: string;
  /** Seconds. */
  readonly window: number;
  readonly fields: readonly string[];
  /** By number: the last values of CPU and memory, the newest last. */
  readonly trails: Readonly<Record<number, readonly [cpu: readonly Cell[], memory: readonly Cell[]]>>;
}

export interface PresentOptions {
  readonly run: string;
  readonly version: string;
  readonly cluster: string;
  readonly windowMs: number;
  readonly pipeline: () => Pipeline;
}

export interface Present {
  /** A closed window that is no past; `watched`: somebody has the page open. */
  take(frame: Frame, watched: boolean): WindowMessage | undefined;
  /** Undefined before the first window. */
  snapshot(): Snapshot | undefined;
}

/** Points of the small curves. */
const TRAIL = 30;
/** Hosts that are silent are remembered: so many, for so long. */
const MAX_HOSTS = 10_000;
const HOST_MS = 7 * 24 * 3600_000;
/** What a node had stays as it was while the node says nothing: for three windows, and for so long at least. */
const HELD_MS = 15_000;

interface Shown {
  readonly identity: Identity;
  readonly entity: Thing['entity'];
  readonly described: string;
  readonly cells: readonly Cell[];
  readonly cpu: Cell[];
  readonly memory: Cell[];
}

export function createPresent({ run, version, cluster, windowMs, pipeline }: PresentOptions): Present {
  let frame: Frame | undefined;
  let frameBefore: Frame | undefined;
  let reading: PageReading | undefined;
  let shown: ReadonlyMap<string, Shown> = new Map();
  const seen = new Map<string, number>();
  let [seq, next] = [0, 0];

  function read(now: Frame, before: Frame | undefined): readonly Identity[] {
    const last = reading && reading.endMs === before?.endMs ? reading : before && readFrame(before);
    reading = withHeld(readFrame(now), last, Math.max(3 * windowMs, HELD_MS));
    const fresh: Identity[] = [];
    const all = new Map<string, Shown>();
    for (const thing of reading.things.values()) {
      const earlier = last === undefined ? undefined : shown.get(thing.key);
      const cells = cellsOf(thing, last?.things.get(thing.key), earlier?.cells);
      const same = earlier?.entity === thing.entity && earlier.described === thing.described;
      const identity = earlier && same ? earlier.identity : identityOf(thing, earlier?.identity.n ?? next++);
      if (!same) fresh.push(identity);
      const cpu = [...(earlier?.cpu ?? []), cellAt(cells, 'cpu')].slice(-TRAIL);
      const memory = [...(earlier?.memory ?? []), cellAt(cells, 'memory')].slice(-TRAIL);
      all.set(thing.key, { identity, entity: thing.entity, described: thing.described, cells, cpu, memory });
    }
    shown = all;
    return fresh;
  }

  function message(now: Frame, things: readonly Identity[]): WindowMessage {
    const { clocks, ...rest } = pipeline();
    return {
      seq,
      end: now.endMs / 1000,
      things,
      rows: [...shown.values()].map(({ identity, cells }) => [identity.n, ...cells]),
      hosts: hostsOf(seen, reading, clocks),
      pipeline: rest,
    };
  }

  return {
    take(now, watched) {
      // What comes late changes nothing of the present.
      if (now.late !== undefined || (frame !== undefined && now.endMs <= frame.endMs)) return undefined;
      frameBefore = frame;
      frame = now;
      seq++;
      note(seen, now);
      if (watched) return message(now, read(now, frameBefore));
      // What was reckoned is of no use once a window is left out.
      reading = undefined;
      shown = new Map();
      return undefined;
    },
    snapshot() {
      if (frame === undefined) return undefined;
      if (reading?.endMs !== frame.endMs) read(frame, frameBefore);
      const everybody = [...shown.values()];
      const trails = everybody.map(({ identity, cpu, memory }) => [identity.n, [cpu, memory]] as const);
      return {
        ...message(
          frame,
          everybody.map(({ identity }) => identity),
        ),
        ...{ run, version, cluster, window: windowMs / 1000, fields: FIELDS },
        trails: Object.fromEntries(trails),
      };
    },
  };
}

/** The machines of a window: each has one row about itself. */
function note(seen: Map<string, number>, { tables, endMs }: Frame): void {
  for (const { shape, rows } of tables) {
    if (shape.measurement !== 'machine') continue;
    for (const { labels } of rows) {
      const node = labelValue(labels, 'node') ?? '';
      if (seen.has(node) || seen.size < MAX_HOSTS) seen.set(node, endMs);
    }
  }
  for (const [node, atMs] of seen) if (atMs < endMs - HOST_MS) seen.delete(node);
}

function hostsOf(
  seen: ReadonlyMap<string, number>,
  reading: PageReading | undefined,
  clocks: ReadonlyMap<string, number>,
): Host[] {
  const disks = new Map<string, Thing['disks']>();
  for (const { kind, node, disks: own } of reading?.things.values() ?? []) if (kind === 'host') disks.set(node, own);
  return [...seen].map(([node, atMs]) => {
    const own = [...(disks.get(node) ?? [])].map(([device, { used, size }]) => [device, used, size] as const);
    const clock = clocks.get(node);
    return {
      node,
      seen: atMs / 1000,
      ...(clock ? { clock: clock / 1000 } : {}),
      ...(own.length > 0 ? { disks: own } : {}),
    };
  });
}
