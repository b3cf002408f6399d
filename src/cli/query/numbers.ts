/** Numbers as a person reads them in a table: all digits that matter, none that do not, and large ones still apart from each other. */

/** Six digits that count; texts that read back are for --json and --csv. */
export function shown(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return `${value}`;
  const text = Number(value.toPrecision(6)).toString();
  return text;
}

/** As Prometheus writes it. */
export function exact(value: number): string {
  return Number.isFinite(value) ? `${value}` : shown(value);
}

/** For the axis of a chart: 4 characters or so, with k, M, G, T; or m, µ, n. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (value === 0) return '0';
  const [, factor, letter] = SCALES.find(([from]) => size >= from) ?? ([0, 1e-9, 'n'] as const);
  return `${Number((value / factor).toPrecision(4))}${letter}`;
}

const SCALES: readonly (readonly [from: number, factor: number, letter: string])[] = [
  [1e15, 1e15, 'P'],
  [1e12, 1e12, 'T'],
  [1e9, 1e9, 'G'],
  [1e6, 1e6, 'M'],
  [1e4, 1e3, 'k'],
  [1e-2, 1, ''],
  [1e-4, 1e-3, 'm'],
  [1e-7, 1e-6, '\u00b5'],
];
