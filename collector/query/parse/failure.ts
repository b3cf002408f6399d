/** Parse errors in Prometheus' form: line and column, what was wrong, and the place for those who mark it. */
import { QueryError } from '../query.ts';
import type { Place } from './ast.ts';

export function parseError(text: string, place: Place, message: string): QueryError {
  return new QueryError(
    'bad_data',
    `invalid parameter "query": ${lineColumn(text, place.from)}: parse error: ${message}`,
    {
      from: place.from,
      to: place.to,
    },
  );
}

/** `1:5`, counted from one, as parse errors and annotations have it. */
export function lineColumn(text: string, at: number): string {
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  return `${line}:${at - (before.lastIndexOf('\n') + 1) + 1}`;
}

/** A text in quotes, as it is quoted in messages; what is no legal UTF-8 is shown as the byte that it was. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(/\\udc([89a-f][0-9a-f])/g, '\\x$1');
}
