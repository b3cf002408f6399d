/**
 * The strictest comparison with the kernel there is: its file is read, then a view of ours that was measured after that, then the
 * file again. A counter shown must lie between the two, and what stands still must be equal; no tolerance is needed.
 */
import { expect } from 'vitest';
import type { Match, Page } from './page.ts';
import type { Stage, ViewName } from './stage.ts';
import { waitFor } from './wait.ts';

/** A number of the kernel, and the series that shows it. */
export interface Shown {
  readonly metric: string;
  readonly labels?: Match;
  /** Reads it from the kernel's file now, in the metric's unit. */
  readonly kernel: () => number;
}

/** What must be able to be asked. */
type Asked = Pick<Stage, 'until'>;

/** Ticks are a second apart: what was seen a second later belongs to a tick that began later. */
const TICK_SECONDS = 1;

/** A view of a running container that was measured after now. */
export function measuredFromNow(stage: Asked, view: ViewName, container: Match): Promise<Page> {
  const since = Date.now() / 1000;
  const fresh = (page: Page): Page | false =>
    page.value('container_last_seen', container) >= since + TICK_SECONDS && page;
  return stage.until(view, fresh, `a reading of ${JSON.stringify(container)}`);
}

interface Expected {
  /** What tells the container's series from others: `{ name: 'web' }`. */
  readonly container: Match;
  readonly shown: readonly Shown[];
  readonly views: readonly ViewName[];
}

/** Expects counters of a running container between two readings of the kernel's files, in every view named. */
export async function expectBracketed(stage: Asked, { container, shown, views }: Expected): Promise<void> {
  const low = shown.map(({ kernel }) => kernel());
  const pages = await Promise.all(views.map((view) => measuredFromNow(stage, view, container)));
  const high = shown.map(({ kernel }) => kernel());
  for (const [v, page] of pages.entries()) {
    for (const [i, { metric, labels }] of shown.entries()) {
      const value = page.value(metric, { ...container, ...labels });
      expect(value, `${metric}, ${views[v]}`).toBeGreaterThanOrEqual(low[i] as number);
      expect(value, `${metric}, ${views[v]}`).toBeLessThanOrEqual(high[i] as number);
    }
  }
}

/** Expects gauges equal to the kernel's files, in every view named. Waits for a moment in which the kernel's numbers stand still. */
export async function expectEqual(stage: Asked, { container, shown, views }: Expected): Promise<void> {
  const still = async (): Promise<{ pages: readonly Page[]; kernel: readonly number[] } | false> => {
    const before = shown.map(({ kernel }) => kernel());
    const pages = await Promise.all(views.map((view) => measuredFromNow(stage, view, container)));
    const kernel = shown.map((each) => each.kernel());
    return before.every((value, i) => value === kernel[i]) && { pages, kernel };
  };
  const { pages, kernel } = await waitFor(still, { timeoutMs: 40_000, what: 'the kernel’s numbers to stand still' });
  const named = (values: readonly number[]) => shown.map(({ metric, labels }, i) => [metric, labels, values[i]]);
  for (const [v, page] of pages.entries()) {
    const values = shown.map(({ metric, labels }) => page.value(metric, { ...container, ...labels }));
    expect(named(values), views[v]).toEqual(named(kernel));
  }
}
