/** What nodes share in the aggregation: one of them may be greedy, and it is the one that goes without. */
import { describe, expect, test } from 'vitest';
import { createAggregator } from '../../../collector/aggregate/aggregator.ts';
import { AGGREGATOR_DEFAULTS, type AggregatorOptions } from '../../../collector/aggregate/options.ts';
import { DEFAULT_LEVELS } from '../../../collector/aggregate/levels.ts';
import type { Batch } from '../../../src/model/batch.ts';
import { TableBuilder } from '../../../src/model/builder.ts';
import type { Family } from '../../../src/model/family.ts';
import { labels, NO_LABELS } from '../../../src/model/labels.ts';
import { type EntityRow, entityRow } from '../../../src/model/table.ts';
import { work } from './families.ts';
import { EPOCH_MS } from './timeline.ts';

const OPTIONS: AggregatorOptions = { ...AGGREGATOR_DEFAULTS, cluster: 'c' };
const breathe = () => Promise.resolve();
const at = (second: number) => EPOCH_MS + second * 1000;
/** A row of `work` has four columns. */
const WIDTH = 4;

function rowsOf(node: string, count: number): EntityRow[] {
  return Array.from({ length: count }, (_, i) => {
    const set = labels([
      ['container_label_com_docker_compose_project', node],
      ['container_label_com_docker_compose_service', `s${i}`],
    ]);
    return entityRow({ key: `${node}-${i}`, kind: 'container', startMs: 0, labels: set }, NO_LABELS);
  });
}

interface Sent {
  readonly node: string;
  readonly second: number;
  /** No row with a number if false. */
  readonly numbers?: boolean;
}

function batchOf(rows: readonly EntityRow[], { node, second, numbers = true }: Sent): Batch {
  const builder = new TableBuilder<Family, EntityRow>(work);
  for (const row of rows) {
    builder.add(row, at(second));
    if (numbers) builder.set(work.at.done, 1);
  }
  return { node, session: 's', seq: second * 1000, timeMs: at(second), tables: [builder.build()] };
}

describe('waiting', () => {
  // 100 rows are 100 x (4 + 2) cells, and 32 each for the table and its place.
  const cells = 100 * (WIDTH + 2) + 32;

  test('rows without a number count for the memory that they hold until their window closes', async () => {
    const aggregator = createAggregator(OPTIONS);
    aggregator.push(batchOf(rowsOf('a', 100), { node: 'a', second: 1, numbers: false }), at(1));
    expect(aggregator.stats()).toMatchObject({ pendingSamples: 0, pendingCells: cells + 32 });
    await aggregator.advance(at(20), breathe);
    expect(aggregator.stats().pendingCells).toBe(0);
  });

  test('one node’s pushes fill its quarter and no more; every honest one is taken', () => {
    const maxPendingCells = 40 * cells;
    const aggregator = createAggregator({ ...OPTIONS, maxPendingCells });
    const greedy = rowsOf('greedy', 100);
    for (let i = 0; i < 35; i++) {
      aggregator.push(batchOf(greedy, { node: 'greedy', second: 1, numbers: false }), at(1));
    }
    expect(aggregator.stats().pendingCells).toBeLessThanOrEqual(maxPendingCells / 4);
    for (const node of ['a', 'b', 'c']) {
      const { accepted, dropped } = aggregator.push(batchOf(rowsOf(node, 100), { node, second: 1 }), at(1));
      expect([accepted, dropped]).toEqual([100, new Map()]);
    }
    expect(aggregator.push(batchOf(greedy, { node: 'greedy', second: 1 }), at(1)).dropped).toEqual(
      new Map([['pending_limit', 100]]),
    );
    // Nine pushes of 632 + 32 fit in 6320; 26 tables without a number did not, nor the one with a hundred.
    expect(aggregator.stats().tablesRefused).toBe(27);
    expect(aggregator.refusals()).toEqual([{ what: 'waiting', node: 'greedy', count: 126 }]);
    expect(aggregator.refusals()).toEqual([]);
  });

  test('a table of which one row is in time is held whole, and counts whole', () => {
    const aggregator = createAggregator(OPTIONS);
    const batch = batchOf(rowsOf('a', 100), { node: 'a', second: 100 });
    const table = batch.tables[0] as Batch['tables'][number];
    table.timesMs.fill(at(1), 1);
    // Everything before 90 is closed at 100: 99 rows are too late.
    expect(aggregator.push(batch, at(100)).dropped).toEqual(new Map([['too_late', 99]]));
    expect(aggregator.stats().pendingCells).toBe(cells + 32 + 1);
  });

  test('a table in two windows counts once, and is given back when both are closed', async () => {
    const aggregator = createAggregator(OPTIONS);
    const batch = batchOf(rowsOf('a', 100), { node: 'a', second: 9 });
    (batch.tables[0] as Batch['tables'][number]).timesMs.fill(at(10), 50);
    aggregator.push(batch, at(10));
    // Which rows are whose is a list in each of the two.
    expect(aggregator.stats().pendingCells).toBe(cells + 2 * 32 + 100);
    await aggregator.advance(at(20), breathe);
    expect(aggregator.stats().pendingCells).toBe(cells + 32 + 50);
    await aggregator.advance(at(30), breathe);
    expect(aggregator.stats().pendingCells).toBe(0);
  });
});

describe('series', () => {
  test('at the cap a node within its share gets in, one over it does not, and those that are in go on', async () => {
    const aggregator = createAggregator({ ...OPTIONS, levels: [], maxSeries: 80 });
    // Twenty rows of four are all eighty.
    aggregator.push(batchOf(rowsOf('greedy', 30), { node: 'greedy', second: 1 }), at(1));
    await aggregator.advance(at(20), breathe);
    expect(aggregator.stats().series).toBe(80);
    aggregator.push(batchOf(rowsOf('greedy', 30), { node: 'greedy', second: 11 }), at(11));
    aggregator.push(batchOf(rowsOf('small', 2), { node: 'small', second: 11 }), at(11));
    const [frame] = await aggregator.advance(at(30), breathe);
    expect(aggregator.stats()).toMatchObject({ series: 88, nodes: 2 });
    expect(frame?.samples).toBe(22);
    expect(aggregator.refusals()).toEqual([{ what: 'series', node: 'greedy', count: 20 }]);
  });
});

describe('groups', () => {
  const levels = DEFAULT_LEVELS.filter(({ name }) => ['service', 'node', 'cluster'].includes(name));

  test('at the cap a small node’s services get in, a greedy one’s do not; node and cluster are never refused', async () => {
    const aggregator = createAggregator({ ...OPTIONS, levels, maxGroups: 16 });
    aggregator.push(batchOf(rowsOf('greedy', 20), { node: 'greedy', second: 1 }), at(1));
    await aggregator.advance(at(20), breathe);
    aggregator.push(batchOf(rowsOf('greedy', 20), { node: 'greedy', second: 11 }), at(11));
    aggregator.push(batchOf(rowsOf('small', 2), { node: 'small', second: 11 }), at(11));
    const [frame] = await aggregator.advance(at(30), breathe);
    const rows = (level: string) => frame?.tables.find((table) => table.level === level)?.rows.length;
    // Sixteen services and the small one's two, two nodes, one cluster.
    expect([rows('service'), rows('node'), rows('cluster')]).toEqual([18, 2, 1]);
    expect(aggregator.stats().groups).toBe(21);
    // Four containers in each of two windows.
    expect(aggregator.stats().groupsRefused).toEqual(new Map([['service', 8]]));
    expect(aggregator.refusals()).toEqual([{ what: 'groups', node: 'greedy', count: 8 }]);
  });
});
