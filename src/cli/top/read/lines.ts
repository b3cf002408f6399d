/** A body as lines, as they come in: neither a line nor the whole may be longer than is of use, whatever a server sends. */

/** 250 000 series of a large cluster are some 60 MB. */
const MAX_BODY_BYTES = 512 * 1024 * 1024;
/** A sample with as many labels as an agent lets through is a few kilobytes. */
const MAX_LINE = 64 * 1024;

export interface LineLimits {
  readonly maxBytes?: number;
  readonly maxLine?: number;
}

/**
 * Calls `each` for every line; one that is too long is passed over. Rejects when the body is too long, and ends the stream with it.
 */
export async function eachLine(
  body: AsyncIterable<Uint8Array>,
  each: (line: string) => void,
  { maxBytes = MAX_BODY_BYTES, maxLine = MAX_LINE }: LineLimits = {},
): Promise<void> {
  const decoder = new TextDecoder();
  let length = 0;
  let rest = '';
  let tooLong = false;
  for await (const piece of body) {
    length += piece.length;
    // Leaving the loop destroys the stream.
    if (length > maxBytes) throw new Error(`the page is longer than ${maxBytes} bytes`);
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() as string;
    for (const line of lines) {
      if (!tooLong && line.length <= maxLine) each(line);
      tooLong = false;
    }
    if (rest.length > maxLine) {
      rest = '';
      tooLong = true;
    }
  }
  if (!tooLong && rest !== '') each(rest);
}
