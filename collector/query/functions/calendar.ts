/** Parts of a date in UTC, of seconds since 1970. */

const DAY = 86_400_000;

/** The calendar repeats after 400 years, weekdays too. */
const ERA_SECONDS = 146_097 * 86_400;
/** Beyond it there is no `Date`. */
const FARTHEST = 8.64e12 - ERA_SECONDS;

function dateOf(seconds: number): Date {
  const near = Math.abs(seconds) > FARTHEST ? seconds % ERA_SECONDS : seconds;
  return new Date(Math.trunc(near) * 1000);
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
  [
    'year',
    (seconds) => {
      const eras = Math.abs(seconds) > FARTHEST ? Math.trunc(seconds / ERA_SECONDS) : 0;
      return dateOf(seconds).getUTCFullYear() + 400 * eras;
    },
  ],
];

/** They may be called without a vector: then of the time of the question. */
export const TIME_FUNCTIONS: ReadonlySet<string> = new Set(timeParts.map(([name]) => name));
