/** For the tests of the ingest: an ingest that remembers what it was given to hand on, and agents that make bodies for it. */
import type { IngestLimits } from '../../../collector/ingest/limits.ts';
import type { Kept } from '../../../collector/ingest/durable.ts';
import { createIngest, type Ingest, type Received } from '../../../collector/ingest/ingest.ts';
import type { Pace, Pushed } from '../../../collector/ingest/intake.ts';
import type { Reply } from '../../../collector/ingest/reply.ts';
import type { Batch } from '../../../src/model/batch.ts';
import { countSamples, type EntityRow } from '../../../src/model/table.ts';
import { type Clock, systemClock } from '../../../src/run/clock.ts';
import { createEncoder } from '../../../src/wire/encode.ts';
import { type RecordedLog, recordedLog } from '../../agents/send/fake.ts';
import { batch, familyNamed, state, T0, table } from '../../src/wire/batches.ts';

export interface Bench {
  readonly ingest: Ingest;
  readonly pushed: Batch[];
  readonly log: RecordedLog;
  /** Sets the clock on by so many milliseconds. */
  pass(ms: number): void;
  receive(body: Uint8Array, given?: Received): Promise<Reply>;
}

/** Everything is accepted unless `push` says otherwise. */
export function bench(
  limits: Partial<IngestLimits> = {},
  push?: (batch: Batch) => Pushed,
  kept?: Kept,
  { pace, full }: { readonly pace?: Pace; readonly full?: () => string | undefined } = {},
): Bench {
  const pushed: Batch[] = [];
  let nowMs = T0;
  const clock: Clock = { ...systemClock, now: () => nowMs };
  const log = recordedLog();
  const accept = (given: Batch): Pushed => {
    const answer = push?.(given) ?? { accepted: samplesOf(given), dropped: new Map() };
    pushed.push(given);
    return answer;
  };
  const told = { kept, pace, ...(full === undefined ? {} : { full }) };
  const ingest = createIngest({ push: accept, familyNamed, limits, ...told, clock, log, random: () => 0 });
  return {
    ingest,
    pushed,
    log,
    pass: (ms) => {
      nowMs += ms;
    },
    receive: (body, given) => ingest.receive(Buffer.from(body), given),
  };
}

export function samplesOf({ tables }: Batch): number {
  return tables.reduce((sum, one) => sum + countSamples(one), 0);
}

/** An agent: numbers its batches, of one sample per row. */
export function agent(node = 'node-1', session = 'session-1') {
  const encoder = createEncoder({ node, session });
  let seq = 0;
  return {
    next(rows: readonly EntityRow[], full = false): Uint8Array {
      seq++;
      return encoder.encode(
        batch(
          seq,
          [
            table(
              state,
              rows.map((row) => [row, 1] as const),
            ),
          ],
          { node, session },
        ),
        { full },
      );
    },
    skip(batches: number) {
      seq += batches;
    },
  };
}
