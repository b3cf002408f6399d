import { fc, test as prop } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { WireError } from '../../../src/errors.ts';
import { createDecoder } from '../../../src/wire/decode.ts';
import { createEncoder } from '../../../src/wire/encode.ts';
import { peek } from '../../../src/wire/header.ts';
import { WIRE_LIMITS } from '../../../src/wire/limits.ts';
import { batch, familyNamed, load, NODE, plain, rowOf, SESSION, state, table } from './batches.ts';
import {
  body,
  bytes,
  END,
  ENTITY,
  f64,
  FAMILY,
  header,
  type Part,
  ROW,
  raw,
  section,
  signed,
  TABLE,
  text,
  u8,
  varint,
} from './forge.ts';

/** The reason and message of the refusal; anything but a WireError fails the test. */
function refusal(given: Uint8Array, limits = WIRE_LIMITS): string {
  try {
    createDecoder({ familyNamed, limits }).decode(given);
  } catch (error) {
    if (error instanceof WireError) return `${error.reason}: ${error.message}`;
    throw error;
  }
  return 'taken';
}

const REASONS =
  /^(taken|(truncated|bad_magic|unsupported_version|bad_section|bad_text|bad_label|bad_number|bad_encoding|bad_reference|out_of_step|limit): )/;

function sample(): { first: Uint8Array; second: Uint8Array } {
  const encoder = createEncoder({ node: NODE, session: SESSION, keepBatches: 0 });
  const tables = (n: number) => [
    table(load, [
      [rowOf('a', 'sda'), 5 + n, 0.25, 1 / 3],
      [rowOf('b'), undefined, 1e-9, -1],
    ]),
    table(state, [[rowOf('a'), 1]]),
  ];
  return { first: encoder.encode(batch(1, tables(1))), second: encoder.encode(batch(2, tables(2))) };
}

test('the forged body that the others are variations of is taken', () => {
  expect(refusal(body(FAMILY, ENTITY, ROW, TABLE))).toBe('taken');
});

describe('any bytes are safe', () => {
  test('a body cut at any byte is refused as truncated, and changes nothing', () => {
    const { first, second } = sample();
    const decoder = createDecoder({ familyNamed });
    decoder.decode(first);
    const before = decoder.size;
    for (let length = 0; length < second.length; length++) {
      expect(() => decoder.decode(second.subarray(0, length))).toThrow(WireError);
      expect(refusal(first.subarray(0, length))).toMatch(/^(truncated|bad_section): /);
      expect(decoder.size).toEqual(before);
    }
    expect(decoder.decode(second).batch.seq).toBe(2);
  });

  test('a body with any bit flipped is a batch or a WireError; after it the good one decodes as ever', () => {
    const { first, second } = sample();
    const fresh = createDecoder({ familyNamed });
    fresh.decode(first);
    const wanted = plain(fresh.decode(second).batch);
    for (let bit = 0; bit < second.length * 8; bit++) {
      const flipped = Uint8Array.from(second);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const decoder = createDecoder({ familyNamed });
      decoder.decode(first);
      try {
        decoder.decode(flipped);
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
        expect(plain(decoder.decode(second).batch)).toEqual(wanted);
      }
    }
  });

  prop.prop([fc.uint8Array({ maxLength: 300 })], { numRuns: 2000 })('random bytes', (random) => {
    expect(refusal(random)).toMatch(REASONS);
  });

  prop.prop([fc.uint8Array({ maxLength: 300 })], { numRuns: 2000 })('random bytes behind a good header', (random) => {
    expect(refusal(bytes(header(), raw(...random)))).toMatch(REASONS);
  });

  prop.prop([fc.nat(5), fc.uint8Array({ maxLength: 100 })], { numRuns: 3000 })(
    'random bytes in a section',
    (id, random) => {
      expect(refusal(bytes(header(), FAMILY, ENTITY, ROW, section(id, raw(...random)), END))).toMatch(REASONS);
      expect(refusal(body(section(id, raw(...random)), TABLE))).toMatch(REASONS);
    },
  );
});

