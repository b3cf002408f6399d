/** Received samples into the head: each to its place in time, or counted with a reason. */
import { type Labels, labels, labelValue, pairsOf } from '../../../src/model/labels.ts';
import type { MetricInfo } from '../../query/source.ts';
import type { Loose, LooseShape, LooseTable } from '../head/loose.ts';
import { RECEIVED_LEVEL } from '../life/tables.ts';
import type { ReceivedSeries } from '../types.ts';

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
  readonly kept: ReceivedSeries[];
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
  series: readonly ReceivedSeries[],
  { limits, nowMs, known }: { readonly limits: TakingLimits; readonly nowMs: number; readonly known: KnownSeries },
): Taken {
  const dropped = new Map<string, number>();
  const kept: ReceivedSeries[] = [];
  let accepted = 0;
  let problem: string | undefined;
  const drop = (reason: string, count: number, words: () => string): void => {
    if (count === 0) return;
    dropped.set(reason, (dropped.get(reason) ?? 0) + count);
    problem ??= words();
  };
  for (const one of series) {
    const count = one.timesMs.length;
    const metric = labelValue(one.labels, '__name__');
    if (metric === undefined) {
      drop('bad_labels', count, () => 'a series has no name (__name__)');
      continue;
    }
    if (count > 0 && !known.admit(one.labels, limits.maxSeries)) {
      drop(
        'max_series',
        count,
        () => `${metric}: there are ${limits.maxSeries} series of others; raise store.max_series`,
      );
      continue;
    }
    const within = (timeMs: number): boolean => timeMs >= nowMs - limits.acceptAgeMs && timeMs <= nowMs + AHEAD_MS;
    const fits = one.timesMs.every(within) ? one : only(one, within);
    for (const timeMs of one.timesMs) {
      if (timeMs < nowMs - limits.acceptAgeMs)
        drop('too_old', 1, () => `${metric}: ${new Date(timeMs).toISOString()} is older than store.accept_age allows`);
      else if (timeMs > nowMs + AHEAD_MS)
        drop('too_far_ahead', 1, () => `${metric}: ${new Date(timeMs).toISOString()} is in the future`);
    }
    accepted += fits.timesMs.length;
    if (fits.timesMs.length > 0) kept.push(fits);
  }
  return { kept, accepted, dropped, problem };
}

function only(one: ReceivedSeries, wanted: (timeMs: number) => boolean): ReceivedSeries {
  const places = [...one.timesMs.keys()].filter((i) => wanted(one.timesMs[i] as number));
  const stale = one.stale?.flatMap((at) => (places.includes(at) ? [places.indexOf(at)] : []));
  return {
    labels: one.labels,
    timesMs: Float64Array.from(places, (i) => one.timesMs[i] as number),
    values: Float64Array.from(places, (i) => one.values[i] as number),
    ...(stale !== undefined && stale.length > 0 ? { stale } : {}),
  };
}

/** Series of others that are in memory. */
export interface KnownSeries {
  /** Whether a series is known, or there is room for it. */
  admit(labels: Labels, most: number): boolean;
}

/** Puts samples to their places; answers how many contradicted what is there, and where. */
export function putSeries(loose: Loose, one: ReceivedSeries, infos: Infos): { readonly others: number } {
  const { table, row } = tableOf(loose, one.labels, infos);
  const stale = new Set(one.stale);
  let others = 0;
  for (let i = 0; i < one.timesMs.length; i++) {
    const value = one.values[i] as number;
    const measured = Number.isNaN(value) && !stale.has(i);
    const added = table.add(row, { timeMs: one.timesMs[i] as number, cell: () => value, measured });
    if (added === 'other') others++;
  }
  return { others };
}

function tableOf(loose: Loose, all: Labels, infos: Infos): { readonly table: LooseTable; readonly row: Labels } {
  const metric = labelValue(all, '__name__') as string;
  return {
    table: loose.table(`${RECEIVED_LEVEL} ${metric}`, () => shapeOf(metric, infos.get(metric))),
    row: withoutName(all),
  };
}

/** A series' labels as those of its row. */
export function withoutName(all: Labels): Labels {
  return labels([...pairsOf(all)].filter(([name]) => name !== '__name__'));
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
