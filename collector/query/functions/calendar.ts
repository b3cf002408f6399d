/** Parts of a date in UTC, of seconds since 1970. */

const DAY = 86_400_000;

function dateOf(seconds: number): Date {
  return new Date(Math.trunc(seconds) * 1000);
}

function daysInMonth(seconds: number): number {
  const date = dateOf(seconds);
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
}

function dayOfYear(seconds: number): number {
  const date = dateOf(seconds);
  const first = new Date(0);
  first.setUTCFullYear(date.getUTCFullYear());
  return Math.floor((date.getTime() - first.getTime()) / DAY) + 1;
}

export const timeParts: readonly (readonly [string, (seconds: number) => number])[] = [
  ['minute', (seconds) => dateOf(seconds).getUTCMinutes()],
  ['hour', (seconds) => dateOf(seconds).getUTCHours()],
  ['day_of_month', (seconds) => dateOf(seconds).getUTCDate()],
  ['day_of_week', (seconds) => dateOf(seconds).getUTCDay()],
  ['day_of_year', dayOfYear],
  ['days_in_month', daysInMonth],
  ['month', (seconds) => dateOf(seconds).getUTCMonth() + 1],
  ['year', (seconds) => dateOf(seconds).getUTCFullYear()],
];

/** They may be called without a vector: then of the time of the question. */
export const TIME_FUNCTIONS: ReadonlySet<string> = new Set(timeParts.map(([name]) => name));