const label = (name: string, value: string): readonly Part[] => [text(name), text(value)];
const entityWith = (...labels: readonly Part[]): Part =>
  section(3, varint(1), varint(0), text('k'), u8(0), signed(0), varint(labels.length / 2), ...labels);
const column = (...parts: readonly Part[]): Uint8Array =>
  body(FAMILY, ENTITY, ROW, section(5, varint(0), varint(1), signed(1), u8(2), varint(0), ...parts));

describe('refused, with a reason that is in the list and a message that names field, value and what is legal', () => {
  test.each<[string, Uint8Array, RegExp]>([
    ['nothing at all', new Uint8Array(), /^truncated: the body ends within the magic number/],
    ['text', Buffer.from('container_cpu 1'), /^bad_magic: .*"PLMS"/],
    ['another version', bytes(header({ version: 2 }), END), /^unsupported_version: version is 2; supported: 1/],
    [
      'no node',
      bytes(header({ fields: [text(''), text('s'), varint(1), signed(0)] }), END),
      /^bad_text: node is empty; legal: 1 to 255/,
    ],
    [
      'seq 0',
      bytes(header({ fields: [text('n'), text('s'), varint(0), signed(0)] }), END),
      /^bad_number: seq is 0; legal: 1, 2, 3/,
    ],
    ['no end', bytes(header(), FAMILY), /^truncated: .*section id/],
    ['bytes behind the end', bytes(header(), END, u8(0)), /^bad_section: .*1 bytes too many/],
    [
      'bytes behind a section’s content',
      body(section(2, varint(0), u8(0))),
      /^bad_section: section 2 has 1 bytes too many/,
    ],
    ['sections out of order', body(ENTITY, FAMILY), /^bad_section: section 2 comes after section 3/],
    ['a section twice', body(FAMILY, FAMILY), /^bad_section: section 2 comes after section 2/],
    [
      'text that is not UTF-8',
      body(section(3, varint(1), varint(0), varint(2), raw(0xc3, 0x28))),
      /^bad_text: entity key is not UTF-8/,
    ],
    [
      'a kind that does not exist',
      body(section(3, varint(1), varint(0), text('k'), u8(4), signed(0), varint(0))),
      /^bad_number: entity kind is 4; legal: 0 to 3/,
    ],
    [
      'an illegal label name',
      body(entityWith(...label('a-b', 'x'))),
      /^bad_label: label name is "a-b"; legal: \[a-zA-Z_\]/,
    ],
    [
      'labels out of order',
      body(entityWith(...label('b', 'x'), ...label('a', 'x'))),
      /^bad_label: label a comes after b; legal: ascending/,
    ],
    ['a label twice', body(entityWith(...label('a', 'x'), ...label('a', 'y'))), /^bad_label: label a comes after a/],
    ['an empty label', body(entityWith(...label('a', ''))), /^bad_label: label a is empty/],
    ['a row of no entity', body(FAMILY, ROW), /^bad_reference: entity 0 is not defined/],
    ['a table of no family', body(TABLE), /^bad_reference: family 0 is not defined/],
    ['a table of no row', body(FAMILY, TABLE), /^bad_reference: row 0 is not defined/],
    [
      'a row twice in one table',
      body(FAMILY, ENTITY, ROW, section(5, varint(0), varint(2), signed(1), signed(0), u8(1), f64(0))),
      /^bad_reference: row 0 is twice in one table/,
    ],
    [
      'an entity twice',
      body(
        section(
          3,
          varint(2),
          varint(0),
          text('k'),
          u8(0),
          signed(0),
          varint(0),
          varint(0),
          text('l'),
          u8(0),
          signed(0),
          varint(0),
        ),
      ),
      /^bad_reference: entity 0 is defined twice/,
    ],
    [
      'a row removed that never was',
      body(section(1, varint(1), varint(9), varint(0))),
      /^bad_reference: row 9 is not defined/,
    ],
    [
      'a field twice',
      body(section(2, varint(1), varint(0), text('load'), varint(2), text('a'), text('a'))),
      /^bad_text: family load names a field twice/,
    ],
    ['a column that is not in the family', column(varint(3), u8(2), varint(1)), /^bad_reference: column 3 .*below 3/],
    [
      'a column twice',
      column(varint(1), u8(2), varint(1), varint(1), u8(2), varint(1)),
      /^bad_reference: column 1 .*comes after 1/,
    ],
    [
      'a tag with the reserved bit',
      column(varint(0), u8(10), varint(1)),
      /^bad_encoding: column 0 of family load has the tag 10/,
    ],
    ['an exponent above 9', column(varint(0), u8(0xa2), varint(1)), /^bad_encoding: .*tag 162/],
    ['an exponent on raw doubles', column(varint(0), u8(0x10), f64(1)), /^bad_encoding: .*tag 16/],
    [
      'presence bits behind the rows',
      column(varint(0), u8(6), u8(3), varint(1)),
      /^bad_encoding: .*bits behind its 1 rows/,
    ],
    ['NaN', column(varint(0), u8(0), f64(Number.NaN)), /^bad_number: .*not finite/],
    ['infinity for all', column(varint(0), u8(1), f64(Number.POSITIVE_INFINITY)), /^bad_number: .*not finite/],
    [
      'a varint of nine bytes',
      column(varint(0), u8(2), raw(128, 128, 128, 128, 128, 128, 128, 128, 1)),
      /^bad_number: .*above 9007199254740991/,
    ],
    [
      'a varint of 2^53',
      column(varint(0), u8(2), raw(128, 128, 128, 128, 128, 128, 128, 16)),
      /^bad_number: .*above 9007199254740991/,
    ],
    [
      'a time that is no integer',
      body(FAMILY, ENTITY, ROW, section(5, varint(0), varint(1), signed(1), u8(0), f64(0.5))),
      /^bad_number: a row's time in family load is 1000.5; legal: integer/,
    ],
    [
      'a row without a time',
      body(FAMILY, ENTITY, ROW, section(5, varint(0), varint(1), signed(1), u8(6), u8(0))),
      /^bad_number: a row of family load has no time/,
    ],
  ])('%s', (_what, given, wanted) => {
    expect(refusal(given)).toMatch(wanted);
  });

  test('an entity that still has rows is not removed', () => {
    const decoder = createDecoder({ familyNamed });
    decoder.decode(body(FAMILY, ENTITY, ROW, TABLE));
    const removal = bytes(header({ flags: 0 }), section(1, varint(0), varint(1), varint(0)), END);
    expect(() => decoder.decode(removal)).toThrow(/entity 0 is removed while 1 rows refer to it/);
    expect(decoder.size).toEqual({ entities: 1, rows: 1 });
  });
});

