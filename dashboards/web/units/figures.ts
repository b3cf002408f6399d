/** Numbers as a person says them: base units come in, a few characters go out. What is not known is a dash. */

export const UNKNOWN = '–';

export type Unit = 'bytes' | 'bytes/s' | 'cores' | 'share' | 'seconds' | 'count' | 'count/s';

type Maybe = number | null | undefined;

const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

function known(value: Maybe): value is number {
  return value !== null && value !== undefined && Number.isFinite(value);
}

/** Three digits that matter, without an exponent: `0.04`, `1.23`, `45.6`, `789`. */
export function digits(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  if (size >= 0.01) return value.toFixed(2);
  return Number(value.toPrecision(2)).toString();
}

/** `1.21 GiB`: powers of 1024, as limits are given. */
export function bytes(value: Maybe): string {
  if (!known(value)) return UNKNOWN;
  let [size, step] = [Math.abs(value), 0];
  // 1023.9 would be said as 1024.
  while (size >= 999.5 && step < BINARY.length - 1) {
    size /= 1024;
    step++;
  }
  const text = step === 0 ? size.toFixed(0) : digits(size);
  return `${value < 0 ? '−' : ''}${text} ${BINARY[step]}`;
}

export function bytesPerSecond(value: Maybe): string {
  return known(value) ? `${bytes(value)}/s` : UNKNOWN;
}

/** 100 % is one core, as `docker stats` and `top` count. */
export function cores(value: Maybe): string {
  return known(value) ? percent(value) : UNKNOWN;
}

/** A share of one: `0.042` is `4.2 %`. */
export function percent(value: Maybe): string {
  if (!known(value)) return UNKNOWN;
  const hundred = value * 100;
  return `${Math.abs(hundred) >= 100 ? hundred.toFixed(0) : hundred.toFixed(1)} %`;
}

const SPANS = [
  ['y', 365 * 86400],
  ['d', 86400],
  ['h', 3600],
  ['m', 60],
] as const;

/** `45 s`, `3 m 20 s`, `5 h 2 m`, `12 d 4 h`: the two largest parts. */
export function span(seconds: Maybe): string {
  if (!known(seconds)) return UNKNOWN;
  const whole = Math.max(0, Math.round(seconds));
  const at = SPANS.findIndex(([, size]) => whole >= size);
  if (at < 0) return `${whole} s`;
  const [name, size] = SPANS[at] as (typeof SPANS)[number];
  const [nextName, nextSize] = SPANS[at + 1] ?? ['s', 1];
  const rest = Math.floor((whole % size) / nextSize);
  return `${Math.floor(whole / size)} ${name}${rest > 0 ? ` ${rest} ${nextName}` : ''}`;
}

/** Short, for a column: `45s`, `3m`, `5h`, `12d`. */
export function shortSpan(seconds: Maybe): string {
  if (!known(seconds)) return UNKNOWN;
  const whole = Math.max(0, Math.round(seconds));
  const found = SPANS.find(([, size]) => whole >= size);
  return found ? `${Math.floor(whole / found[1])}${found[0]}` : `${whole}s`;
}

/** How long something takes: `4.2 ms`, `1.5 s`. */
export function duration(seconds: Maybe): string {
  if (!known(seconds)) return UNKNOWN;
  const size = Math.abs(seconds);
  if (size === 0) return '0 s';
  if (size < 0.001) return `${digits(seconds * 1e6)} µs`;
  if (size < 1) return `${digits(seconds * 1000)} ms`;
  return size < 120 ? `${digits(seconds)} s` : span(seconds);
}

const DECIMAL = ['', ' k', ' M', ' G', ' T'] as const;

/** `12`, `3.4 k`, `1.2 M`. */
export function count(value: Maybe): string {
  if (!known(value)) return UNKNOWN;
  let [size, step] = [value, 0];
  // Four digits are as short as three and a letter.
  while (Math.abs(size) >= (step === 0 ? 9999.5 : 999.5) && step < DECIMAL.length - 1) {
    size /= 1000;
    step++;
  }
  return `${Number.isInteger(size) ? size : digits(size)}${DECIMAL[step]}`;
}

const SAY: Readonly<Record<Unit, (value: Maybe) => string>> = {
  bytes,
  'bytes/s': bytesPerSecond,
  cores,
  share: percent,
  seconds: duration,
  count,
  'count/s': (value) => (known(value) ? `${count(value)}/s` : UNKNOWN),
};

/** Of an axis: the marks of one unit and step, none rounded, so that `0.25 %` is not called `0.3 %` beside `0.5 %`. */
export function sayMarks(values: readonly number[], unit: Unit): string[] {
  if (unit !== 'share' && unit !== 'cores') return values.map((value) => say(value, unit));
  const exact = (decimals: number) =>
    values.every((value) => Math.abs(value * 100 - Number((value * 100).toFixed(decimals))) < 1e-9);
  const decimals = [0, 1, 2, 3].find(exact) ?? 4;
  return values.map((value) => `${(value * 100).toFixed(decimals)} %`);
}

export function say(value: Maybe, unit: Unit): string {
  return SAY[unit](value);
}

/** By the end of a metric's name, as all of Prometheus' world has it. `rate`: it is a counter's increase per second. */
export function unitOf(metric: string, rate = false): Unit {
  if (/_bytes(_total)?$|_memory_(rss|cache|swap)$/.test(metric)) return rate ? 'bytes/s' : 'bytes';
  if (/_ratio$/.test(metric)) return 'share';
  if (/_cores$/.test(metric)) return 'cores';
  if (/_seconds(_total)?$/.test(metric)) return rate ? 'share' : 'seconds';
  return rate ? 'count/s' : 'count';
}
