import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { labels, NO_LABELS } from '../../../src/model/labels.ts';
import { type EntityKind, type EntityRow, entityRow } from '../../../src/model/table.ts';
import { createDecoder } from '../../../src/wire/decode.ts';
import { createEncoder } from '../../../src/wire/encode.ts';
import { batch, familyNamed, load, NODE, plain, SESSION, state, T0 } from './batches.ts';

/** Numbers of every sort that a column can hold, and absent ones. */
const number = fc.oneof(
  { weight: 4, arbitrary: fc.double({ noDefaultInfinity: true }) },
  { weight: 4, arbitrary: fc.maxSafeInteger() },
  { weight: 4, arbitrary: fc.nat().map((micros) => micros / 1e6) },
  { weight: 2, arbitrary: fc.maxSafeNat().map((nanos) => nanos / 1e9) },
  fc.constantFrom(
    0,
    -0,
    Number.MIN_VALUE,
    -Number.MIN_VALUE,
    Number.MAX_VALUE,
    2 ** 53,
    -(2 ** 52),
    2 ** 52,
    2 ** 63,
    Number.NaN,
  ),
);

/** Columns look alike inside, or a mixture would always end as raw doubles. */
const column = (rows: number) =>
  fc.oneof(
    fc.array(number, { minLength: rows, maxLength: rows }),
    fc.array(fc.oneof(fc.nat(), fc.constant(Number.NaN)), { minLength: rows, maxLength: rows }),
    fc.array(
      fc.integer().map((millis) => millis / 1000),
      { minLength: rows, maxLength: rows },
    ),
    number.map((value) => Array<number>(rows).fill(value)),
  );

const name = fc.oneof(
  fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'a', 'A'),
);
const labelSet = fc
  .array(fc.tuple(name, fc.string({ unit: 'binary' })), { maxLength: 5 })
  .map((pairs) => labels(pairs));

const entity = fc.record({
  key: fc.string({ unit: 'binary', maxLength: 70 }).map((key) => key.toWellFormed()),
  kind: fc.constantFrom<EntityKind>('container', 'host', 'cgroup'),
  startMs: fc.oneof(fc.constant(0), fc.integer({ min: -(2 ** 52) + 1, max: 2 ** 52 - 1 })),
  labels: labelSet,
});

const rows = fc.array(
  fc.record({ entity, dims: labelSet, shown: fc.boolean() }).map((row) => entityRow(row.entity, row.dims, row.shown)),
  {
    minLength: 1,
    maxLength: 20,
  },
);

/** A table of some of the rows, in some order. */
const tableOf = (all: readonly EntityRow[]) =>
  fc.tuple(fc.constantFrom(load, state), fc.shuffledSubarray([...all])).chain(([shape, some]) =>
    fc
      .tuple(
        fc.array(column(some.length), { minLength: shape.columns.length, maxLength: shape.columns.length }),
        fc.array(fc.integer({ min: -1000, max: 100_000 }), { minLength: some.length, maxLength: some.length }),
      )
      .map(([columns, ages]) => ({
        shape,
        rows: some,
        timesMs: Float64Array.from(ages, (age) => T0 + age),
        values: Float64Array.from(columns.flat()),
      })),
  );

const session = rows.chain((all) =>
  fc.array(
    fc.record({
      tables: fc.array(tableOf(all), { maxLength: 4 }),
      full: fc.boolean(),
      intervalMs: fc.option(fc.integer({ min: 1, max: 2 ** 52 }), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 8 },
  ),
);

describe('decode(encode(batch)) is the batch', () => {
  test.prop([session], { numRuns: 300 })(
    'over a whole session, whatever it holds and whenever it is sent in full',
    (batches) => {
      const encoder = createEncoder({ node: NODE, session: SESSION, keepBatches: 2 });
      const decoder = createDecoder({ familyNamed });
      batches.forEach(({ tables, full, intervalMs }, i) => {
        const sent = { ...batch(i + 1, tables), ...(intervalMs === undefined ? {} : { intervalMs }) };
        const got = decoder.decode(encoder.encode(sent, { full }));
        expect(plain(got.batch)).toEqual(plain(sent));
        const present = tables.reduce(
          (sum, { values }) => sum + values.filter((value) => !Number.isNaN(value)).length,
          0,
        );
        expect([got.samples, got.unknown]).toEqual([present, 0]);
        expect(decoder.size.rows).toBe(encoder.rows);
      });
    },
  );

  test.prop([fc.array(number, { minLength: 1, maxLength: 100 })])(
    'to the bit, for any numbers side by side',
    (numbers) => {
      const encoder = createEncoder({ node: NODE, session: SESSION });
      const all = numbers.map((_, i) =>
        entityRow({ key: `k${i}`, kind: 'container', startMs: 0, labels: NO_LABELS }, NO_LABELS),
      );
      const times = new Float64Array(numbers.length).fill(T0);
      const sent = batch(1, [{ shape: state, rows: all, timesMs: times, values: Float64Array.from(numbers) }]);
      const { values } = createDecoder({ familyNamed }).decode(encoder.encode(sent)).batch.tables[0]!;
      expect([...values].map(bits)).toEqual(numbers.map(bits));
    },
  );
});

test('an infinite number is absent, as it is in a table builder', () => {
  const all = [0, 1].map((i) => entityRow({ key: `k${i}`, kind: 'host', startMs: 0, labels: NO_LABELS }, NO_LABELS));
  const values = Float64Array.of(Number.POSITIVE_INFINITY, 7);
  const sent = batch(1, [{ shape: state, rows: all, timesMs: Float64Array.of(T0, T0), values }]);
  const body = createEncoder({ node: NODE, session: SESSION }).encode(sent);
  expect([...createDecoder({ familyNamed }).decode(body).batch.tables[0]!.values]).toEqual([Number.NaN, 7]);
});

/** The number's bits; all NaN are one, since absent is absent. */
function bits(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return Number.isNaN(value) ? 'absent' : bytes.toString('hex');
}
