/** What is remembered from one reading to the next, and what there is to show at the moment. Time is an argument. */
import type { Reading } from '../read/reading.ts';
import { groupRows } from './groups.ts';
import { type Happening, happenings } from './lately.ts';
import type { Row } from './row.ts';
import { rowsOf } from './rows.ts';
import { type Trail, type Trails, trails } from './trails.ts';
import { troubleOf } from './trouble.ts';

export interface Model {
  /** When its numbers were read. */
  readonly timeMs: number;
  /** Between the last two readings. */
  readonly intervalMs: number | undefined;
  readonly hosts: readonly Row[];
  readonly containers: readonly Row[];
  /** The groups of a collector, which are shown where it has no page of containers. */
  readonly groups: readonly Row[];
  readonly lately: readonly Happening[];
  readonly trouble: readonly string[];
  readonly trails: Pick<Trails, 'of'>;
  /** How far back the small curves of the table go. */
  readonly curveMs: number;
}

export interface Memory {
  /** Takes a reading; answers the model it makes. One of the same time as the last changes nothing. */
  take(reading: Reading): Model;
  /** What was before the first reading, for the curves; the model from now on goes so far back. */
  recall(past: ReadonlyMap<string, Trail>, backMs: number): void;
  readonly model: Model | undefined;
}

/** As far as the curves go where nobody knows what was before. */
const CURVE_MS = 120_000;

/** A collector's numbers name their host: then hosts have a column. */
export function hasHosts({ containers }: Pick<Model, 'containers'>): boolean {
  return containers.some(({ node }) => node !== '');
}

export function memory(earlier?: Reading): Memory {
  const kept = trails();
  let before = earlier;
  let rows: ReadonlyMap<string, Row> = new Map((earlier ? rowsOf({ now: earlier, before: undefined }) : []).map(keyed));
  let lately: readonly Happening[] = [];
  let model: Model | undefined;
  let curveMs = CURVE_MS;

  function take(reading: Reading): Model {
    if (model && reading.timeMs === before?.timeMs) return model;
    const now = rowsOf({ now: reading, before, last: rows });
    const containers = now.filter(({ kind }) => kind === 'container');
    const groups = now.filter(({ kind }) => kind === 'group');
    const together = [...groupRows(containers, 'service'), ...groupRows(containers, 'host')];
    kept.add([...now, ...together], reading.timeMs);
    lately = happenings(now, rows.size > 0 ? rows : undefined, { timeMs: reading.timeMs, known: lately });
    model = {
      timeMs: reading.timeMs,
      intervalMs: before && before.timeMs < reading.timeMs ? reading.timeMs - before.timeMs : model?.intervalMs,
      hosts: now.filter(({ kind }) => kind === 'host'),
      containers,
      groups,
      lately,
      trouble: troubleOf(reading, before),
      trails: kept,
      curveMs,
    };
    rows = new Map(now.map(keyed));
    before = reading;
    return model;
  }

  return {
    take,
    recall(past, backMs) {
      if (!model || past.size === 0) return;
      kept.recall(past);
      curveMs = backMs;
      model = { ...model, curveMs };
    },
    get model() {
      return model;
    },
  };
}

function keyed(row: Row): [string, Row] {
  return [row.key, row];
}
