/** What must hold for any input: the order of arrival changes nothing, totals never fall, every sample is accounted for. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { createAggregator } from '../../../collector/aggregate/aggregator.ts';
import type { Batch, Frame } from '../../../src/model/batch.ts';
import { TableBuilder } from '../../../src/model/builder.ts';
import type { Family } from '../../../src/model/family.ts';
import { NO_LABELS } from '../../../src/model/labels.ts';
import { countSamples, type EntityRow, entityRow } from '../../../src/model/table.ts';
import { expositionLines } from '../../support/exposition.ts';
import { work } from './families.ts';
import { batchOf, OPTIONS, ticks } from './ticks.ts';
import { EPOCH_MS } from './timeline.ts';

/** All batches arrive at second 42, within the lateness of all of them; then every window is closed. */
async function run(batches: readonly Batch[], options = OPTIONS) {
  const aggregator = createAggregator(options);
  const nowMs = EPOCH_MS + 42_000;
  let accepted = 0;
  for (const batch of batches) accepted += aggregator.push(batch, nowMs).accepted;
  const frames: Frame[] = [];
  for (let second = 42; second <= 130; second += 11) {
    frames.push(...(await aggregator.advance(EPOCH_MS + second * 1000, () => Promise.resolve())));
    const { received, processed, dropped, pendingSamples } = aggregator.stats();
    expect(received).toBe(processed + pendingSamples + [...dropped.values()].reduce((a, b) => a + b, 0));
  }
  return { frames, accepted, stats: aggregator.stats() };
}

const inText = (frames: readonly Frame[]) =>
  frames.map(({ startMs, tables }) => `${startMs}\n${expositionLines(tables).join('\n')}`);

describe('for any batches', () => {
  test.prop([
    ticks.chain((list) =>
      fc.tuple(
        fc.constant(list),
        fc.shuffledSubarray(
          list.map((_, i) => i),
          { minLength: list.length },
        ),
      ),
    ),
  ])('the order of arrival changes nothing', async ([list, order]) => {
    const batches = list.map(batchOf);
    const straight = await run(batches);
    const shuffled = await run(order.map((i) => batches[i] as Batch));
    expect(inText(shuffled.frames)).toEqual(inText(straight.frames));
    expect(shuffled.stats).toEqual(straight.stats);
  });

  test.prop([ticks])('totals never fall while their group lives', async (list) => {
    const { frames } = await run(list.map(batchOf), { ...OPTIONS, containers: false, groupStaleAfterMs: 3_600_000 });
    const totals = new Map<string, number>();
    for (const text of frames.flatMap(({ tables }) => expositionLines(tables))) {
      const [series, value] = text.split(/ (?=\S+$)/) as [string, string];
      if (!/_total\b/.test(series)) continue;
      expect(Number(value)).toBeGreaterThanOrEqual(totals.get(series) ?? 0);
      totals.set(series, Number(value));
    }
  });

  test.prop([ticks, fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 2000 })])(
    'every sample is processed, waiting or dropped with a reason, under any limits',
    async (list, maxSeries, maxPendingCells) => {
      const batches = list.map(batchOf);
      const { accepted, stats } = await run(batches, {
        ...OPTIONS,
        maxSeries,
        maxPendingCells,
        maxSeriesPerNode: 9,
        maxGroups: 3,
        maxNodes: 2,
      });
      const sent = batches.flatMap((batch) => batch.tables).reduce((sum, table) => sum + countSamples(table), 0);
      expect(stats.received).toBe(sent);
      expect(stats.pendingSamples).toBe(0);
      // An eighth more for nodes within their share; groups of nodes (two are allowed) and the cluster are not counted.
      expect(stats.series).toBeLessThanOrEqual(maxSeries * 1.125);
      expect(stats.groups).toBeLessThanOrEqual(3 + 2 + 1);
      expect(accepted).toBeLessThanOrEqual(sent);
    },
  );

  const any = fc.oneof(
    fc.integer({ min: 0, max: 2000 }),
    fc.double(),
    fc.constantFrom(1.7e308, 2 ** 64, 2 ** 63, 1e15, -1e300),
  );
  test.prop([fc.array(any, { minLength: 1, maxLength: 20 })])(
    'no readings, however absurd, freeze a total: it grows on with what comes after',
    async (absurd) => {
      const aggregator = createAggregator({ ...OPTIONS, latenessMs: 0, staleAfterMs: 300_000, containers: false });
      const entity = { key: 'a', kind: 'container', startMs: EPOCH_MS - 1000, labels: NO_LABELS } as const;
      const row = entityRow(entity, NO_LABELS);
      const totals: number[] = [];
      for (const [i, value] of [...absurd, 1000, 4000, 7000, 10_000, 13_000].entries()) {
        const timeMs = EPOCH_MS + i * 10_000;
        const builder = new TableBuilder<Family, EntityRow>(work);
        builder.add(row, timeMs + 1);
        builder.set(work.at.done, value);
        aggregator.push({ node: 'n', session: 's', seq: i + 1, timeMs, tables: [builder.build()] }, timeMs + 2);
        for (const { tables } of await aggregator.advance(timeMs + 10_000, () => Promise.resolve())) {
          const text = expositionLines(tables).find((line) => line.startsWith('cluster_work_done_total'));
          if (text !== undefined) totals.push(Number(text.split(' ').at(-1)));
        }
      }
      const [before = Number.NaN, last = Number.NaN] = totals.slice(-2);
      expect(Number.isFinite(last)).toBe(true);
      expect(last - before).toBeCloseTo(3000, 3);
    },
  );

  test.prop([ticks])('a batch that comes twice is counted once', async (list) => {
    const batches = list.map(batchOf);
    const once = await run(batches);
    const twice = await run([...batches, ...batches]);
    expect(inText(twice.frames)).toEqual(inText(once.frames));
    expect(twice.stats.processed - twice.stats.repeated).toBe(once.stats.processed - once.stats.repeated);
  });

  test.prop([ticks])('what a frame says it holds, it holds, and all of it is finite', async (list) => {
    const { frames } = await run(list.map(batchOf));
    for (const { tables, samples } of frames) {
      expect(samples).toBe(tables.reduce((sum, table) => sum + countSamples(table), 0));
      for (const { values, rows, shape, timesMs } of tables) {
        expect(values.length).toBe(rows.length * shape.columns.length);
        expect(timesMs.length).toBe(rows.length);
        expect(values.every((value) => Number.isNaN(value) || Number.isFinite(value))).toBe(true);
      }
    }
  });
});
