/**
 * Answers in the forms of InfluxDB's versions, so that its clients understand what was not kept: `error` of version 1, `code` and `message` of 2,
 * and with each the lines by number, as 3 lists them. Pure.
 */
import { type Fault, isWhole, unwritten } from '../fault.ts';
import type { Outcome } from '../intake.ts';

export type Version = 1 | 2;

export interface InfluxAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>> | undefined;
}

const CODES: ReadonlyMap<number, string> = new Map([
  [400, 'invalid'],
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [404, 'not found'],
  [413, 'request too large'],
  [422, 'unprocessable entity'],
  [503, 'unavailable'],
]);

export function faultAnswer({ status, message, retryAfter }: Fault, version: Version): InfluxAnswer {
  const headers: Record<string, string> = { 'x-influxdb-error': inHeader(message) };
  if (retryAfter !== undefined) headers['retry-after'] = String(retryAfter);
  return { status, headers, body: errorBody(status, message, version) };
}

/** Texts are what InfluxDB would have kept and we do not: that alone is no fault of what was sent. */
export function outcomeAnswer(outcome: Outcome, version: Version): InfluxAnswer {
  const fault = unwritten(outcome);
  if (fault !== undefined) return faultAnswer(fault, version);
  const lost = [...outcome.dropped].filter(([reason]) => reason !== 'string');
  if (isWhole(outcome) || (lost.length === 0 && outcome.badLines === 0))
    return { status: 204, headers: {}, body: undefined };
  const status = outcome.badLines > 0 || version === 1 ? 400 : 422;
  const message = wordsOf(outcome, lost);
  const data = outcome.bad.map(({ line, text, why }) => ({
    original_line: text,
    line_number: line,
    error_message: why,
  }));
  return {
    status,
    headers: { 'x-influxdb-error': inHeader(message) },
    body: { ...errorBody(status, message, version), ...(data.length === 0 ? {} : { data }) },
  };
}

/** As version 1 says it: each bad line quoted, a count behind the last. */
function wordsOf({ accepted, bad, badLines, problem }: Outcome, lost: readonly (readonly [string, number])[]): string {
  const parts = bad.map(({ line, text, why }) => `unable to parse '${text}': ${why} (line ${line})`);
  if (badLines > bad.length) parts.push(`and ${badLines - bad.length} more lines`);
  const samples = lost.reduce((sum, [, count]) => sum + count, 0);
  if (samples > 0) {
    const reasons = lost.map(([reason, count]) => `${count} ${reason}`).join(', ');
    parts.push(`points not kept: ${reasons}${bad.length > 0 || problem === undefined ? '' : `; ${problem}`}`);
  }
  const words = parts.join('\n');
  return accepted > 0 || samples > 0 ? `partial write: ${words} dropped=${badLines + samples}` : words;
}

function errorBody(status: number, message: string, version: Version): Readonly<Record<string, unknown>> {
  return version === 1 ? { error: message } : { code: CODES.get(status) ?? 'invalid', message };
}

/** A header is one short line of ASCII. */
function inHeader(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 300);
}
