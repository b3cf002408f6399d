/**
 * rate, increase and delta, and their kin of the last two samples. What happened between the first and the last sample of a range is extrapolated to
 * its ends, by at most half a distance of samples where none is near, and for counters not below zero.
 */
import type { Points } from '../source.ts';
import type { Row } from '../eval/rows.ts';
import type { Windows } from './window.ts';

interface Kind {
  readonly counter: boolean;
  readonly perSecond: boolean;
}

export function extrapolated({ counter, perSecond }: Kind) {
  return (points: Points, windows: Windows, out: Row): void => {
    const { timesMs, values } = points;
    const { lo, hi, rangeMs, stepMs } = windows;
    const drops = counter ? dropsOf(points) : [];
    let firstDrop = 0;
    for (let i = 0, endMs = windows.endMs; i < windows.steps; i++, endMs += stepMs) {
      const first = lo[i] as number;
      const last = (hi[i] as number) - 1;
      out.has[i] = 0;
      if (last <= first) continue;
      let grown = (values[last] as number) - (values[first] as number);
      while (firstDrop < drops.length && (drops[firstDrop] as number) <= first) firstDrop++;
      for (let d = firstDrop; d < drops.length && (drops[d] as number) <= last; d++) {
        grown += values[(drops[d] as number) - 1] as number;
      }
      const firstMs = timesMs[first] as number;
      const lastMs = timesMs[last] as number;
      const sampled = (lastMs - firstMs) / 1000;
      const average = sampled / (last - first);
      const threshold = average * 1.1;
      let toStart = (firstMs - (endMs - rangeMs)) / 1000;
      let toEnd = (endMs - lastMs) / 1000;
      if (toStart >= threshold) toStart = average / 2;
      const start = values[first] as number;
      if (counter && grown > 0 && start >= 0) {
        const toZero = sampled * (start / grown);
        if (toZero < toStart) toStart = toZero;
      }
      if (toEnd >= threshold) toEnd = average / 2;
      let factor = (sampled + toStart + toEnd) / sampled;
      if (perSecond) factor /= rangeMs / 1000;
      out.values[i] = grown * factor;
      out.has[i] = 1;
    }
  };
}

/** Where a counter was less than before: it had begun anew. */
function dropsOf({ values, length }: Points): number[] {
  const drops: number[] = [];
  for (let i = 1; i < length; i++) if ((values[i] as number) < (values[i - 1] as number)) drops.push(i);
  return drops;
}

/** irate and idelta. */
export function lastTwo({ counter, perSecond }: Kind) {
  return ({ timesMs, values }: Points, { lo, hi, steps }: Windows, out: Row): void => {
    for (let i = 0; i < steps; i++) {
      const last = (hi[i] as number) - 1;
      out.has[i] = 0;
      if (last <= (lo[i] as number)) continue;
      const now = values[last] as number;
      const before = values[last - 1] as number;
      const grown = counter && now < before ? now : now - before;
      const seconds = ((timesMs[last] as number) - (timesMs[last - 1] as number)) / 1000;
      out.values[i] = perSecond ? grown / seconds : grown;
      out.has[i] = 1;
    }
  };
}
