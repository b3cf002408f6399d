/** A log that keeps what it is told. */
import { type Log, silent } from '../../src/log.ts';

export interface TalkingLog extends Log {
  /** Messages of warnings and errors, in order. */
  readonly warned: string[];
}

export function talkingLog(): TalkingLog {
  const warned: string[] = [];
  const keep = (_: object, message: string): void => void warned.push(message);
  return { ...silent, warn: keep, error: keep, warned };
}