describe('limits', () => {
  const rows = (n: number) =>
    section(4, varint(n), ...Array.from({ length: n }, (_, i) => [varint(i), varint(0), varint(0)]).flat());
  const small = {
    ...WIRE_LIMITS,
    rows: 3,
    entities: 2,
    families: 2,
    columns: 3,
    keyBytes: 5,
    labels: 2,
    labelNameBytes: 4,
    labelValueBytes: 6,
  };

  test.each<[string, Uint8Array, RegExp]>([
    ['rows', body(ENTITY, rows(4)), /^limit: rows is 4; legal: at most 3/],
    [
      'a row’s number',
      body(ENTITY, section(4, varint(1), varint(3), varint(0), varint(0))),
      /^limit: the number of a row is 3; legal: at most 2/,
    ],
    [
      'an entity’s key',
      body(section(3, varint(1), varint(0), text('123456'))),
      /^limit: entity key length is 6; legal: at most 5/,
    ],
    [
      'labels',
      body(entityWith(...label('a', 'x'), ...label('b', 'x'), ...label('c', 'x'))),
      /^limit: number of labels is 3; legal: at most 2/,
    ],
    ['a label’s name', body(entityWith(...label('abcde', 'x'))), /^limit: label name length is 5; legal: at most 4/],
    [
      'a label’s value',
      body(entityWith(...label('a', '1234567'))),
      /^limit: value of label a length is 7; legal: at most 6/,
    ],
    [
      'columns',
      body(section(2, varint(1), varint(0), text('load'), varint(4))),
      /^limit: columns of family load is 4; legal: at most 3/,
    ],
  ])('%s', (_what, given, wanted) => {
    expect(refusal(given, small)).toMatch(wanted);
  });

  test('a megabyte of label', () => {
    expect(refusal(body(entityWith(...label('a', 'x'.repeat(1 << 20)))))).toMatch(
      /^limit: value of label a length is 1048576; legal: at most 2048/,
    );
  });

  test('a node’s name', () => {
    expect(() => peek(bytes(header({ fields: [text('n'.repeat(256))] })))).toThrow(
      /node length is 256; legal: at most 255/,
    );
  });

  test('the body, the tables, the cells, the text', () => {
    const good = body(FAMILY, ENTITY, ROW, TABLE, TABLE);
    expect(refusal(good, { ...WIRE_LIMITS, bodyBytes: good.length - 1 })).toMatch(/^limit: the body has \d+ bytes/);
    expect(refusal(good, { ...WIRE_LIMITS, tables: 1 })).toMatch(/^limit: .*more tables than 1/);
    // One row of three columns and two more for time and ignored ones: 5 cells a table.
    expect(refusal(good, { ...WIRE_LIMITS, cells: 9 })).toMatch(
      /^limit: cells of the body, with family load is 10; legal: at most 9/,
    );
    expect(refusal(good, { ...WIRE_LIMITS, cells: 10 })).toBe('taken');
    expect(refusal(good, { ...WIRE_LIMITS, dictionaryBytes: 20 })).toMatch(
      /^limit: bytes of text in the session’s dictionary/,
    );
  });

  test('a count that promises more than the body holds is refused before anything is made for it', () => {
    for (const id of [2, 3, 4]) expect(refusal(body(section(id, varint(200))))).toMatch(/^truncated/);
    expect(refusal(body(FAMILY, section(5, varint(0), varint(200_000))))).toMatch(/^truncated: .*rows of family load/);
  });
});

