/** Numbers as people read them in a few cells; empty where nothing is known. */

const UNITS = ['B', 'K', 'M', 'G', 'T', 'P'];

/** Three digits and a binary unit, at most five cells: `999B`, `1.0K`, `61.2M`, `250G`. */
export function bytes(value: number | undefined): string {
  if (value === undefined) return '';
  let scaled = value;
  let unit = 0;
  // 999.6 would be written 1000.
  while (scaled >= 999.5 && unit < UNITS.length - 1) {
    scaled /= 1024;
    unit++;
  }
  return `${scaled >= 99.95 || unit === 0 ? scaled.toFixed(0) : scaled.toFixed(1)}${UNITS[unit]}`;
}

/** A share of one as percent: `12.3`; of a thousand and more, without the fraction. */
export function percent(share: number | undefined): string {
  if (share === undefined) return '';
  const value = share * 100;
  return value >= 999.95 ? value.toFixed(0) : value.toFixed(1);
}

/** A percentage in four cells at most: `5.2`, `95`. */
export function shortPercent(share: number | undefined): string {
  if (share === undefined) return '';
  const value = share * 100;
  return value >= 9.95 ? value.toFixed(0) : value.toFixed(1);
}

export function count(value: number | undefined): string {
  return value === undefined ? '' : String(value);
}

const STEPS: readonly (readonly [seconds: number, unit: string])[] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'm'],
];

/** `42s`, `7m`, `3h`, `12d`: the largest unit that is full. */
export function span(ms: number | undefined): string {
  if (ms === undefined) return '';
  const seconds = Math.max(0, Math.floor(ms / 1000));
  for (const [step, unit] of STEPS) if (seconds >= step) return `${Math.floor(seconds / step)}${unit}`;
  return `${seconds}s`;
}
