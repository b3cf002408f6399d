/**
 * Reads a kernel file of any size in pieces, off the main thread: the kernel may need long for each piece of a socket table,
 * and the tick must not wait for it. Each piece ends with a whole line.
 */
import { type FileHandle, open } from 'node:fs/promises';
import type { Clock } from '../../src/run/clock.ts';
import { isNoData } from './files.ts';

export interface PiecesOptions {
  readonly clock: Clock;
  /** When to give up, by `clock.monotonic()`. */
  readonly untilMs: number;
  readonly signal: AbortSignal;
}

/** `gone`: there is no such file (any more). `late`: given up, what was taken is not the whole. */
export type PiecesResult = 'whole' | 'gone' | 'late';

const PIECE_BYTES = 64 * 1024;
const NEWLINE = 10;

/** Hands each piece to `take`, which must not keep it. Rejects when aborted and on errors that do not mean "gone". */
export async function readPieces(
  path: string,
  take: (piece: Buffer) => void,
  options: PiecesOptions,
): Promise<PiecesResult> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    return await readAll(file, take, options);
  } catch (error) {
    if (isNoData(error)) return 'gone';
    throw error;
  } finally {
    await file?.close();
  }
}

async function readAll(file: FileHandle, take: (piece: Buffer) => void, options: PiecesOptions): Promise<PiecesResult> {
  const buffer = Buffer.allocUnsafe(PIECE_BYTES);
  let held = 0;
  for (;;) {
    options.signal.throwIfAborted();
    if (options.clock.monotonic() > options.untilMs) return 'late';
    const { bytesRead } = await file.read(buffer, held, buffer.length - held, null);
    if (bytesRead === 0) {
      if (held > 0) take(buffer.subarray(0, held));
      return 'whole';
    }
    const length = held + bytesRead;
    const end = buffer.lastIndexOf(NEWLINE, length - 1) + 1;
    // A line longer than the buffer is none of the kernel's: it goes as it is and will not be understood.
    const taken = end > 0 ? end : length === buffer.length ? length : 0;
    if (taken > 0) take(buffer.subarray(0, taken));
    buffer.copyWithin(0, taken, length);
    held = length - taken;
  }
}
