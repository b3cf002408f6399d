/** What definitions are reckoned to take, held against the heap: never less than they do, and not several times as much. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { type LabelPair, labels, mergeLabels, NO_LABELS } from '../../../src/model/labels.ts';
import { type EntityRow, entityRow } from '../../../src/model/table.ts';
import { createDecoder } from '../../../src/wire/decode.ts';
import { createEncoder } from '../../../src/wire/encode.ts';
import { WIRE_LIMITS } from '../../../src/wire/limits.ts';
import { batch, familyNamed, NODE, SESSION, state, table } from './batches.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heldBytes(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

interface Case {
  readonly entities: number;
  readonly labels: number;
  readonly value: string;
  /** Rows of each entity with a dimension; 0 for one row without. */
  readonly devices: number;
}

test.each<[string, Case]>([
  ['without labels', { entities: 20_000, labels: 0, value: '', devices: 0 }],
  ['as containers are', { entities: 5000, labels: 10, value: 'registry.example.com/shop/web:1.27', devices: 0 }],
  ['with long labels', { entities: 2000, labels: 4, value: 'x'.repeat(2000), devices: 0 }],
  ['in two bytes a character', { entities: 2000, labels: 4, value: '→'.repeat(600), devices: 0 }],
  [
    'in two bytes for one character of a thousand',
    { entities: 2000, labels: 4, value: `${'x'.repeat(1000)}→`, devices: 0 },
  ],
  ['with rows that differ in a dimension', { entities: 500, labels: 10, value: 'y'.repeat(40), devices: 20 }],
  ['with rows that repeat long labels', { entities: 20, labels: 20, value: 'y'.repeat(500), devices: 50 }],
])('definitions %s', (_what, shape) => {
  const body = bodyOf(shape);
  // The runner's own memory comes and goes beside ours: the middle of three.
  const measured = [1, 2, 3].map(() => measure(body, shape)).sort((a, b) => a.held - b.held);
  const { reckoned, held } = measured[1] as Measured;
  expect(reckoned).toBeGreaterThanOrEqual(held);
  expect(reckoned).toBeLessThan(4 * held);
});

interface Measured {
  readonly reckoned: number;
  readonly held: number;
}

function measure(body: Uint8Array, shape: Case): Measured {
  let reckoned = 0;
  const allowance = {
    take: (bytes: number) => {
      reckoned += bytes;
    },
    give: (bytes: number) => {
      reckoned -= bytes;
    },
    linger: () => {},
  };
  const before = heldBytes();
  const decoder = createDecoder({ familyNamed, limits: WIRE_LIMITS, allowance });
  let rows: readonly { readonly labels: EntityRow['labels'] }[] = decoder.decode(body).batch.tables[0]?.rows ?? [];
  // As the aggregation exposes them: with the node's name.
  rows = rows.map((row) => ({ labels: mergeLabels(labels([['node', NODE]]), row.labels) }));
  const held = heldBytes() - before;
  // Asked only now, so that both live until here.
  expect(rows.length).toBe(shape.entities * Math.max(1, shape.devices));
  expect(decoder.size.entities).toBe(shape.entities);
  return { reckoned, held };
}

function bodyOf({ entities, labels: count, value, devices }: Case): Uint8Array {
  const rows = Array.from({ length: entities }, (_, i) => {
    const pairs = Array.from({ length: count }, (_, l): LabelPair => [`label_${l}`, `${value}${i}`]);
    const entity = { key: `entity-${i}`, kind: 'container', startMs: 0, labels: labels(pairs) } as const;
    if (devices === 0) return [entityRow(entity, NO_LABELS)];
    return Array.from({ length: devices }, (_, d) => entityRow(entity, labels([['device', `sd${d}`]])));
  }).flat();
  const encoder = createEncoder({ node: NODE, session: SESSION });
  return encoder.encode(
    batch(1, [
      table(
        state,
        rows.map((row) => [row, 1] as const),
      ),
    ]),
  );
}