describe('a refused body changes nothing', () => {
  test('definitions and removals before the bad byte are taken back', () => {
    const decoder = createDecoder({ familyNamed });
    const first = decoder.decode(body(FAMILY, ENTITY, ROW, TABLE)).batch.tables[0]!.rows[0];
    const remove = section(1, varint(1), varint(0), varint(1), varint(0));
    const other = section(3, varint(1), varint(0), text('other'), u8(0), signed(0), varint(0));
    const bad = section(5, varint(0), varint(1), signed(1), u8(10));
    expect(() => decoder.decode(bytes(header({ flags: 0 }), remove, other, ROW, bad, END))).toThrow(/tag 10/);
    const again = decoder.decode(bytes(header({ flags: 0 }), TABLE, END)).batch.tables[0]!.rows[0];
    expect(again).toBe(first);
    expect(decoder.size).toEqual({ entities: 1, rows: 1 });
  });

  test('a bad body with the reset flag leaves the old dictionary', () => {
    const decoder = createDecoder({ familyNamed });
    decoder.decode(body(FAMILY, ENTITY, ROW, TABLE));
    expect(() => decoder.decode(body(FAMILY, TABLE))).toThrow(/row 0 is not defined/);
    expect(decoder.decode(bytes(header({ flags: 0 }), TABLE, END)).samples).toBe(1);
  });
});
