import { describe, expect, test } from 'vitest';
import { labels } from '../../../src/model/labels.ts';
import { entityRow } from '../../../src/model/table.ts';
import { createDecoder } from '../../../src/wire/decode.ts';
import { createEncoder } from '../../../src/wire/encode.ts';
import { batch, container, familyNamed, load, NODE, plain, rowOf, SESSION, state, table } from './batches.ts';

const pair = (keepBatches = 12) => ({
  encoder: createEncoder({ node: NODE, session: SESSION, keepBatches }),
  decoder: createDecoder({ familyNamed }),
});

test('what was described once is not described again', () => {
  const { encoder } = pair();
  const row = rowOf('web');
  const first = encoder.encode(batch(1, [table(state, [[row, 1]])]));
  const second = encoder.encode(batch(2, [table(state, [[row, 1]])]));
  expect(Buffer.from(first).includes('web')).toBe(true);
  expect(Buffer.from(second).includes('web')).toBe(false);
});

test('a row is the same object in every batch of its session, also after a reset', () => {
  const { encoder, decoder } = pair();
  const sent = (seq: number) =>
    batch(seq, [
      table(state, [
        [rows[0]!, 1],
        [rows[1]!, 1],
      ]),
    ]);
  const rows = [rowOf('a'), rowOf('b', 'sda')];
  const first = decoder.decode(encoder.encode(sent(1))).batch.tables[0]!;
  const second = decoder.decode(encoder.encode(sent(2))).batch.tables[0]!;
  const third = decoder.decode(encoder.encode(sent(3), { full: true })).batch.tables[0]!;
  for (const later of [second, third]) {
    expect(later.rows[0]).toBe(first.rows[0]);
    expect(later.rows[1]).toBe(first.rows[1]);
    expect(later.rows[1]!.entity).toBe(first.rows[1]!.entity);
  }
});

test('rows that say the same are one object, also in tables of different families', () => {
  const { encoder, decoder } = pair();
  const web = container('web');
  const dims = labels([]);
  const tables = [table(state, [[entityRow(web, dims), 1]]), table(load, [[entityRow(web, dims), 5]])];
  const got = decoder.decode(encoder.encode(batch(1, tables))).batch.tables;
  expect(got[0]!.rows[0]).toBe(got[1]!.rows[0]);
});

test('a container whose labels changed is another row, and the old one is forgotten on both sides', () => {
  const { encoder, decoder } = pair(2);
  const sizes = [];
  for (let seq = 1; seq <= 6; seq++) {
    // Renamed after the first batch, as a restart would: same key, new entity.
    const row = seq === 1 ? before : after;
    decoder.decode(encoder.encode(batch(seq, [table(state, [[row, 1]])])));
    sizes.push([encoder.rows, decoder.size.rows, decoder.size.entities]);
  }
  // Used in batch 1, kept for 2 and 3, removed with batch 4.
  expect(sizes).toEqual([
    [1, 1, 1],
    [2, 2, 2],
    [2, 2, 2],
    [1, 1, 1],
    [1, 1, 1],
    [1, 1, 1],
  ]);
});
const before = rowOf('web');
const after = rowOf('shop');

test('a thousand containers that come and go leave nothing behind', () => {
  const { encoder, decoder } = pair(3);
  const stays = rowOf('stays');
  let most = 0;
  for (let seq = 1; seq <= 1000; seq++) {
    const got = decoder.decode(
      encoder.encode(
        batch(seq, [
          table(state, [
            [stays, 1],
            [rowOf(`c${seq}`), 1],
          ]),
        ]),
      ),
    );
    most = Math.max(most, decoder.size.rows, ...got.refs.flatMap((refs) => [...refs]));
  }
  // The one that stays, the newest, and three that are kept.
  expect(most).toBe(5);
  expect(encoder.rows).toBe(5);
});

test('a removed row says so, with the number that its successor may get in the same body', () => {
  const { encoder, decoder } = pair(1);
  const rows = [rowOf('a'), rowOf('b'), rowOf('c')];
  decoder.decode(
    encoder.encode(
      batch(1, [
        table(state, [
          [rows[0]!, 1],
          [rows[1]!, 1],
        ]),
      ]),
    ),
  );
  decoder.decode(encoder.encode(batch(2, [table(state, [[rows[1]!, 1]])])));
  const third = decoder.decode(
    encoder.encode(
      batch(3, [
        table(state, [
          [rows[1]!, 1],
          [rows[2]!, 1],
        ]),
      ]),
    ),
  );
  expect(third.removed).toEqual([0]);
  expect([...third.refs[0]!]).toEqual([1, 0]);
  expect(third.batch.tables[0]!.rows[1]!.entity.key).toMatch(/^c0/);
});

