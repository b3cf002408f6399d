/** Makes inputs of inputs: bits turned, bytes changed, pieces cut, repeated, put in from another input, numbers at their limits. */
import { between, oneOf, type Random } from '../hostile/attack.ts';

const MAX_BYTES = 64 * 1024;
const NUMBERS = ['0', '-1', '1e308', '9007199254740993', '18446744073709551616', 'NaN', '-0', '0x10', '1e-324'];
const TEXTS = [
  '',
  '__proto__',
  'constructor',
  '"',
  '\\',
  '\n',
  '\u0000',
  '\ud800',
  '{}',
  '[]',
  'null',
  ',',
  '=',
  "'",
  ': ',
  '# ',
];

type Mutation = (input: Buffer, other: Buffer, random: Random) => Buffer;

const at = (input: Buffer, random: Random): number => between(random, 0, Math.max(0, input.length - 1));

const put = (input: Buffer, where: number, piece: Buffer, instead = 0): Buffer =>
  Buffer.concat([input.subarray(0, where), piece, input.subarray(where + instead)]);

const MUTATIONS: readonly Mutation[] = [
  (input, _other, random) => {
    const out = Buffer.from(input);
    const i = at(out, random);
    if (out.length > 0) out[i] = (out[i] as number) ^ (1 << between(random, 0, 7));
    return out;
  },
  (input, _other, random) => {
    const out = Buffer.from(input);
    if (out.length > 0) out[at(out, random)] = oneOf(random, [0, 1, 0x7f, 0x80, 0xff, between(random, 0, 255)]);
    return out;
  },
  (input, _other, random) => put(input, at(input, random), Buffer.from([between(random, 0, 255)])),
  (input, _other, random) => put(input, at(input, random), Buffer.alloc(0), between(random, 1, 16)),
  (input, _other, random) => input.subarray(0, at(input, random)),
  (input, _other, random) => {
    const start = at(input, random);
    const piece = input.subarray(start, start + between(random, 1, 64));
    return put(input, start, Buffer.concat(Array.from({ length: between(random, 1, 8) }, () => piece)));
  },
  (input, other, random) => {
    const start = at(other, random);
    return put(input, at(input, random), other.subarray(start, start + between(random, 1, 64)), between(random, 0, 64));
  },
  (input, _other, random) => put(input, at(input, random), Buffer.from(oneOf(random, NUMBERS)), between(random, 0, 4)),
  (input, _other, random) => put(input, at(input, random), Buffer.from(oneOf(random, TEXTS)), between(random, 0, 4)),
  (input, other, random) => Buffer.concat([input.subarray(0, at(input, random)), other.subarray(at(other, random))]),
];

/** An input made of `input`, with pieces of `other`. */
export function mutate(input: Uint8Array, other: Uint8Array, random: Random): Buffer {
  let out = Buffer.from(input);
  for (let i = between(random, 1, 6); i > 0; i--)
    out = oneOf(random, MUTATIONS)(out, Buffer.from(other), random) as typeof out;
  return out.subarray(0, MAX_BYTES);
}
