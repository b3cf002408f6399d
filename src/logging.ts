/** The logger of the programs: pino, JSON lines on standard error, or plain text where a person reads along. */
import { pino } from 'pino';
import type { Hider } from './config/redact.ts';
import type { Log } from './log.ts';

export interface LoggingOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly format: 'auto' | 'json' | 'text';
  /** Standard error in the programs. */
  readonly stream: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Takes secrets out of what is written: others may quote what we sent them. */
  readonly hide?: Hider;
}

export function createLog({ level, format, stream, hide = (text) => text }: LoggingOptions): Log {
  const asText = format === 'text' || (format === 'auto' && stream.isTTY === true);
  const toLine = (line: string): string => (asText ? textLine(hide(line)) : hide(line));
  return pino({ level, base: null }, { write: (line: string) => void stream.write(toLine(line)) }) as Log;
}

const NAMES: ReadonlyMap<number, string> = new Map([
  [20, 'debug'],
  [30, 'info '],
  [40, 'WARN '],
  [50, 'ERROR'],
]);

/** `12:00:01 WARN  source failed source=cgroup err=…`. Not JSON (nobody else writes here): passed on as it is. */
export function textLine(line: string): string {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const { level, time, msg, err, ...fields } = entry;
  const clock = new Date(Number(time)).toISOString().slice(11, 19);
  const rest = Object.entries(fields).map(
    ([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const cause = err === undefined ? '' : ` error=${(err as { message?: string }).message ?? JSON.stringify(err)}`;
  // A container's name may hold control characters; a terminal must not obey them.
  return `${`${clock} ${NAMES.get(Number(level)) ?? level} ${String(msg)}${rest.join('')}${cause}`.replace(/\p{Cc}/gu, '\uFFFD')}\n`;
}
