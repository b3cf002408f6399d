/** Protobuf by hand: a field each, from the description of the wire format. */

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (let left = BigInt.asUintN(64, value); ; left >>= 7n) {
    if (left < 0x80n) return Buffer.from([...bytes, Number(left)]);
    bytes.push(Number(left & 0x7fn) | 0x80);
  }
}

const tag = (field: number, kind: number): Buffer => varint(BigInt(field * 8 + kind));

export function bytesField(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([tag(field, 2), varint(BigInt(bytes.length)), bytes]);
}

export const message = (field: number, ...parts: Buffer[]): Buffer => bytesField(field, Buffer.concat(parts));
export const text = (field: number, value: string): Buffer => bytesField(field, Buffer.from(value));
export const number = (field: number, value: number): Buffer => Buffer.concat([tag(field, 0), varint(BigInt(value))]);
export const packed = (field: number, ...values: number[]): Buffer =>
  bytesField(field, Buffer.concat(values.map((value) => varint(BigInt(value)))));

export function double(field: number, value: number | Buffer): Buffer {
  const bytes = Buffer.alloc(8);
  if (typeof value === 'number') bytes.writeDoubleLE(value);
  else value.copy(bytes);
  return Buffer.concat([tag(field, 1), bytes]);
}
