/** Two servers' answers to the same question: what differs, in words. */
import type { Range } from './prometheus.ts';

/** Labels that the two servers have otherwise. */
export type Unlike = ReadonlySet<string>;

type Points = Range['points'];

function keyed(series: readonly Range[], unlike: Unlike): Map<string, Points> {
  return new Map(
    series.map(({ labels, points }) => {
      const own = Object.entries(labels).filter(([name]) => !unlike.has(name));
      return [JSON.stringify(own.sort(([a], [b]) => (a < b ? -1 : 1))), points];
    }),
  );
}

/** Sums of floats depend on the order in their last digits. */
export function isNear(a: number, b: number): boolean {
  return Object.is(a, b) || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));
}

/** None if both are the same. */
export function differences(ours: readonly Range[], theirs: readonly Range[], unlike: Unlike): string[] {
  const [a, b] = [keyed(ours, unlike), keyed(theirs, unlike)];
  return [
    ...[...b.keys()].filter((key) => !a.has(key)).map((key) => `we have no ${key}`),
    ...[...a.keys()].filter((key) => !b.has(key)).map((key) => `only we have ${key}`),
    ...[...a].flatMap(([key, points]) => {
      const there = b.get(key);
      if (there === undefined || samePoints(points, there)) return [];
      return [`${key}: ${JSON.stringify(points.slice(-4))} and there ${JSON.stringify(there.slice(-4))}`];
    }),
  ];
}

function samePoints(a: Points, b: Points): boolean {
  return (
    a.length === b.length && a.every(([time, value], i) => time === b[i]?.[0] && isNear(value, b[i]?.[1] as number))
  );
}

export interface Topk {
  readonly k: number;
  /** What topk is of, asked alone. */
  readonly of: string;
  /** It is the whole expression, not a choice among others' series. */
  readonly isAll: boolean;
}

/** The `topk(k, …)` at an expression's end. */
export function topkOf(expr: string): Topk | undefined {
  const [, k, of] = /(?:^|\band )topk\((\d+), (.*)\)$/s.exec(expr) ?? [];
  return k === undefined || of === undefined ? undefined : { k: Number(k), of, isAll: expr.startsWith('topk(') };
}

/**
 * Of an answer that ends in topk: of series that have the same value as the last that gets in, either server may take any, and no others. What only one of
 * them chose must be such a one at each moment; `all` is what topk is of.
 */
export function topkDifferences(
  answers: { readonly ours: readonly Range[]; readonly theirs: readonly Range[]; readonly all: readonly Range[] },
  { k, isAll }: Topk,
  unlike: Unlike,
): string[] {
  const [a, b, all] = [answers.ours, answers.theirs, answers.all].map((series) => keyed(series, unlike)) as [
    Map<string, Points>,
    Map<string, Points>,
    Map<string, Points>,
  ];
  const moments = [...momentsOf(a, b)].sort((x, y) => x - y);
  return moments.flatMap((time) => {
    const [here, there] = [valuesAt(a, time), valuesAt(b, time)];
    const ranked = valuesAt(all, time);
    const last = [...ranked.values()].sort((x, y) => y - x)[Math.min(k, ranked.size) - 1];
    const wrong: string[] = [];
    if (isAll && here.size !== there.size) wrong.push(`${here.size} series at ${time}, and there ${there.size}`);
    for (const [key, value] of here) {
      const other = there.get(key);
      if (other !== undefined && !isNear(value, other)) wrong.push(`${key} at ${time}: ${value} and there ${other}`);
    }
    for (const key of [...here.keys(), ...there.keys()]) {
      const value = ranked.get(key);
      if (here.has(key) && there.has(key)) continue;
      if (value === undefined || last === undefined || !isNear(value, last))
        wrong.push(
          `${key} is ${here.has(key) ? 'ours' : 'theirs'} alone at ${time}, with ${value}; the last is ${last}`,
        );
    }
    return wrong;
  });
}

function momentsOf(...answers: readonly ReadonlyMap<string, Points>[]): Set<number> {
  return new Set(answers.flatMap((series) => [...series.values()].flatMap((points) => points.map(([time]) => time))));
}

function valuesAt(series: ReadonlyMap<string, Points>, time: number): Map<string, number> {
  const found = new Map<string, number>();
  for (const [key, points] of series) {
    const value = points.find(([at]) => at === time)?.[1];
    if (value !== undefined) found.set(key, value);
  }
  return found;
}
