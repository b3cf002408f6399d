import { describe, expect, test } from 'vitest';
import type { Place } from '../../../agents/send/disk.ts';
import { type Held, Spool } from '../../../agents/send/spool.ts';
import { batch, rowOf, SESSION, state, table } from '../../src/wire/batches.ts';

const of = (seq: number, rows = 1, session = SESSION) =>
  batch(
    seq,
    [
      table(
        state,
        Array.from({ length: rows }, (_, i) => [rowOf(`c${i}`), 1] as const),
      ),
    ],
    { session },
  );
const seqs = (all: readonly Held[]) => all.map(({ about: { seq } }) => seq);
const none = new Map<string, number>();

function spoolOf(batches: number, { maxBatches = 10, maxBytes = 1e6 } = {}) {
  const spool = new Spool({ maxBatches, maxBytes });
  for (let seq = 1; seq <= batches; seq++) spool.append(of(seq), 1, seq);
  return spool;
}

function placeOf(seq: number, session: string): Place {
  return { about: { node: 'n', session, seq, timeMs: 0, samples: 1 }, offset: 0, length: 1, segment: {} as never };
}

/** So many are sent and taken. */
function take(spool: Spool, count: number): void {
  for (let i = 0; i < count; i++) {
    spool.next();
    spool.taken(none);
  }
}

describe('what waits', () => {
  test('is handed out in order, and the same one until it is taken', () => {
    const spool = spoolOf(3);
    expect(spool.next()?.about.seq).toBe(1);
    expect(spool.next()?.about.seq).toBe(1);
    spool.taken(none);
    expect(spool.next()?.about.seq).toBe(2);
    expect(spool.size).toMatchObject({ batches: 3, samples: 3, taken: 1 });
    expect(spool.waiting).toBe(2);
  });

  test('full, gives up the oldest', () => {
    const spool = spoolOf(0, { maxBatches: 2 });
    expect(seqs([1, 2, 3, 4].flatMap((seq) => [...spool.append(of(seq), 1, 0)]))).toEqual([1, 2]);
    expect(spool.size).toMatchObject({ batches: 2, samples: 2 });
  });

  test('but not the one that is on its way', () => {
    const spool = spoolOf(1, { maxBatches: 2 });
    spool.next();
    expect(seqs([2, 3, 4].flatMap((seq) => [...spool.append(of(seq), 1, 0)]))).toEqual([2, 3]);
    spool.taken(none);
    expect(spool.next()?.about.seq).toBe(4);
  });

  test('bytes count too: a batch that alone is too large is given up itself', () => {
    // 200 for the batch, 400 for the table, 24 for each row of one column: 100 rows take 3000.
    const spool = spoolOf(0, { maxBatches: 100, maxBytes: 3700 });
    expect(seqs(spool.append(of(1, 100), 100, 0))).toEqual([]);
    expect(spool.size.bytes).toBe(3000);
    expect(seqs(spool.append(of(2, 1), 1, 0))).toEqual([]);
    expect(seqs(spool.append(of(3, 10), 10, 0))).toEqual([1]);
    expect(seqs(spool.append(of(4, 1000), 1000, 0))).toEqual([2, 3, 4]);
    expect(spool.size).toEqual({ batches: 0, samples: 0, bytes: 0, taken: 0 });
  });
});

describe('what is taken', () => {
  test('is kept until it is durable, with all before it', () => {
    const spool = spoolOf(4);
    take(spool, 3);
    expect(seqs(spool.durable(SESSION, 0))).toEqual([]);
    expect(seqs(spool.durable(SESSION, 2))).toEqual([1, 2]);
    expect(spool.size).toMatchObject({ batches: 2, samples: 2, taken: 1 });
    // Not more than was taken, whatever the collector says.
    expect(seqs(spool.durable(SESSION, 99))).toEqual([3]);
    expect(seqs(spool.durable('another', 99))).toEqual([]);
    expect(spool.next()?.about.seq).toBe(4);
  });

  test('of an earlier session is durable when something of a later one is', () => {
    const spool = new Spool({ maxBatches: 10, maxBytes: 1e6 });
    for (const [seq, session] of [
      [7, 'earlier'],
      [8, 'earlier'],
      [1, 'later'],
    ] as const)
      spool.append(of(seq, 1, session), 1, 0);
    take(spool, 3);
    expect(seqs(spool.durable('earlier', 7))).toEqual([7]);
    expect(seqs(spool.durable('later', 1))).toEqual([8, 1]);
  });

  test('is sent again, from the oldest, when the collector has lost it', () => {
    const spool = spoolOf(4);
    take(spool, 3);
    spool.durable(SESSION, 1);
    spool.rewind();
    expect(spool.waiting).toBe(3);
    expect(spool.next()?.about.seq).toBe(2);
  });

  test('of ours is not durable because something of an earlier session is that was found later', () => {
    const spool = new Spool({ maxBatches: 10, maxBytes: 1e6 });
    spool.append(of(1, 1, 'new'), 1, 0);
    spool.append(of(2, 1, 'new'), 1, 0);
    take(spool, 1);
    spool.restore([placeOf(7, 'old'), placeOf(8, 'old')], 0);
    take(spool, 2);
    // Taken, in this order: new 1, old 7, old 8; new 2 waits.
    expect(seqs(spool.durable('old', 8))).toEqual([7, 8]);
    expect(spool.size).toMatchObject({ taken: 1, batches: 2 });
    expect(seqs(spool.durable('new', 1))).toEqual([1]);
    expect(spool.next()?.about.seq).toBe(2);
  });

  test('goes first when memory is full', () => {
    const spool = spoolOf(2, { maxBatches: 2 });
    take(spool, 1);
    const [given] = spool.append(of(3), 1, 0);
    expect(given).toMatchObject({ about: { seq: 1 }, taken: none });
    expect(spool.next()?.about.seq).toBe(2);
  });

  test('late, after it had to go, changes nothing', () => {
    const spool = spoolOf(1);
    const sent = spool.next() as Held;
    expect(spool.remove(sent)).toBe(true);
    spool.taken(none);
    expect(spool.size).toEqual({ batches: 0, samples: 0, bytes: 0, taken: 0 });
  });
});

test('what is found on disk later goes before what waits, and behind what is on its way', () => {
  const spool = spoolOf(3);
  expect(spool.next()?.about.seq).toBe(1);
  spool.restore([placeOf(7, 'old'), placeOf(8, 'old')], 0);
  spool.taken(none);
  const order: number[] = [];
  for (let held = spool.next(); held !== undefined; held = spool.next()) {
    order.push(held.about.seq);
    spool.taken(none);
  }
  expect(order).toEqual([7, 8, 2, 3]);
  expect(spool.size).toMatchObject({ batches: 5, taken: 5 });
});

test('what is on disk takes no memory, and stays in its place', () => {
  const spool = spoolOf(3);
  const [first] = spool.inMemorySince(1);
  const place = { about: first!.about, offset: 0, length: 1, segment: {} as never };
  expect(spool.stored(first!, place)).toBe(true);
  // 200 + 400 + 24 for each of the other two.
  expect(spool.size).toMatchObject({ batches: 3, bytes: 2 * 624 });
  expect(spool.at(place)).toBe(first);
  expect(spool.next()).toBe(first);
  expect(seqs(spool.inMemorySince(Number.POSITIVE_INFINITY))).toEqual([2, 3]);
});
