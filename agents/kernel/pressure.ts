/** The text of /proc/pressure/<resource> and of a cgroup's <resource>.pressure: seconds that tasks were stalled. */
import { Lines } from './lines.ts';

const MICROSECONDS = 1e6;

export interface Pressure {
  /** Seconds in which at least one task waited; NaN when not in the text. */
  readonly some: number;
  /** Seconds in which all tasks waited; NaN when not in the text. */
  readonly full: number;
}

export function parsePressure(bytes: Buffer): Pressure {
  const lines = new Lines(bytes);
  let some = Number.NaN;
  let full = Number.NaN;
  while (lines.next()) {
    const key = lines.word();
    const seconds = Number(/(?:^|\s)total=(\d+)\s*$/.exec(lines.rest())?.[1] ?? Number.NaN) / MICROSECONDS;
    if (key === 'some') some = seconds;
    else if (key === 'full') full = seconds;
  }
  return { some, full };
}
