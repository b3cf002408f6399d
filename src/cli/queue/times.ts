/** A time as somebody gives it on the command line into Unix milliseconds: a date and time, or how long ago. */
import { parseDuration } from '../../config/units.ts';
import { ConfigError } from '../../errors.ts';

const DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/** Undefined if it is not given; throws a ConfigError, which names the option, for what is no time. */
export function timeOf(option: string, text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const ago = parseDuration(text);
  if (ago !== undefined) return nowMs - ago;
  const timeMs = DATE.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(timeMs)) return timeMs;
  throw new ConfigError(
    `${option}: is ${JSON.stringify(text)}: must be a time such as "2027-01-15T08:00:00Z", or how long ago, such as "90m"`,
  );
}
