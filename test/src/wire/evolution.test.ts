import { expect, test } from 'vitest';
import { family } from '../../../src/model/family.ts';
import { createDecoder } from '../../../src/wire/decode.ts';
import { createEncoder } from '../../../src/wire/encode.ts';
import { peek } from '../../../src/wire/header.ts';
import { batch, load, NODE, rowOf, SESSION, state, T0, table } from './batches.ts';
import { body, bytes, END, ENTITY, FAMILY, header, raw, ROW, section, signed, TABLE, text, varint } from './forge.ts';

const metric = (name: string) =>
  ({ metric: `container_load_${name}`, kind: 'gauge', unit: 'none', help: 'For tests.', source: 'test' }) as const;

const bytesTotal = { ...metric('bytes_total'), kind: 'counter' } as const;

test('columns are matched by field name: moved, missing and unknown ones', () => {
  // The collector's catalogue: without `seconds`, with one that the agent does not have, in another order.
  const ours = family({
    name: 'load',
    help: '',
    metrics: { newer: metric('newer'), ratio: metric('ratio'), bytes: bytesTotal },
  });
  const sent = batch(1, [
    table(load, [
      [rowOf('a'), 10, 20, 0.5],
      [rowOf('b'), 11, undefined, 0.25],
    ]),
  ]);
  const encoded = createEncoder({ node: NODE, session: SESSION }).encode(sent);
  const got = createDecoder({ familyNamed: () => ours }).decode(encoded);
  const none = Number.NaN;
  expect([...got.batch.tables[0]!.values]).toEqual([none, none, 0.5, 0.25, 10, 11]);
  expect(got.batch.tables[0]!.shape).toBe(ours);
  // The one number of `seconds`.
  expect([got.samples, got.unknown]).toEqual([4, 1]);
});

test('a family that the catalogue does not know is counted and the rest is taken', () => {
  const tables = [table(load, [[rowOf('a'), 1, 2, 3]]), table(state, [[rowOf('a'), 1]])];
  const encoded = createEncoder({ node: NODE, session: SESSION }).encode(batch(1, tables));
  const got = createDecoder({ familyNamed: (name) => (name === 'state' ? state : undefined) }).decode(encoded);
  expect(got.batch.tables.map(({ shape }) => shape.name)).toEqual(['state']);
  expect([got.samples, got.unknown, got.refs.length]).toEqual([1, 3, 1]);
});

test('sections with unknown ids are skipped, wherever they stand', () => {
  const later = section(200, raw(1, 2, 3));
  const given = bytes(header(), later, FAMILY, section(7), ENTITY, ROW, later, TABLE, later, END);
  expect(createDecoder({ familyNamed: () => load }).decode(given).samples).toBe(1);
});

test('a longer header and unknown flags are ignored', () => {
  const fields = [text('n'), text('s'), varint(5), varint(0), signed(T0), varint(0), text('what a later one appends')];
  const given = bytes(header({ flags: 0b1111_1111, fields }), END);
  expect(peek(given)).toEqual({
    version: 1,
    node: 'n',
    session: 's',
    seq: 5,
    step: 0,
    timeMs: T0,
    intervalMs: 0,
    reset: true,
  });
  expect(createDecoder({ familyNamed: () => load }).decode(given).batch).toMatchObject({
    node: 'n',
    seq: 5,
    tables: [],
  });
});

test('a batch without tables is a batch', () => {
  const got = createDecoder({ familyNamed: () => load }).decode(body());
  expect(got.batch).toEqual({ node: 'n', session: 's', seq: 1, timeMs: 1000, tables: [] });
});

test('an encoder takes only batches of its node and session', () => {
  const encoder = createEncoder({ node: NODE, session: SESSION });
  expect(() => encoder.encode(batch(1, [], { node: 'other' }))).toThrow(
    /the batch is of other session-1; legal here: node-1 session-1/,
  );
});

test.each([
  [0, /seq is 0; legal: 1, 2, 3/],
  [1.5, /seq is 1.5/],
])('an encoder refuses seq %s', (seq, wanted) => {
  const encoder = createEncoder({ node: NODE, session: SESSION });
  expect(() => encoder.encode(batch(seq, [], { timeMs: T0 }))).toThrow(wanted);
});
