/** Moments as a person reads them, in the time zone of the browser: `07:42:28`, `2026-11-27`. */

/** Unix seconds. */
export function clockTime(seconds: number, withSeconds = true): string {
  const at = new Date(seconds * 1000);
  const parts = [at.getHours(), at.getMinutes(), ...(withSeconds ? [at.getSeconds()] : [])];
  return parts.map(two).join(':');
}

export function day(seconds: number): string {
  const at = new Date(seconds * 1000);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

export function moment(seconds: number): string {
  return `${day(seconds)} ${clockTime(seconds)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

const A_DAY = 86_400;

/** Along an axis: the time, and below the first of each day that day; days alone where a step is one or more. */
export function ticks(splits: readonly number[], step: number): string[] {
  let last = '';
  return splits.map((split) => {
    const date = day(split);
    if (step >= A_DAY) return date;
    const time = clockTime(split, step < 60);
    const text = date === last ? time : `${time}\n${date}`;
    last = date;
    return text;
  });
}

/** Pixels from one time to the next, with some air, by the seconds that fifty take: for `10:49`, or for `10:49:30` and `2026-11-27`. */
export function tickRoom(seconds: number): number {
  return seconds > 30 && seconds < A_DAY / 2 ? 50 : 76;
}
