/** Bodies as they come in: what they may weigh, how slowly and in how small pieces they may come, and who has to go when memory is short. */
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createBodies } from '../../../../src/http/body/bodies.ts';
import { fakeClock, settle } from '../../../support/clock.ts';

function bench(given: { maxBytes?: number; maxHeldBytes?: number } = {}) {
  const clock = fakeClock();
  const bodies = createBodies({ clock, maxBytes: 1 << 20, maxHeldBytes: 1 << 22, ...given });
  return { clock, bodies };
}

/** Why it was refused, or how many bytes came. */
async function outcome(read: Promise<{ readonly bytes: Buffer }>): Promise<string | number> {
  return read.then(
    ({ bytes }) => bytes.length,
    (error: { reason: string }) => error.reason,
  );
}

test('a body in pieces is one piece of memory, counted until it is released', async () => {
  const { bodies } = bench();
  const stream = new PassThrough();
  const read = bodies.read(stream, 30_000);
  for (let i = 0; i < 3; i++) stream.write(Buffer.alloc(10_000, i));
  stream.end();
  const body = await read;
  expect(body.bytes.equals(Buffer.concat([0, 1, 2].map((i) => Buffer.alloc(10_000, i))))).toBe(true);
  expect(bodies.held).toBe(30_000);
  body.release();
  expect(bodies.held).toBe(0);
});

test('one over the limit is refused by its declared length, or when it gets there, and holds nothing', async () => {
  const { bodies } = bench({ maxBytes: 1000 });
  expect(await outcome(bodies.read(new PassThrough(), 1001))).toBe('body_too_large');
  const stream = new PassThrough();
  const read = outcome(bodies.read(stream, undefined));
  stream.write(Buffer.alloc(1001));
  expect(await read).toBe('body_too_large');
  expect(bodies.held).toBe(0);
});

test('one-byte pieces are refused after 128 of them', async () => {
  const { bodies } = bench();
  const stream = new PassThrough();
  const read = outcome(bodies.read(stream, undefined));
  for (let i = 0; i < 200; i++) {
    stream.write(Buffer.alloc(1));
    await settle();
  }
  expect(await read).toBe('scattered_body');
});

test('pieces of a network’s size are not crumbs', async () => {
  const { bodies } = bench();
  const stream = new PassThrough();
  const read = outcome(bodies.read(stream, undefined));
  for (let i = 0; i < 500; i++) stream.write(Buffer.alloc(536));
  stream.end();
  expect(await read).toBe(268_000);
});

test('a body that stands still for ten seconds, or comes at less than a kilobyte a second, is not waited for', async () => {
  const { clock, bodies } = bench();
  const still = new PassThrough();
  const trickle = new PassThrough();
  const reads = [outcome(bodies.read(still, undefined)), outcome(bodies.read(trickle, undefined))];
  still.write(Buffer.alloc(100_000));
  for (let i = 0; i < 12; i++) {
    trickle.write(Buffer.alloc(500));
    await clock.advance(1000);
  }
  expect(await Promise.all(reads)).toEqual(['slow_body', 'slow_body']);
  expect(bodies.held).toBe(0);
  await clock.advance(2000);
  expect(clock.armed).toBe(0);
});

test('when memory is short, bodies that stand still go, and one that comes is taken', async () => {
  const { clock, bodies } = bench({ maxBytes: 1000, maxHeldBytes: 3000 });
  const stalled = [1, 2, 3].map(() => {
    const stream = new PassThrough();
    const read = outcome(bodies.read(stream, 1000));
    stream.write(Buffer.alloc(900));
    return read;
  });
  await clock.advance(1500);
  expect(bodies.held).toBe(3000);
  const honest = new PassThrough();
  const read = outcome(bodies.read(honest, 1000));
  honest.end(Buffer.alloc(1000));
  expect(await read).toBe(1000);
  expect(await stalled[0]).toBe('slow_body');
});

test('when memory is short and all bodies go on, the newcomer is told to come back', async () => {
  const { bodies } = bench({ maxBytes: 1000, maxHeldBytes: 2000 });
  for (let i = 0; i < 2; i++) {
    const stream = new PassThrough();
    void outcome(bodies.read(stream, 1000));
    stream.write(Buffer.alloc(900));
  }
  await settle();
  const stream = new PassThrough();
  const read = outcome(bodies.read(stream, 1000));
  stream.end(Buffer.alloc(1000));
  expect(await read).toBe('busy');
});

test('a connection that ends within the body frees its memory', async () => {
  const { bodies } = bench();
  const stream = new PassThrough();
  const read = outcome(bodies.read(stream, 1000));
  stream.write(Buffer.alloc(10));
  await settle();
  stream.destroy();
  expect(await read).toBe('truncated');
  expect(bodies.held).toBe(0);
});
