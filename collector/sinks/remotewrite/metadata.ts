/** Type, unit and help of the metrics, sent ahead of a window once a minute, as Prometheus does. */
import { blocksOf } from '../../../src/exposition/block.ts';
import { metricType } from '../../../src/exposition/format.ts';
import type { Table } from '../../../src/model/table.ts';
import type { Clock } from '../../../src/run/clock.ts';
import type { Step } from '../job.ts';
import { type Batch, metadataBatch } from './batch.ts';

const EVERY_MS = 60_000;

/** Metrics in one request. */
const PER_REQUEST = 500;

type Steps = Iterator<Step<Batch>>;

/** Makes what puts metadata before the steps of a window, when it is time. */
export function withMetadata({ clock, wanted }: { readonly clock: Clock; readonly wanted: boolean }) {
  let lastMs = Number.NEGATIVE_INFINITY;
  return (tables: readonly Table[], steps: Iterable<Step<Batch>>): Steps => {
    if (!wanted || clock.monotonic() - lastMs < EVERY_MS) return steps[Symbol.iterator]();
    lastMs = clock.monotonic();
    return preceded(tables, steps);
  };
}

function* preceded(tables: readonly Table[], steps: Iterable<Step<Batch>>): Generator<Step<Batch>> {
  const columns = blocksOf(tables).map((block) => ({ ...block, type: metricType(block), fixed: [] }));
  for (let at = 0; at < columns.length; at += PER_REQUEST) {
    yield { piece: metadataBatch(columns.slice(at, at + PER_REQUEST)) };
  }
  yield* steps;
}
