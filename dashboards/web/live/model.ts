/**
 * The present: a snapshot, then a window at a time, come in; everything that is there goes out, with what happened lately. A message that does
 * not follow the one before is refused: the page then asks for a snapshot.
 */
import { type Happening, happenings } from './lately.ts';
import {
  type Host,
  type Identity,
  type Pipeline,
  type Row,
  rowOf,
  type Snapshot,
  type WindowMessage,
} from './message.ts';

export interface Model {
  readonly run: string;
  readonly version: string;
  readonly cluster: string;
  /** Seconds. */
  readonly window: number;
  readonly fields: readonly string[];
  readonly seq: number;
  /** Of the last window, Unix seconds. */
  readonly end: number;
  readonly identities: ReadonlyMap<number, Identity>;
  readonly rows: ReadonlyMap<number, Row>;
  readonly hosts: readonly Host[];
  readonly pipeline: Pipeline;
  /** Samples that were lost in the last window. */
  readonly lost: number;
  readonly lately: readonly Happening[];
}

const TRAIL = 60;

export function begin(snapshot: Snapshot): Model {
  const { run, version, cluster, window, fields, seq, end, hosts, pipeline, trails } = snapshot;
  const identities = new Map(snapshot.things.map((thing) => [thing.n, thing]));
  const rows = new Map<number, Row>();
  for (const cells of snapshot.rows) {
    const [n] = cells;
    const identity = identities.get(n);
    if (identity === undefined) continue;
    const [cpu = [], memory = []] = trails[n] ?? [];
    const row = rowOf(identity, fields, cells, 1);
    row.cpuTrail = cpu.map(numeric);
    row.memoryTrail = memory.map(numeric);
    rows.set(n, row);
  }
  const lately = happenings([...rows.values()], new Map(), { end, known: [] });
  return { run, version, cluster, window, fields, seq, end, identities, rows, hosts, pipeline, lost: 0, lately };
}

/** Undefined: something was missed. */
export function next(model: Model, message: WindowMessage): Model | undefined {
  const steps = nextInSteps(model, message);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** As many rows as are made in a few milliseconds; then somebody who scrolls gets a turn. */
const ROWS_A_STEP = 250;

/** The same in steps, between which a browser may draw. */
export function* nextInSteps(model: Model, message: WindowMessage): Generator<undefined, Model | undefined> {
  if (message.seq !== model.seq + 1) return undefined;
  const identities = new Map(model.identities);
  for (const thing of message.things) identities.set(thing.n, thing);
  const rows = new Map<number, Row>();
  for (const cells of message.rows) {
    const [n] = cells;
    const identity = identities.get(n);
    if (identity === undefined) return undefined;
    const before = model.rows.get(n);
    const row = rowOf(identity, model.fields, cells, 1);
    row.cpuTrail = longer(before?.cpuTrail, row.cpu);
    row.memoryTrail = longer(before?.memoryTrail, row.memory);
    rows.set(n, row);
    if (rows.size % ROWS_A_STEP === 0) yield undefined;
  }
  // What has left is forgotten, as the collector forgets its number.
  for (const n of identities.keys()) if (!rows.has(n)) identities.delete(n);
  const { seq, end, hosts, pipeline } = message;
  const lost = Math.max(0, pipeline.dropped - model.pipeline.dropped);
  const lately = happenings([...rows.values()], model.rows, { end, known: model.lately });
  return { ...model, seq, end, identities, rows, hosts, pipeline, lost, lately };
}

function longer(trail: readonly (number | null)[] = [], value: number | null): readonly (number | null)[] {
  const out = trail.slice(trail.length >= TRAIL ? 1 - TRAIL : 0);
  out.push(value);
  return out;
}

function numeric(cell: unknown): number | null {
  return typeof cell === 'number' ? cell : null;
}
