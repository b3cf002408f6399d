/** What the aggregator promises to those around it: to sinks about frames, to ingest about pushing, to the machine about memory. */
import { describe, expect, test } from 'vitest';
import { createAggregator } from '../../../collector/aggregate/aggregator.ts';
import { AGGREGATOR_DEFAULTS, type AggregatorOptions } from '../../../collector/aggregate/options.ts';
import type { Batch, Frame } from '../../../src/model/batch.ts';
import { TableBuilder } from '../../../src/model/builder.ts';
import type { Family } from '../../../src/model/family.ts';
import { labels, NO_LABELS } from '../../../src/model/labels.ts';
import { type EntityRow, entityRow } from '../../../src/model/table.ts';
import { expositionLines } from '../../support/exposition.ts';
import { work } from './families.ts';
import { EPOCH_MS } from './timeline.ts';

const OPTIONS: AggregatorOptions = { ...AGGREGATOR_DEFAULTS, cluster: 'c' };
const breathe = () => Promise.resolve();
const at = (second: number) => EPOCH_MS + second * 1000;

function rowOf(key: string, startMs = 0): EntityRow {
  const service = labels([
    ['name', key],
    ['container_label_com_docker_compose_project', 'p'],
    ['container_label_com_docker_compose_service', key],
  ]);
  return entityRow({ key, kind: 'container', startMs, labels: service }, NO_LABELS);
}

function batchOf(rows: readonly EntityRow[], second: number, done: number, node = 'n1'): Batch {
  const builder = new TableBuilder<Family, EntityRow>(work);
  for (const row of rows) {
    builder.add(row, at(second));
    builder.set(work.at.done, done);
  }
  return { node, session: 's', seq: second, timeMs: at(second), tables: [builder.build()] };
}

const numbers = (frame: Frame) => frame.tables.map(({ values }) => [...values]);

describe('frames', () => {
  test('rows are the same objects from frame to frame, numbers are new: a frame can be kept', async () => {
    const aggregator = createAggregator(OPTIONS);
    const row = rowOf('a');
    aggregator.push(batchOf([row], 0, 5), at(0.5));
    aggregator.push(batchOf([row], 10, 9), at(10.5));
    const [first] = (await aggregator.advance(at(20), breathe)) as [Frame];
    const before = numbers(first);
    const [second] = (await aggregator.advance(at(30), breathe)) as [Frame];
    expect(numbers(first)).toEqual(before);
    expect(second.tables.length).toBe(first.tables.length);
    second.tables.forEach((table, i) => {
      expect(table.shape).toBe(first.tables[i]?.shape);
      expect(table.rows[0]).toBe(first.tables[i]?.rows[0]);
      expect(table.values.buffer).not.toBe(first.tables[i]?.values.buffer);
    });
  });

  test('a new session with the same labels keeps the exposed row', async () => {
    const aggregator = createAggregator(OPTIONS);
    aggregator.push(batchOf([rowOf('a')], 0, 5), at(0.5));
    aggregator.push(batchOf([rowOf('a')], 10, 9), at(10.5));
    const [first] = await aggregator.advance(at(20), breathe);
    const [second] = await aggregator.advance(at(30), breathe);
    expect(second?.tables[0]?.rows[0]).toBe(first?.tables[0]?.rows[0]);
  });

  test('containers carry the time of their reading, groups the end of the window', async () => {
    const aggregator = createAggregator(OPTIONS);
    aggregator.push(batchOf([rowOf('a')], 3, 5), at(3.5));
    const [frame] = await aggregator.advance(at(20), breathe);
    for (const { level, timesMs } of frame?.tables ?? [])
      expect([...timesMs]).toEqual([level === 'container' ? at(3) : at(10)]);
    expect(new Set(frame?.tables.map(({ level }) => level))).toEqual(
      new Set(['container', 'service', 'node', 'cluster']),
    );
  });

  test('infinite numbers are dropped and counted, the rest of their row is not', async () => {
    const aggregator = createAggregator({ ...OPTIONS, levels: [] });
    const batch = batchOf([rowOf('a')], 0, 5);
    batch.tables[0]?.values.set([Number.POSITIVE_INFINITY], work.at.held);
    const arrival = aggregator.push(batch, at(0.5));
    expect(arrival).toMatchObject({ accepted: 1, dropped: new Map([['not_finite', 1]]) });
    const [frame] = await aggregator.advance(at(20), breathe);
    expect(expositionLines(frame?.tables ?? [])).toHaveLength(1);
    expect(aggregator.stats()).toMatchObject({ received: 2, processed: 1, pendingSamples: 0 });
  });
});

describe('while a window is being closed', () => {
  /** 30 000 rows of four columns: more than one piece of work. */
  const many = Array.from({ length: 30_000 }, (_, i) => rowOf(`c${i}`));
  const roomy = { ...OPTIONS, levels: [], maxSeriesPerNode: 1_000_000 };

  test('others may run, and push: into later windows only', async () => {
    const aggregator = createAggregator(roomy);
    aggregator.push(batchOf(many, 0, 1), at(0.5));
    const arrivals: object[] = [];
    const frames = await aggregator.advance(at(20), async () => {
      if (arrivals.length > 0) return;
      const late = aggregator.push(batchOf([rowOf('x')], 9, 1), at(20));
      const good = aggregator.push(batchOf([rowOf('x')], 19, 1), at(20));
      arrivals.push(late, good);
      const { received, processed, dropped, pendingSamples } = aggregator.stats();
      expect(received).toBe(processed + pendingSamples + (dropped.get('too_late') ?? 0));
    });
    expect(arrivals).toMatchObject([
      { accepted: 0, dropped: new Map([['too_late', 1]]) },
      { accepted: 1, dropped: new Map() },
    ]);
    expect(frames.map(({ samples }) => samples)).toEqual([30_000]);
  });

  test('a second advance and a flush wait their turn', async () => {
    const aggregator = createAggregator(roomy);
    for (const second of [0, 10, 20]) aggregator.push(batchOf(many, second, second), at(second + 0.5));
    const all = await Promise.all([
      aggregator.advance(at(20), breathe),
      aggregator.advance(at(30), breathe),
      aggregator.flush(breathe),
    ]);
    expect(all.map((frames) => frames.map(({ startMs }) => startMs))).toEqual([[at(0)], [at(10)], [at(20)]]);
  });
});

describe('state', () => {
  test('is that of what is alive, however many came and went', async () => {
    const aggregator = createAggregator({ ...OPTIONS, staleAfterMs: 30_000, groupStaleAfterMs: 60_000 });
    for (let tick = 0; tick < 200; tick++) {
      const rows = Array.from({ length: 10 }, (_, i) => rowOf(`c${tick}-${i}`, at(tick * 10)));
      aggregator.push(batchOf(rows, tick * 10, 1, `n${tick % 40}`), at(tick * 10 + 0.5));
      await aggregator.advance(at(tick * 10 + 0.5), breathe);
    }
    const { rows, series, entities, groups, nodes, evicted, processed } = aggregator.stats();
    // At the last close, of the window 1970-1980: alive is what was read from 1950 on, 3 ticks of 10; groups from 1920 on, 6 ticks.
    expect({ rows, series, entities, nodes }).toEqual({ rows: 30, series: 120, entities: 30, nodes: 3 });
    expect(groups).toBeLessThanOrEqual(7 * 11 + 1);
    expect(evicted.get('stale_row')).toBe(processed - 30);
  });
});