test('a body that goes on from one that never came is refused: its numbers may stand for other containers', () => {
  const { encoder, decoder } = pair(0);
  const sent = (seq: number, name: string) => encoder.encode(batch(seq, [table(state, [[rowOf(name), seq]])]));
  decoder.decode(sent(1, 'a'));
  // Removes `a` and gives its number to `b`; lost on the way.
  sent(2, 'b');
  const third = encoder.encode(batch(3, []));
  expect(() => decoder.decode(third)).toThrow(/the body goes on from seq 2; legal here: 1, or reset/);
  expect(() => sent(3, 'c')).toThrow(/seq is 3; legal: above 3/);
});

test('after forget, and after a batch that could not be written, the next body stands alone', () => {
  const { encoder } = pair();
  const row = rowOf('web');
  const sent = (seq: number) => encoder.encode(batch(seq, [table(state, [[row, seq]])]));
  sent(1);
  encoder.forget();
  expect(createDecoder({ familyNamed }).decode(sent(2)).reset).toBe(true);
  expect(() => encoder.encode(batch(3, [table(state, [[row, 1]], 0.5)]))).toThrow(
    /a row's time is 0.5; legal: integer/,
  );
  expect(createDecoder({ familyNamed }).decode(sent(4)).batch.tables[0]!.rows[0]!.entity.key).toMatch(/^web0/);
});

describe('labels that no collector would take', () => {
  const send = (pairs: readonly (readonly [string, string])[]) => {
    const { encoder, decoder } = pair();
    const row = entityRow({ ...container('web'), labels: labels(pairs) }, labels([]));
    return decoder.decode(encoder.encode(batch(1, [table(state, [[row, 1]])]))).batch.tables[0]!.rows[0]!.labels;
  };

  test('a megabyte is cut to 2048 bytes', () => {
    expect(send([['big', 'x'.repeat(1 << 20)]]).values).toEqual(['x'.repeat(2048)]);
  });

  test('the cut is at the end of a character', () => {
    // Each is three bytes: 682 of them are 2046, one more would be 2049.
    expect(send([['euro', '€'.repeat(1000)]]).values).toEqual(['€'.repeat(682)]);
    // Four bytes, two UTF-16 units: 512 are 2048.
    expect(send([['ship', '🚢'.repeat(1000)]]).values).toEqual(['🚢'.repeat(512)]);
    expect(send([['odd', `x${'🚢'.repeat(1000)}`]]).values).toEqual([`x${'🚢'.repeat(511)}`]);
  });

  test('ten thousand become the first 128', () => {
    const pairs = Array.from({ length: 10_000 }, (_, i) => [`l${String(i).padStart(5, '0')}`, 'x'] as const);
    expect(send(pairs).names).toEqual(pairs.slice(0, 128).map(([name]) => name));
  });

  test('an illegal name is left out', () => {
    expect(
      send([
        ['com.example', 'x'],
        ['0a', 'x'],
        ['', 'x'],
        ['ok', 'y'],
      ]).names,
    ).toEqual(['ok']);
  });

  test('__proto__ is only a name', () => {
    const got = send([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect([got.names, got.values]).toEqual([
      ['__proto__', 'constructor'],
      ['x', 'y'],
    ]);
  });
});

describe('a row twice in one table', () => {
  test('is sent once by the encoder, with its last reading', () => {
    const [one, two] = [rowOf('a'), rowOf('b')];
    const sent = batch(1, [
      table(state, [
        [one, 1],
        [two, 2],
        [one, 3],
      ]),
    ]);
    const decoder = createDecoder({ familyNamed });
    const { batch: taken } = decoder.decode(createEncoder({ node: NODE, session: SESSION }).encode(sent));
    expect(plain(taken)).toEqual(
      plain(
        batch(1, [
          table(state, [
            [two, 2],
            [one, 3],
          ]),
        ]),
      ),
    );
  });
});
