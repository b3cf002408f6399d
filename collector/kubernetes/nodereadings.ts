/**
 * One node's containers: of each the last reading of its CPU counter, what it used a second since the one before, and its working set, as numbers in one array. A
 * counter that began anew is measured from its beginning, if that is not long ago.
 */
import { cpu } from '../../src/catalog/cpu.ts';
import { memory } from '../../src/catalog/memory.ts';
import type { Batch, FamilyTable } from '../../src/model/batch.ts';
import type { Entity } from '../../src/model/table.ts';
import { type Member, memberOf } from './member.ts';

/** What was used between two readings. */
export interface Usage {
  /** When the second was taken, in Unix milliseconds, and how long before it the first. */
  readonly timeMs: number;
  readonly windowMs: number;
  readonly nanocores: number;
  /** The working set, in bytes. */
  readonly memory: number;
}

export interface NodeReading extends Usage {
  readonly name: string;
}

export interface PodReading {
  readonly namespace: string;
  readonly name: string;
  /** Of the container that was read first. */
  readonly timeMs: number;
  readonly windowMs: number;
  /** Sorted by name. */
  readonly containers: readonly (Usage & { readonly name: string; readonly entity: Entity })[];
}

type Pods = Map<string, Map<string, PodReading>>;

/** Numbers of a container, by their place. */
const [START, TIME, COUNTER, WINDOW, RATE, MEMORY, TICK, STRIDE] = [0, 1, 2, 3, 4, 5, 6, 7] as const;

/** Two readings nearer to each other are one. */
const LEAST_MS = 1000;
/** A reading before is a baseline for so long, or for three ticks. */
const BASELINE_MS = 120_000;
/** A container that began so long ago has used since then what its counter says: as metrics-server takes it. */
const YOUNG = { leastMs: 10_000, mostMs: 60_000 };
/** A container that is not in a tick keeps its baseline for so many. */
const KEPT_TICKS = 6;

export class NodeReadings {
  readonly name: string;
  /** When the newest tick began; 0 before the first. */
  tickMs = 0;
  intervalMs = 0;
  #tick = 0;
  #places = new Map<string, number>();
  #who: (Member | undefined)[] = [];
  #free: number[] = [];
  #cells = new Float64Array(STRIDE * 8);
  #pods: Pods | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** What is kept, the node itself with it. */
  get containers(): number {
    return this.#places.size;
  }

  /** Takes a tick; at most `room` containers more than there are. Answers how many were not taken. */
  take({ timeMs, tables }: Batch, intervalMs: number, room: number): number {
    const cpus = tables.filter(({ shape }) => shape.name === cpu.name);
    // A tick without any container's reading (a source that was late) says nothing of who is there.
    if (timeMs <= this.tickMs || !cpus.some(({ rows }) => rows.length > 0)) return 0;
    this.tickMs = timeMs;
    this.intervalMs = intervalMs;
    this.#tick++;
    this.#pods = undefined;
    const most = this.#places.size + room;
    let refused = 0;
    for (const table of cpus) refused += this.#takeCpu(table, most);
    for (const table of tables) if (table.shape.name === memory.name) this.#takeMemory(table);
    this.#sweep();
    return refused;
  }

