/** A small curve as a path: values come in, the newest last, `M0 8L4 3…` goes out. A gap is a gap. */

export interface SparkSize {
  readonly width: number;
  readonly height: number;
  /** Points that there is room for; fewer are put to the right. */
  readonly points: number;
  /** What a full height stands for, at least. */
  readonly least: number;
}

export function sparkPath(values: readonly (number | null)[], { width, height, points, least }: SparkSize): string {
  const shown = values.slice(-points);
  const top = Math.max(least, ...shown.map((value) => value ?? 0));
  const step = width / Math.max(1, points - 1);
  const from = points - shown.length;
  let path = '';
  let pen = 'M';
  shown.forEach((value, i) => {
    if (value === null) {
      pen = 'M';
      return;
    }
    const y = height - 1 - (Math.max(0, value) / top) * (height - 2);
    path += `${pen}${round((from + i) * step)} ${round(y)}`;
    pen = 'L';
  });
  // One point alone would not be seen.
  return /^M[^ML]*$/.test(path) ? `${path}h0.01` : path;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
