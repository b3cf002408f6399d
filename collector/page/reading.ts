/**
 * What one frame says of every container, host and other cgroup: a row of numbers each, interfaces and devices added up, with the time at which
 * each was read. NaN is absent. Made only while somebody looks.
 */
import type { Frame, LevelTable } from '../../src/model/batch.ts';
import { labelValue } from '../../src/model/labels.ts';
import type { Shape } from '../../src/model/shape.ts';
import type { Entity, EntityRow, EntityKind } from '../../src/model/table.ts';
import { at, PLACES, placeOf, stateOf } from './values.ts';

/** A container, a host or another cgroup in one window. */
export interface Thing {
  readonly key: string;
  readonly kind: EntityKind;
  readonly node: string;
  readonly entity: Entity;
  readonly values: Float64Array;
  /** Unix milliseconds, by value. */
  readonly timesMs: Float64Array;
  /** Labels of `container_info` and `machine_info`. */
  facts: ReadonlyMap<string, string>;
  /** What its kernel does not tell, and why: labels of `machine_absent_info`. */
  readonly absent: (readonly [what: string, why: string])[];
  /** Changes with what describes it. */
  described: string;
  /** File systems of a host, by device. */
  readonly disks: Map<string, { used: number; size: number }>;
  /** Unix milliseconds: the end of the window that it was in. */
  readonly seenMs: number;
}

export interface PageReading {
  readonly endMs: number;
  readonly things: ReadonlyMap<string, Thing>;
}

interface Taken {
  readonly column: number;
  readonly place: number;
  /** For one series a state. */
  readonly state: number | undefined;
}

const DESCRIBING = new Set(['container_info', 'machine_info', 'machine_absent_info']);
const FS_USED = at('container_fs_usage_bytes');
const FS_SIZE = at('container_fs_limit_bytes');

export function readFrame(frame: Frame): PageReading {
  const things = new Map<string, Thing>();
  for (const table of frame.tables) if (table.level === 'container') readTable(table, things, frame.endMs);
  return { endMs: frame.endMs, things };
}

/**
 * With what was there of nodes that say nothing in this window, if that is not longer ago than `forMs`: an agent that is late for one window has
 * not lost its containers, and a list that is gone for a second loses whoever scrolls through it.
 */
export function withHeld(now: PageReading, before: PageReading | undefined, forMs: number): PageReading {
  if (before === undefined) return now;
  const here = new Set([...now.things.values()].map(({ node }) => node));
  const held = [...before.things].filter(([, { node, seenMs }]) => !here.has(node) && now.endMs - seenMs <= forMs);
  return held.length === 0 ? now : { endMs: now.endMs, things: new Map([...now.things, ...held]) };
}

function readTable(table: LevelTable, things: Map<string, Thing>, endMs: number): void {
  const { shape, sources } = table;
  if (sources === undefined) return;
  const taken = takenOf(shape);
  const describes = shape.columns.some(({ metric }) => DESCRIBING.has(metric));
  if (taken.length === 0 && !describes) return;
  const counted = new Set(sources.flatMap((row) => (row.shownOnly ? [] : [row.entity])));
  sources.forEach((row, r) => {
    const node = labelValue((table.rows[r] as EntityRow).labels, 'node') ?? '';
    const thing = thingOf(things, row, { node, endMs });
    if (describes) describe(thing, row);
    // A layer over a disk beside the disk itself: one number for both.
    if (row.shownOnly && counted.has(row.entity)) return;
    readRow({ table, taken, row, r }, thing);
  });
}

function describe(thing: Thing, { dims }: EntityRow): void {
  thing.described += dims.key;
  const what = labelValue(dims, 'what');
  if (what === undefined) thing.facts = new Map(dims.names.map((name, i) => [name, dims.values[i] as string]));
  else thing.absent.push([what, labelValue(dims, 'why') ?? '']);
}

interface Reading {
  readonly table: LevelTable;
  readonly taken: readonly Taken[];
  readonly row: EntityRow;
  readonly r: number;
}

function readRow({ table, taken, row, r }: Reading, thing: Thing): void {
  const { values, timesMs } = table;
  for (const { column, place, state } of taken) {
    const value = values[column * table.rows.length + r] as number;
    if (Number.isNaN(value)) continue;
    if (state !== undefined) {
      if (value === 1) thing.values[place] = state;
    } else if (thing.kind === 'host' && (place === FS_USED || place === FS_SIZE)) {
      disk(thing, row, place === FS_USED ? { used: value } : { size: value });
    } else {
      const before = thing.values[place] as number;
      thing.values[place] = Number.isNaN(before) ? value : before + value;
    }
    thing.timesMs[place] = timesMs[r] as number;
  }
}

function disk({ disks }: Thing, row: EntityRow, part: { used?: number; size?: number }): void {
  const device = labelValue(row.dims, 'device') ?? '';
  disks.set(device, { used: 0, size: 0, ...disks.get(device), ...part });
}

const shapes = new WeakMap<Shape, readonly Taken[]>();

function takenOf(shape: Shape): readonly Taken[] {
  const known = shapes.get(shape);
  if (known) return known;
  const taken = shape.columns.flatMap(({ metric, labels }, column): Taken[] => {
    const place = placeOf(metric);
    return place === undefined ? [] : [{ column, place, state: stateOf(metric, labels) }];
  });
  shapes.set(shape, taken);
  return taken;
}

function thingOf(
  things: Map<string, Thing>,
  { entity }: EntityRow,
  { node, endMs }: { node: string; endMs: number },
): Thing {
  const key = JSON.stringify([node, entity.key]);
  const known = things.get(key);
  if (known) return known;
  const thing = {
    key,
    node,
    entity,
    kind: entity.kind,
    values: new Float64Array(PLACES).fill(Number.NaN),
    timesMs: new Float64Array(PLACES).fill(Number.NaN),
    facts: new Map<string, string>(),
    absent: [],
    described: '',
    disks: new Map(),
    seenMs: endMs,
  };
  things.set(key, thing);
  return thing;
}
