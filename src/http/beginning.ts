/** Answers of others, of which no more is read than is of use: whatever a server sends, and however long it goes on. */

/** Errors in words are some hundred bytes, answers with a list of refused lines some kilobytes. */
export const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * The beginning of a body as text. Ends the stream, and with it the connection, once there is more than that. How long it may take is the
 * caller's to bound, by ending the stream.
 */
export async function beginning(stream: AsyncIterable<Uint8Array>, maxBytes = MAX_ANSWER_BYTES): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of stream) {
    // A copy: a slice would keep all of the memory that it lies in.
    pieces.push(Uint8Array.from(piece.subarray(0, maxBytes - length)));
    length += piece.length;
    // Leaving the loop destroys the stream.
    if (length >= maxBytes) break;
  }
  return Buffer.concat(pieces).toString('utf8');
}
