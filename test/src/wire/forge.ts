/** Builds bodies by hand for the tests: as broken as they like. */
import { Writer } from '../../../src/wire/writer.ts';

export type Part = (out: Writer) => void;

export const u8 =
  (value: number): Part =>
  (out) =>
    out.byte(value);
export const varint =
  (value: number): Part =>
  (out) =>
    out.varint(value);
export const signed =
  (value: number): Part =>
  (out) =>
    out.signed(value);
export const f64 =
  (value: number): Part =>
  (out) =>
    out.float64(value);
export const text =
  (value: string): Part =>
  (out) =>
    out.text(value);
export const raw =
  (...bytes: number[]): Part =>
  (out) =>
    out.bytes(Uint8Array.from(bytes));

export function bytes(...parts: readonly Part[]): Uint8Array {
  const out = new Writer();
  for (const part of parts) part(out);
  return out.copy();
}

/** A section, and the length that fits it. */
export const section =
  (id: number, ...parts: readonly Part[]): Part =>
  (out) => {
    const content = bytes(...parts);
    out.byte(id);
    out.u32(content.length);
    out.bytes(content);
  };

export const END = section(0);

interface HeaderParts {
  readonly version?: number;
  readonly flags?: number;
  readonly fields?: readonly Part[];
}

/** A header with the given fields, or a good one: node `n`, session `s`, seq 1, step 0, time 1000. */
export const header =
  ({ version = 1, flags = 1, fields }: HeaderParts = {}): Part =>
  (out) => {
    const content = bytes(...(fields ?? [text('n'), text('s'), varint(1), varint(0), signed(1000)]));
    out.bytes(Uint8Array.of(0x50, 0x4c, 0x4d, 0x53, version, flags));
    out.varint(content.length);
    out.bytes(content);
  };

/** A good body as far as it goes: header, then these, then the end. */
export const body = (...sections: readonly Part[]): Uint8Array => bytes(header(), ...sections, END);

/** Family 0, `load`, with its three fields: bytes_total, seconds_total, ratio. */
export const FAMILY = section(
  2,
  varint(1),
  varint(0),
  text('load'),
  varint(3),
  text('bytes_total'),
  text('seconds_total'),
  text('ratio'),
);
export const ENTITY = section(3, varint(1), varint(0), text('k'), u8(0), signed(0), varint(0));
export const ROW = section(4, varint(1), varint(0), varint(0), varint(0));
/** One row of family 0, time +0, column 0 = 7. */
export const TABLE = section(5, varint(0), varint(1), signed(1), u8(2), varint(0), varint(0), u8(2), varint(7));
