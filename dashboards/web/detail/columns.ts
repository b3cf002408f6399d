/** Series as columns over one axis of time, as a chart draws them: gaps are null. Pure. */
import type { Series } from '../api/prom.ts';
import type { Steps } from '../state/range.ts';
import type { Question } from './questions.ts';

export interface Line {
  readonly name: string;
  readonly limit: boolean;
  readonly below: boolean;
  /** Of the time before, for comparison. */
  readonly before: boolean;
  readonly values: (number | null)[];
}

export interface Drawing {
  readonly times: number[];
  readonly lines: readonly Line[];
}

/** `in`, `eth0 in`: a label's value in the place of its name. */
export function nameOf(name: string, labels: Readonly<Record<string, string>>): string {
  return name
    .replaceAll(/\{\{(\w+)\}\}/g, (_all, label: string) =>
      Object.hasOwn(labels, label) ? (labels[label] as string) : '',
    )
    .trim();
}

/** Every step from `from` to `to`; where a series has no value there is a gap. `by` is how much later its times are shown. */
export function drawingOf(
  answers: readonly { readonly question: Question; readonly series: readonly Series[]; readonly by?: number }[],
  { from, to, step }: Steps,
): Drawing {
  const times = timesOf({ from, to, step });
  const lines = answers.flatMap(({ question, series, by = 0 }) =>
    series.map(({ labels, points }): Line => {
      const values = new Array<number | null>(times.length).fill(null);
      for (const [time, value] of points) {
        const at = Math.round((time + by - from) / step);
        if (at >= 0 && at < values.length && Number.isFinite(value)) values[at] = question.below ? -value : value;
      }
      const name = nameOf(question.name, labels);
      return { name, limit: question.limit ?? false, below: question.below ?? false, before: by > 0, values };
    }),
  );
  return { times, lines: lines.filter(({ values }) => values.some((value) => value !== null)) };
}

export function timesOf({ from, to, step }: Steps): number[] {
  return Array.from({ length: Math.max(0, Math.floor((to - from) / step + 1e-6)) + 1 }, (_, i) => from + i * step);
}

/** A drawing that goes on: what is older than `from` leaves, what a later answer has comes in its place. */
export function joined(earlier: readonly Series[], later: readonly Series[], from: number): Series[] {
  const all = new Map(earlier.map((series) => [keyOf(series), series]));
  for (const series of later) {
    const known = all.get(keyOf(series));
    const first = series.points[0]?.[0] ?? Number.POSITIVE_INFINITY;
    const kept = known?.points.filter(([time]) => time < first) ?? [];
    all.set(keyOf(series), { labels: series.labels, points: [...kept, ...series.points] });
  }
  return [...all.values()].flatMap(({ labels, points }) => {
    const still = points.filter(([time]) => time >= from);
    return still.length === 0 ? [] : [{ labels, points: still }];
  });
}

function keyOf({ labels }: Series): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export interface Mark {
  readonly at: number;
  readonly what: 'start' | 'end' | 'oom';
}

/** Moments between `from` and `to` that a series of moments (`container_start_time_seconds`) names, each once. */
export function momentsIn(
  series: readonly Series[],
  what: Mark['what'],
  { from, to }: { from: number; to: number },
): Mark[] {
  const found = new Set(
    series.flatMap(({ points }) => points.map(([time, value]) => Math.round(what === 'oom' ? time : value))),
  );
  const moments = [...found].filter((at) => at >= from && at <= to).sort((a, b) => a - b);
  // An increase is seen at every step that its window reaches over.
  return moments
    .filter((at, i) => what !== 'oom' || i === 0 || at - (moments[i - 1] as number) > 60)
    .map((at) => ({ at, what }));
}
