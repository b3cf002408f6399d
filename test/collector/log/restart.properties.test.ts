/** A collector that is ended after any window and started again from what is on disk closes the windows that follow as if nothing had been. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { createAggregator } from '../../../collector/aggregate/aggregator.ts';
import type { AggregatorOptions } from '../../../collector/aggregate/options.ts';
import { FrameDecoder } from '../../../collector/log/decode.ts';
import { FrameEncoder } from '../../../collector/log/encode.ts';
import type { Batch, Frame } from '../../../src/model/batch.ts';
import { expositionLines } from '../../support/exposition.ts';
import { net, work } from '../aggregate/families.ts';
import { batchOf, OPTIONS, type Tick, ticks } from '../aggregate/ticks.ts';
import { EPOCH_MS } from '../aggregate/timeline.ts';

const KEPT: AggregatorOptions = { ...OPTIONS, journal: true };

const familyNamed = (name: string) => [work, net].find((family) => family.name === name);

/** All batches come at second 42, then windows are closed one after another. */
async function run(batches: readonly Batch[], options: AggregatorOptions): Promise<Frame[]> {
  const aggregator = createAggregator(options);
  for (const batch of batches) aggregator.push(batch, EPOCH_MS + 42_000);
  const frames: Frame[] = [];
  for (let second = 60; second <= 150; second++) {
    frames.push(...(await aggregator.advance(EPOCH_MS + second * 1000, () => Promise.resolve())));
  }
  return frames;
}

async function throughDisk(frames: readonly Frame[]): Promise<Frame[]> {
  const encoder = new FrameEncoder();
  const decoder = new FrameDecoder();
  const out: Frame[] = [];
  for (const [i, frame] of frames.entries()) {
    out.push(decoder.decode(await encoder.encode(frame, i + 1, () => Promise.resolve())).frame);
  }
  return out;
}

const inText = (frames: readonly Frame[]) =>
  frames.map(({ startMs, tables }) => [startMs, expositionLines(tables).sort().join('\n')]);

/** Rows in the window of their tick; agents that tick with every window: what a slower one holds comes with its next tick. */
function simple(tick: Tick): Tick {
  return { ...tick, intervalMs: undefined, readings: tick.readings.map((reading) => ({ ...reading, offset: 0 })) };
}

describe('a restart', () => {
  test.prop([ticks, fc.nat()], { numRuns: 300 })('after any window changes none that follows', async (list, at) => {
    const batches = list.map((tick, seq) => batchOf(simple(tick), seq));
    const straight = await run(batches, KEPT);
    const stored = await throughDisk(straight);
    const last = stored[at % stored.length] as Frame;
    // Before the first batch there is nothing to go on from.
    if (last.journal === undefined) return;
    const resumed = await run(batches, { ...KEPT, restored: { frame: last, familyNamed } });
    expect(inText(resumed)).toEqual(inText(straight.filter(({ endMs }) => endMs > last.endMs)));
    // And again from what the second run would have left.
    expect(resumed.map(({ journal }) => journal !== undefined)).toEqual(
      straight.filter(({ endMs }) => endMs > last.endMs).map(({ journal }) => journal !== undefined),
    );
  });
});
