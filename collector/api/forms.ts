/** Bodies of forms: read up to a limit each, and up to one for all that are on their way, whatever their heads promise. */
import type { Readable } from 'node:stream';
import { QueryError } from '../query/query.ts';

export const FORM_TYPE = 'application/x-www-form-urlencoded';

/** Grafana asks by form because addresses have limits; a query of a megabyte is none. */
export const MAX_FORM_BYTES = 1024 * 1024;
const MAX_HELD_BYTES = 32 * 1024 * 1024;

/** Makes the reader; what it reads counts until the body is whole or given up. */
export function formReader(maxHeldBytes = MAX_HELD_BYTES): (payload: Readable, declared: number) => Promise<string> {
  let held = 0;
  return async (payload, declared) => {
    if (declared > MAX_FORM_BYTES) throw tooLarge();
    const pieces: Buffer[] = [];
    let size = 0;
    try {
      for await (const piece of payload as AsyncIterable<Buffer>) {
        size += piece.length;
        held += piece.length;
        if (size > MAX_FORM_BYTES) throw tooLarge();
        if (held > maxHeldBytes)
          throw new QueryError('unavailable', 'too many forms are on their way at once: ask again in a moment');
        pieces.push(piece);
      }
      return Buffer.concat(pieces).toString('utf8');
    } finally {
      held -= size;
    }
  };
}

function tooLarge(): QueryError {
  return new QueryError('bad_data', `the form has more than ${MAX_FORM_BYTES} bytes`);
}
