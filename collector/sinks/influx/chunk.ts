/**
 * Lines gathered into requests: at most so many lines and so many bytes each. A chunk can be halved and can lose lines, never
 * change them: what is sent again is the same bytes.
 */
import type { LevelTable } from '../../../src/model/batch.ts';
import type { Piece, Step } from '../job.ts';
import type { Encoder } from './line.ts';

/** The lines of one request. */
export interface Chunk extends Piece {
  readonly lines: readonly string[];
  /** How many numbers each line carries. */
  readonly counts: readonly number[];
}

export interface ChunkLimits {
  maxLines: number;
  /** A single line may be longer. */
  maxBytes: number;
}

/** Lines encoded between two points at which other work may run: a few milliseconds. */
const LINES_PER_STEP = 500;

/** The tables as chunks. The limits are read for each line, so that they may change on the way. */
export function* chunksOf(
  tables: Iterable<LevelTable>,
  encoder: Encoder,
  limits: Readonly<ChunkLimits>,
): Generator<Step<Chunk>> {
  let open = { lines: [] as string[], counts: [] as number[] };
  let bytes = 0;
  let count = 0;
  for (const table of tables) {
    for (const { text, samples } of encoder.lines(table)) {
      if (++count % LINES_PER_STEP === 0) yield { dropped: 0, reason: 'too_long' };
      if (text === undefined) {
        yield { dropped: samples, reason: 'too_long' };
        continue;
      }
      const size = Buffer.byteLength(text) + 1;
      if (open.lines.length > 0 && (open.lines.length >= limits.maxLines || bytes + size > limits.maxBytes)) {
        yield { piece: chunk(open.lines, open.counts) };
        open = { lines: [], counts: [] };
        bytes = 0;
      }
      open.lines.push(text);
      open.counts.push(samples);
      bytes += size;
    }
  }
  if (open.lines.length > 0) yield { piece: chunk(open.lines, open.counts) };
}

function chunk(lines: readonly string[], counts: readonly number[]): Chunk {
  return { lines, counts, samples: counts.reduce((sum, n) => sum + n, 0) };
}

/** Before compression. */
export function bytesOf({ lines }: Chunk): number {
  return lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
}

/** Both halves of a chunk of two lines or more. */
export function halves({ lines, counts }: Chunk): [Chunk, Chunk] | undefined {
  if (lines.length < 2) return undefined;
  const middle = Math.ceil(lines.length / 2);
  return [chunk(lines.slice(0, middle), counts.slice(0, middle)), chunk(lines.slice(middle), counts.slice(middle))];
}

/** The lines at the indexes, and the others. */
export function parted({ lines, counts }: Chunk, indexes: Iterable<number>): { named: Chunk; others: Chunk } {
  const wanted = new Set(indexes);
  const pick = (keep: boolean): Chunk =>
    chunk(
      lines.filter((_, i) => wanted.has(i) === keep),
      counts.filter((_, i) => wanted.has(i) === keep),
    );
  return { named: pick(true), others: pick(false) };
}
