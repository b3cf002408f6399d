/** Received samples into the head: each to its place in time, or counted with a reason. */
import type { MetricInfo } from '../../query/source.ts';
import type { Loose, LooseRow, LooseShape, LooseTable } from '../head/loose.ts';
import { RECEIVED_LEVEL } from '../life/tables.ts';
import type { KnownSeries } from './known.ts';
import type { KnownSamples } from './packing.ts';

export interface TakingLimits {
  /** How old a sample may be. */
  readonly acceptAgeMs: number;
  /** Series of others in memory at a time. */
  readonly maxSeries: number;
}

/** Clocks of others may be ahead by so much. */
const AHEAD_MS = 10 * 60_000;

export interface Taken {
  /** What is to be kept, to be written down before it counts. */
  readonly kept: KnownSamples[];
  readonly accepted: number;
  readonly dropped: Map<string, number>;
  readonly problem: string | undefined;
}

/** What is known of the metrics of others. */
export type Infos = Map<string, MetricInfo>;

const MOST_INFOS = 100_000;

export function learn(infos: Infos, info: readonly MetricInfo[]): void {
  for (const one of info) if (infos.has(one.metric) || infos.size < MOST_INFOS) infos.set(one.metric, one);
}

/** Which samples may come in; nothing is changed by asking. */
export function admit(
  series: readonly KnownSamples[],
  { limits, nowMs, room }: { readonly limits: TakingLimits; readonly nowMs: number; readonly room: Room },
): Taken {
  const dropped = new Map<string, number>();
  const kept: KnownSamples[] = [];
  let accepted = 0;
  let problem: string | undefined;
  const drop = (reason: string, count: number, words: () => string): void => {
    if (count === 0) return;
    dropped.set(reason, (dropped.get(reason) ?? 0) + count);
    problem ??= words();
  };
  const fromMs = nowMs - limits.acceptAgeMs;
  const toMs = nowMs + AHEAD_MS;
  for (const one of series) {
    const count = one.timesMs.length;
    const { metric } = one.known;
    if (metric === undefined) {
      drop('bad_labels', count, () => 'a series has no name (__name__)');
      continue;
    }
    if (count > 0 && !room.admits(one.known, limits.maxSeries)) {
      drop(
        'max_series',
        count,
        () => `${metric}: there are ${limits.maxSeries} series of others; raise store.max_series`,
      );
      continue;
    }
    if (areAll(one.timesMs, fromMs, toMs)) {
      accepted += count;
      if (count > 0) kept.push(one);
      continue;
    }
    const fits = only(one, (timeMs) => timeMs >= fromMs && timeMs <= toMs);
    for (const timeMs of one.timesMs) {
      if (timeMs < fromMs)
        drop('too_old', 1, () => `${metric}: ${new Date(timeMs).toISOString()} is older than store.accept_age allows`);
      else if (timeMs > toMs)
        drop('too_far_ahead', 1, () => `${metric}: ${new Date(timeMs).toISOString()} is in the future`);
    }
    accepted += fits.timesMs.length;
    if (fits.timesMs.length > 0) kept.push(fits);
  }
  return { kept, accepted, dropped, problem };
}

function areAll(timesMs: Float64Array, fromMs: number, toMs: number): boolean {
  for (let i = 0; i < timesMs.length; i++) {
    const timeMs = timesMs[i] as number;
    // Nor is what is no number.
    if (!(timeMs >= fromMs && timeMs <= toMs)) return false;
  }
  return true;
}

function only(one: KnownSamples, wanted: (timeMs: number) => boolean): KnownSamples {
  const places = [...one.timesMs.keys()].filter((i) => wanted(one.timesMs[i] as number));
  return {
    known: one.known,
    timesMs: Float64Array.from(places, (i) => one.timesMs[i] as number),
    values: Float64Array.from(places, (i) => one.values[i] as number),
    stale: one.stale.flatMap((at) => (places.includes(at) ? [places.indexOf(at)] : [])),
  };
}

/** For series of others in memory. */
export interface Room {
  /** Whether a series is there, or can be. */
  admits(known: KnownSeries, most: number): boolean;
}

/** Where a series is in a head. */
export interface Place {
  readonly table: LooseTable;
  readonly row: LooseRow;
}

/** Puts samples to their places; answers how many contradicted what is there. */
export function putSeries({ table, row }: Place, { timesMs, values, stale }: KnownSamples): number {
  const marks = stale.length === 0 ? undefined : new Set(stale);
  let others = 0;
  for (let i = 0; i < timesMs.length; i++) {
    const value = values[i] as number;
    const measured = Number.isNaN(value) && marks?.has(i) !== true;
    if (table.addOne(row, { timeMs: timesMs[i] as number, value, measured }) === 'other') others++;
  }
  return others;
}

export function tableKey(metric: string | undefined): string {
  return `${RECEIVED_LEVEL} ${metric}`;
}

/** Its place in a head, made if it is not there. */
export function placeIn(loose: Loose, { metric = '', row }: KnownSeries, infos: Infos): Place {
  const table = loose.table(tableKey(metric), () => shapeOf(metric, infos.get(metric)));
  return { table, row: table.rowOf(row) };
}

const COUNTS = /_(total|count|sum|bucket)$/;

function shapeOf(metric: string, info: MetricInfo | undefined): LooseShape {
  const type = info?.type ?? 'unknown';
  const counts = type === 'counter' || (type !== 'gauge' && COUNTS.test(metric));
  const column = {
    metric,
    // The type as the sender has it, which is more than a kind.
    field: type,
    labels: [],
    kind: counts ? ('counter' as const) : ('gauge' as const),
    unit: 'none' as const,
    help: info?.help ?? '',
  };
  return { level: RECEIVED_LEVEL, measurement: metric, columns: [column] };
}
