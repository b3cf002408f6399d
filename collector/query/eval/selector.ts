/** Instant vector selectors: for each step the last sample that is young enough and after which the series did not end. */
import type { Points } from '../source.ts';
import { emptyPoints } from '../source.ts';
import type { VectorSelector } from '../parse/ast.ts';
import type { Context } from './context.ts';
import { shiftedGrid } from './context.ts';
import type { Grid, Row } from './rows.ts';
import { endOf, newRow } from './rows.ts';
import { NO_LABELS } from '../../../src/model/labels.ts';

/** `times`: the samples' own times in seconds in place of their values, for timestamp(). */
export function* selectorRows(selector: VectorSelector, grid: Grid, context: Context, times = false): Generator<Row> {
  const at = shiftedGrid(selector, grid, context);
  const points = emptyPoints();
  const row = newRow(NO_LABELS, grid.steps);
  const selection = {
    matchers: selector.matchers,
    fromMs: at.startMs - context.lookbackMs + 1,
    toMs: endOf(at),
    stepMs: grid.steps === 1 ? 0 : grid.stepMs,
    rangeMs: 0,
  };
  for (const series of context.source.select(selection)) {
    points.length = 0;
    points.ends.length = 0;
    series.read(points);
    context.budget.read(points.length);
    row.labels = series.labels;
    if (fill(row, points, at, context.lookbackMs) > 0) {
      if (times) timesInstead(row, points, at);
      yield row;
    }
    context.budget.work(grid.steps);
  }
}

/** How many steps have a value. */
function fill(row: Row, points: Points, at: Grid, lookback: number): number {
  const { values, has } = row;
  const { timesMs, length, ends } = points;
  const lookbackMs = Math.max(lookback, 2 * points.resolutionMs);
  let found = 0;
  let next = 0;
  let end = 0;
  let endedMs = Number.NEGATIVE_INFINITY;
  for (let i = 0, t = at.startMs; i < at.steps; i++, t += at.stepMs) {
    while (next < length && (timesMs[next] as number) <= t) next++;
    while (end < ends.length && (ends[end] as number) <= t) endedMs = ends[end++] as number;
    const last = next === 0 ? Number.NEGATIVE_INFINITY : (timesMs[next - 1] as number);
    if (last > t - lookbackMs && endedMs <= last) {
      values[i] = points.values[next - 1] as number;
      has[i] = 1;
      found++;
    } else has[i] = 0;
  }
  return found;
}

function timesInstead({ values, has }: Row, { timesMs, length }: Points, at: Grid): void {
  let next = 0;
  for (let i = 0, t = at.startMs; i < at.steps; i++, t += at.stepMs) {
    while (next < length && (timesMs[next] as number) <= t) next++;
    if (has[i] === 1) values[i] = (timesMs[next - 1] as number) / 1000;
  }
}
