/** Series gathered into requests of so many samples. A batch can be halved, never changed: what is sent again is the same bytes. */
import type { Piece, Step } from '../job.ts';
import type { Series, SeriesColumn, SeriesStep } from './series.ts';

/** What goes into one request: series, or what the metrics are. */
export interface Batch extends Piece {
  readonly series: readonly Series[];
  readonly metadata: readonly SeriesColumn[];
}

export interface BatchLimits {
  /** Read for each series, so that it may change on the way. Markers count as well. */
  maxSamples: number;
}

export function* batchesOf(steps: Iterable<SeriesStep>, limits: Readonly<BatchLimits>): Generator<Step<Batch>> {
  let open: Series[] = [];
  for (const step of steps) {
    if ('dropped' in step) {
      yield step;
      continue;
    }
    open.push(step);
    if (open.length < limits.maxSamples) continue;
    yield { piece: batch(open) };
    open = [];
  }
  if (open.length > 0) yield { piece: batch(open) };
}

function batch(series: readonly Series[]): Batch {
  // Markers are none of the window's numbers.
  return { series, metadata: [], samples: series.reduce((sum, { value }) => sum + (Number.isNaN(value) ? 0 : 1), 0) };
}

export function metadataBatch(metadata: readonly SeriesColumn[]): Batch {
  return { series: [], metadata, samples: 0 };
}

export function halves({ series }: Batch): [Batch, Batch] | undefined {
  if (series.length < 2) return undefined;
  const middle = Math.ceil(series.length / 2);
  return [batch(series.slice(0, middle)), batch(series.slice(middle))];
}