  #takeCpu({ shape, rows, values, timesMs }: FamilyTable, most: number): number {
    const column = shape.columns.findIndex(({ metric }) => metric === cpu.columns[cpu.at.usage]?.metric);
    let refused = 0;
    for (let r = 0; column >= 0 && r < rows.length; r++) {
      const counter = values[column * rows.length + r] as number;
      const { entity } = rows[r] as FamilyTable['rows'][number];
      if (Number.isNaN(counter)) continue;
      const place = this.#placeOf(entity, most);
      if (place === 'full') refused++;
      else if (place !== undefined) this.#read(place, { entity, counter, timeMs: timesMs[r] as number });
    }
    return refused;
  }

  /** Undefined for what is no container of a pod, nor the node itself. */
  #placeOf(entity: Entity, most: number): number | 'full' | undefined {
    const known = this.#places.get(entity.key);
    if (known !== undefined) {
      if (this.#who[known]?.entity !== entity) this.#who[known] = memberOf(entity) ?? this.#who[known];
      return known;
    }
    const member = memberOf(entity);
    if (member === undefined) return undefined;
    if (this.#places.size >= most) return 'full';
    const place = this.#free.pop() ?? this.#who.length;
    this.#who[place] = member;
    this.#places.set(entity.key, place);
    const needed = (place + 1) * STRIDE;
    if (needed > this.#cells.length) {
      const grown = new Float64Array(needed * 2);
      grown.set(this.#cells);
      this.#cells = grown;
    }
    this.#cells.fill(Number.NaN, place * STRIDE, needed);
    return place;
  }

  #read(place: number, { entity, counter, timeMs }: { entity: Entity; counter: number; timeMs: number }): void {
    const cells = this.#cells;
    const at = place * STRIDE;
    const [before, last] = [cells[at + TIME] as number, cells[at + COUNTER] as number];
    const { startMs } = entity;
    const goesOn = cells[at + START] === startMs && counter >= last;
    cells[at + TICK] = this.#tick;
    if (goesOn && timeMs - before < LEAST_MS) return;
    const most = Math.max(BASELINE_MS, 3 * this.intervalMs);
    const age = startMs > 0 ? timeMs - startMs : Number.NaN;
    let windowMs = Number.NaN;
    if (goesOn && timeMs - before <= most) windowMs = timeMs - before;
    else if (!goesOn && age >= YOUNG.leastMs && age <= YOUNG.mostMs) windowMs = age;
    cells[at + WINDOW] = windowMs;
    cells[at + RATE] = ((counter - (goesOn ? last : 0)) * 1e12) / windowMs;
    cells[at + START] = startMs;
    cells[at + TIME] = timeMs;
    cells[at + COUNTER] = counter;
  }

  #takeMemory({ shape, rows, values }: FamilyTable): void {
    const column = shape.columns.findIndex(({ metric }) => metric === memory.columns[memory.at.workingSet]?.metric);
    for (let r = 0; column >= 0 && r < rows.length; r++) {
      const place = this.#places.get((rows[r] as FamilyTable['rows'][number]).entity.key);
      const value = values[column * rows.length + r] as number;
      if (place !== undefined && !Number.isNaN(value)) this.#cells[place * STRIDE + MEMORY] = value;
    }
  }

  #sweep(): void {
    for (const [key, place] of this.#places) {
      if (this.#tick - (this.#cells[place * STRIDE + TICK] as number) <= KEPT_TICKS) continue;
      this.#places.delete(key);
      this.#who[place] = undefined;
      this.#free.push(place);
    }
  }

  /** The machine; undefined while there is nothing to tell. */
  self(): NodeReading | undefined {
    for (const [place, member] of this.#who.entries()) {
      if (member?.kind !== 'node') continue;
      const usage = this.#usageAt(place);
      return usage && { name: this.name, ...usage };
    }
    return undefined;
  }

  /** By namespace and name; made once a tick, when somebody asks. */
  pods(): ReadonlyMap<string, ReadonlyMap<string, PodReading>> {
    this.#pods ??= this.#group();
    return this.#pods;
  }

  #group(): Pods {
    const all = new Map<string, Map<string, number[]>>();
    for (const [place, member] of this.#who.entries()) {
      if (member?.kind !== 'container' || this.#cells[place * STRIDE + TICK] !== this.#tick) continue;
      const pods = all.get(member.namespace) ?? new Map<string, number[]>();
      all.set(member.namespace, pods);
      pods.set(member.pod, [...(pods.get(member.pod) ?? []), place]);
    }
    const grouped: Pods = new Map();
    for (const [namespace, pods] of all) {
      const own = new Map<string, PodReading>();
      for (const [name, places] of pods) {
        const pod = this.#podOf(namespace, name, places);
        if (pod) own.set(name, pod);
      }
      grouped.set(namespace, own);
    }
    return grouped;
  }

  /** Undefined where one of its containers has no rate yet: a part of a pod would pass for all of it. */
  #podOf(namespace: string, name: string, places: readonly number[]): PodReading | undefined {
    const newest = new Map<string, number>();
    for (const place of places) {
      const container = (this.#who[place] as Member).container;
      const known = newest.get(container);
      // Two of one name are one that was made anew.
      if (known === undefined || this.#startAt(place) > this.#startAt(known)) newest.set(container, place);
    }
    const containers: (Usage & { name: string; entity: Entity })[] = [];
    for (const [container, place] of [...newest].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const usage = this.#usageAt(place);
      if (usage === undefined) return undefined;
      containers.push({ name: container, entity: (this.#who[place] as Member).entity, ...usage });
    }
    const { timeMs, windowMs } = containers.reduce((first, one) => (one.timeMs < first.timeMs ? one : first));
    return { namespace, name, timeMs, windowMs, containers };
  }

  #startAt(place: number): number {
    return this.#cells[place * STRIDE + START] as number;
  }

  #usageAt(place: number): Usage | undefined {
    const at = place * STRIDE;
    const cell = (i: number): number => this.#cells[at + i] as number;
    if (cell(TICK) !== this.#tick || Number.isNaN(cell(RATE)) || Number.isNaN(cell(MEMORY))) return undefined;
    return { timeMs: cell(TIME), windowMs: cell(WINDOW), nanocores: Math.round(cell(RATE)), memory: cell(MEMORY) };
  }
}
