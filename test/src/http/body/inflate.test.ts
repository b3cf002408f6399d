import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { inflate } from '../../../../src/http/body/inflate.ts';

const MIB = 1024 * 1024;

/** What does not shrink: bytes of a small generator. */
function noise(length: number): Buffer {
  let state = 1;
  return Buffer.from(
    Uint8Array.from({ length }, () => {
      state = (state * 48271) % 2147483647;
      return state & 255;
    }),
  );
}

/** The same member, its last field saying another length. */
function promising(packed: Buffer, length: number): Buffer {
  const changed = Buffer.from(packed);
  changed.writeUInt32LE(length, changed.length - 4);
  return changed;
}

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a small body', noise(1000)],
  ['a small body that unpacks to much', Buffer.alloc(MIB, 7)],
  ['exactly what is unpacked at once', Buffer.alloc(128 * 1024, 7)],
  ['one byte more', Buffer.alloc(128 * 1024 + 1, 7)],
  ['a large body', noise(300_000)],
])('%s comes out as it went in', async (_what, body) => {
  expect((await inflate(gzipSync(body), 'gzip', 2 * MIB)).equals(body)).toBe(true);
});

test('two members in one body are one text', async () => {
  const body = Buffer.concat([gzipSync('first '), gzipSync('second')]);
  expect(String(await inflate(body, 'gzip', MIB))).toBe('first second');
});

test.each([
  ['small limit, small body', 1000, 999],
  ['large limit, small body', 2 * MIB, 2 * MIB - 1],
])('what unpacks to more than the limit is refused: %s', async (_what, bytes, limit) => {
  const packed = gzipSync(Buffer.alloc(bytes));
  await expect(inflate(packed, 'gzip', limit)).rejects.toMatchObject({ reason: 'body_too_large' });
  expect((await inflate(packed, 'gzip', bytes)).length).toBe(bytes);
});

test.each([
  ['less than it is', 5000, 3],
  ['more than it is', 10, 4_000_000_000],
])('a body that says it is %s is not believed', async (_what, bytes, said) => {
  // zlib compares the length at the end: what lies is no gzip, and costs no memory of what was promised.
  const packed = promising(gzipSync(noise(bytes)), said);
  await expect(inflate(packed, 'gzip', MIB)).rejects.toMatchObject({ reason: 'bad_gzip' });
});

test('sixteen kilobytes that unpack to sixteen megabytes stop at the limit', async () => {
  const bomb = gzipSync(Buffer.alloc(16 * MIB - 1), { level: 9 });
  expect(bomb.length).toBeLessThanOrEqual(16 * 1024);
  await expect(inflate(bomb, 'gzip', 8 * MIB)).rejects.toMatchObject({ reason: 'body_too_large' });
  // The end says 3 bytes, so it is tried at once, and given up there.
  await expect(inflate(promising(bomb, 3), 'gzip', 8 * MIB)).rejects.toMatchObject({ reason: 'body_too_large' });
});
