/** A file of lines in pieces that end where a line ends, each with how far the file has then been read: where to go on if it is broken off. */
import { createGunzip } from 'node:zlib';
import { pipeline, Readable } from 'node:stream';
import { TransferError } from './collectorat.ts';

export interface Piece {
  readonly body: Buffer;
  /** Bytes of the file, unpacked, up to the end of the piece. */
  readonly upTo: number;
  /** Lines before it. */
  readonly linesBefore: number;
}

export interface PiecesOptions {
  /** Bytes of a piece, about. */
  readonly bytes: number;
  /** Not handed out: so many bytes, which end with a line. */
  readonly skip: number;
}

/** More than what a collector takes at once, by default. */
const MAX_PIECE = 32 * 1024 * 1024;

export async function* piecesOf(input: AsyncIterable<Buffer>, { bytes, skip }: PiecesOptions): AsyncGenerator<Piece> {
  let held: Buffer[] = [];
  let length = 0;
  let upTo = 0;
  let lines = 0;
  let toSkip = skip;
  const piece = (body: Buffer): Piece => {
    const linesBefore = lines;
    upTo += body.length;
    lines += linesIn(body);
    return { body, upTo, linesBefore };
  };
  for await (let chunk of input) {
    if (toSkip > 0) {
      const passed = chunk.subarray(0, toSkip);
      toSkip -= passed.length;
      upTo += passed.length;
      lines += linesIn(passed);
      chunk = chunk.subarray(passed.length);
    }
    held.push(chunk);
    length += chunk.length;
    if (length < bytes) continue;
    const all = Buffer.concat(held);
    const end = all.lastIndexOf('\n') + 1;
    if (end === 0 && all.length > MAX_PIECE) throw new TransferError(`a line has more than ${MAX_PIECE} bytes`);
    held = [all.subarray(end)];
    length = all.length - end;
    if (end > 0) yield piece(all.subarray(0, end));
  }
  if (length > 0) yield piece(Buffer.concat(held));
}

function linesIn(body: Buffer): number {
  let count = 0;
  for (let at = body.indexOf(10); at >= 0; at = body.indexOf(10, at + 1)) count++;
  return count;
}

/** What is packed by gzip is unpacked, told by its first two bytes. */
export async function* unpacked(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const iterator = input[Symbol.asyncIterator]();
  const { value: first, done } = await iterator.next();
  if (done) return;
  const whole = (async function* () {
    yield first;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  })();
  if (first[0] !== 0x1f || first[1] !== 0x8b) yield* whole;
  else yield* pipeline(Readable.from(whole), createGunzip(), () => undefined) as AsyncIterable<Buffer>;
}
