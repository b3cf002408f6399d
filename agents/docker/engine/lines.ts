/**
 * Cuts a byte stream into lines. Bytes come in as the network cut them, whole lines go out as text: the cut is made on
 * bytes, before decoding, so that a character of several bytes that arrives in two pieces stays one.
 */

const NEWLINE = 10;
/** An event carries all labels of its container; a line beyond this is thrown away as a whole. */
const MAX_LINE_BYTES = 8 * 1024 * 1024;

export interface LineReader {
  /** The lines that this piece ends, without their newline; empty ones are left out. */
  push(piece: Uint8Array): string[];
  /** How many lines were thrown away for being too long. */
  readonly tooLong: number;
}

export function lineReader(maxLineBytes = MAX_LINE_BYTES): LineReader {
  let pieces: Uint8Array[] = [];
  let length = 0;
  let skipping = false;
  let tooLong = 0;

  function keep(piece: Uint8Array): void {
    if (skipping || piece.length === 0) return;
    length += piece.length;
    if (length > maxLineBytes) {
      skipping = true;
      tooLong++;
      pieces = [];
    } else {
      pieces.push(piece);
    }
  }

  function end(): string {
    const line = skipping ? '' : Buffer.concat(pieces, length).toString('utf8').trim();
    pieces = [];
    length = 0;
    skipping = false;
    return line;
  }

  return {
    push(piece) {
      const lines: string[] = [];
      let from = 0;
      for (let at = piece.indexOf(NEWLINE); at >= 0; at = piece.indexOf(NEWLINE, from)) {
        keep(piece.subarray(from, at));
        const line = end();
        if (line !== '') lines.push(line);
        from = at + 1;
      }
      keep(piece.subarray(from));
      return lines;
    },
    get tooLong() {
      return tooLong;
    },
  };
}
