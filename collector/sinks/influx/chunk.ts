/**
 * Lines gathered into requests: at most so many lines and so many bytes each. A chunk can be halved and can lose lines, never
 * change them: what is sent again is the same bytes.
 */
import type { LevelTable } from '../../../src/model/batch.ts';
import type { Encoder } from './line.ts';

/** The lines of one request. */
export interface Chunk {
  readonly lines: readonly string[];
  /** How many numbers each line carries. */
  readonly samples: readonly number[];
}

export interface ChunkLimits {
  maxLines: number;
  /** A single line may be longer. */
  maxBytes: number;
}

/** Between two chunks: numbers of lines that no server would take, or a point at which other work may run. */
export type Step = Chunk | { readonly tooLong: number };

/** Lines encoded between two points at which other work may run: a few milliseconds. */
const LINES_PER_STEP = 500;

/** The tables as chunks. The limits are read for each line, so that they may change on the way. */
export function* chunksOf(
  tables: Iterable<LevelTable>,
  encoder: Encoder,
  limits: Readonly<ChunkLimits>,
): Generator<Step> {
  let open = { lines: [] as string[], samples: [] as number[] };
  let bytes = 0;
  let count = 0;
  for (const table of tables) {
    for (const { text, samples } of encoder.lines(table)) {
      if (++count % LINES_PER_STEP === 0) yield { tooLong: 0 };
      if (text === undefined) {
        yield { tooLong: samples };
        continue;
      }
      const size = Buffer.byteLength(text) + 1;
      if (open.lines.length > 0 && (open.lines.length >= limits.maxLines || bytes + size > limits.maxBytes)) {
        yield open;
        open = { lines: [], samples: [] };
        bytes = 0;
      }
      open.lines.push(text);
      open.samples.push(samples);
      bytes += size;
    }
  }
  if (open.lines.length > 0) yield open;
}

/** How many numbers the chunk carries. */
export function samplesIn(chunk: Chunk): number {
  return chunk.samples.reduce((sum, n) => sum + n, 0);
}

/** Both halves of a chunk of two lines or more. */
export function halves({ lines, samples }: Chunk): [Chunk, Chunk] {
  const middle = Math.ceil(lines.length / 2);
  return [
    { lines: lines.slice(0, middle), samples: samples.slice(0, middle) },
    { lines: lines.slice(middle), samples: samples.slice(middle) },
  ];
}

/** The lines at the indexes, and the others. */
export function parted(chunk: Chunk, indexes: readonly number[]): { named: Chunk; others: Chunk } {
  const wanted = new Set(indexes);
  const pick = (keep: boolean): Chunk => ({
    lines: chunk.lines.filter((_, i) => wanted.has(i) === keep),
    samples: chunk.samples.filter((_, i) => wanted.has(i) === keep),
  });
  return { named: pick(true), others: pick(false) };
}
