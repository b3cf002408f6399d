/** deriv and predict_linear: a straight line through the samples of a range, by least squares. */
import type { Points } from '../source.ts';
import type { Row } from '../eval/rows.ts';
import { KahanSum } from './kahan.ts';
import type { Windows } from './window.ts';

interface Line {
  slope: number;
  /** The line's value at the time that counts as zero. */
  intercept: number;
}

const x1 = new KahanSum();
const y1 = new KahanSum();
const xy = new KahanSum();
const x2 = new KahanSum();
const line: Line = { slope: 0, intercept: 0 };

function leastSquares({ timesMs, values }: Points, from: number, to: number, zeroMs: number): Line {
  for (const sum of [x1, y1, xy, x2]) sum.clear();
  const first = values[from] as number;
  let constant = true;
  for (let i = from; i < to; i++) {
    const y = values[i] as number;
    const x = ((timesMs[i] as number) - zeroMs) / 1000;
    if (y !== first) constant = false;
    x1.add(x);
    y1.add(y);
    xy.add(x * y);
    x2.add(x * x);
  }
  if (constant) {
    line.slope = Number.isFinite(first) ? 0 : Number.NaN;
    line.intercept = Number.isFinite(first) ? first : Number.NaN;
    return line;
  }
  const n = to - from;
  line.slope = (xy.total - (x1.total * y1.total) / n) / (x2.total - (x1.total * x1.total) / n);
  line.intercept = y1.total / n - (line.slope * x1.total) / n;
  return line;
}

export function deriv(points: Points, { lo, hi, steps, spend }: Windows, out: Row): void {
  for (let i = 0; i < steps; i++) {
    const from = lo[i] as number;
    const to = hi[i] as number;
    out.has[i] = to - from < 2 ? 0 : 1;
    spend(to - from);
    if (to - from >= 2) out.values[i] = leastSquares(points, from, to, points.timesMs[from] as number).slope;
  }
}

/** Where the line is so many seconds after the time of the question. */
export function predictLinear(seconds: Float64Array) {
  return (points: Points, windows: Windows, out: Row): void => {
    const { lo, hi, steps, spend } = windows;
    for (let i = 0; i < steps; i++) {
      const from = lo[i] as number;
      const to = hi[i] as number;
      out.has[i] = to - from < 2 ? 0 : 1;
      if (to - from < 2) continue;
      spend(to - from);
      const { slope, intercept } = leastSquares(points, from, to, windows.evalMs + i * windows.evalStepMs);
      out.values[i] = slope * (seconds[i] as number) + intercept;
    }
  };
}
