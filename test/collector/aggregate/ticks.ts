/** Any ticks of any agents, for what must hold whatever they are. */
import { fc } from '@fast-check/vitest';
import { AGGREGATOR_DEFAULTS, type AggregatorOptions } from '../../../collector/aggregate/options.ts';
import type { Batch } from '../../../src/model/batch.ts';
import { TableBuilder } from '../../../src/model/builder.ts';
import type { Family } from '../../../src/model/family.ts';
import { labels, NO_LABELS } from '../../../src/model/labels.ts';
import { type EntityRow, entityRow } from '../../../src/model/table.ts';
import { net, work } from './families.ts';
import { EPOCH_MS } from './timeline.ts';

export interface Reading {
  readonly entity: number;
  readonly start: number;
  readonly offset: number;
  readonly interface: string;
  readonly shownOnly: boolean;
  readonly cells: readonly (number | undefined)[];
}

export interface Tick {
  readonly node: string;
  readonly second: number;
  readonly intervalMs: number | undefined;
  readonly readings: readonly Reading[];
}

const number = fc.option(
  fc.oneof(
    fc.integer({ min: 0, max: 1000 }),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e12 }),
  ),
  { nil: undefined },
);
const reading: fc.Arbitrary<Reading> = fc.record({
  entity: fc.integer({ min: 0, max: 4 }),
  start: fc.constantFrom(0, -1000, -5, 4, 11, 17),
  offset: fc.integer({ min: -2000, max: 2000 }),
  interface: fc.constantFrom('', '', 'eth0', 'eth1'),
  shownOnly: fc.constantFrom(false, false, true),
  cells: fc.array(number, { minLength: 4, maxLength: 4 }),
});
export const tick: fc.Arbitrary<Tick> = fc.record({
  node: fc.constantFrom('n1', 'n2', '__proto__'),
  second: fc.integer({ min: 0, max: 40 }),
  intervalMs: fc.constantFrom(undefined, 4000, 25_000),
  readings: fc.array(reading, { maxLength: 6 }),
});
export const ticks = fc.array(tick, { minLength: 1, maxLength: 14 });

export const OPTIONS: AggregatorOptions = {
  ...AGGREGATOR_DEFAULTS,
  latenessMs: 60_000,
  staleAfterMs: 20_000,
  groupStaleAfterMs: 30_000,
  cluster: 'c',
};
const NAMES = ['constructor', '__proto__', 'a', 'b', 'c'];

/** The tick as the agent would send it. */
export function batchOf({ node, second, intervalMs, readings }: Tick, seq: number): Batch {
  const timeMs = EPOCH_MS + second * 1000;
  const builders = new Map<Family, TableBuilder<Family, EntityRow>>();
  for (const { entity, start, offset, interface: name, shownOnly, cells } of readings) {
    const family: Family = name === '' ? work : net;
    const key = NAMES[entity] as string;
    const set = labels([
      ['name', key],
      ['container_label_com_docker_compose_project', 'p'],
      ['container_label_com_docker_compose_service', `s${entity % 2}`],
    ]);
    const startMs = start === 0 ? 0 : EPOCH_MS + start * 1000;
    const builder = builders.get(family) ?? new TableBuilder<Family, EntityRow>(family);
    builders.set(family, builder);
    builder.add(
      entityRow(
        { key, kind: 'container', startMs, labels: set },
        name === '' ? NO_LABELS : labels([['interface', name]]),
        shownOnly,
      ),
      timeMs + offset,
    );
    for (const [c, value] of cells.entries())
      if (value !== undefined && c < family.columns.length) builder.set(c, value);
  }
  const interval = intervalMs === undefined ? {} : { intervalMs };
  const tables = [...builders.values()].map((builder) => builder.build());
  return { node, session: 's', seq, timeMs, ...interval, tables };
}
