import { expect, test } from 'vitest';
import { memorySpool } from '../../../agents/send/memory.ts';
import { batch, rowOf, state, table } from '../../src/wire/batches.ts';

const waiting = (seq: number, rows = 1) => ({
  batch: batch(seq, [
    table(
      state,
      Array.from({ length: rows }, (_, i) => [rowOf(`c${i}`), 1] as const),
    ),
  ]),
  samples: rows,
});
const seqs = (all: readonly { batch: { seq: number } }[]) => all.map(({ batch: { seq } }) => seq);

test('hands out in order, and the same one until it is acknowledged', async () => {
  const spool = memorySpool({ maxBatches: 10, maxBytes: 1e6 });
  for (const seq of [1, 2, 3]) spool.append(waiting(seq));
  expect((await spool.peek())!.batch.seq).toBe(1);
  expect((await spool.peek())!.batch.seq).toBe(1);
  spool.ack();
  expect((await spool.peek())!.batch.seq).toBe(2);
  expect(spool.size).toMatchObject({ batches: 2, samples: 2 });
});

test('full, it gives up the oldest', () => {
  const spool = memorySpool({ maxBatches: 2, maxBytes: 1e6 });
  expect(seqs([1, 2, 3, 4].flatMap((seq) => [...spool.append(waiting(seq))]))).toEqual([1, 2]);
  expect(spool.size).toMatchObject({ batches: 2, samples: 2 });
});

test('but not the one that is on its way', async () => {
  const spool = memorySpool({ maxBatches: 2, maxBytes: 1e6 });
  spool.append(waiting(1));
  await spool.peek();
  expect(seqs([2, 3, 4].flatMap((seq) => [...spool.append(waiting(seq))]))).toEqual([2, 3]);
  spool.ack();
  expect((await spool.peek())!.batch.seq).toBe(4);
});

test('bytes count too: a batch that alone is too large is given up itself', () => {
  // 200 for the batch, 400 for the table, 24 for each row of one column: 100 rows take 3000.
  const spool = memorySpool({ maxBatches: 100, maxBytes: 3700 });
  expect(seqs(spool.append(waiting(1, 100)))).toEqual([]);
  expect(spool.size.bytes).toBe(3000);
  expect(seqs(spool.append(waiting(2, 1)))).toEqual([]);
  expect(seqs(spool.append(waiting(3, 10)))).toEqual([1]);
  expect(seqs(spool.append(waiting(4, 1000)))).toEqual([2, 3, 4]);
  expect(spool.size).toEqual({ batches: 0, samples: 0, bytes: 0 });
});

test('closing gives back what is left', () => {
  const spool = memorySpool({ maxBatches: 10, maxBytes: 1e6 });
  for (const seq of [1, 2]) spool.append(waiting(seq));
  expect(seqs(spool.close())).toEqual([1, 2]);
  expect(spool.size).toEqual({ batches: 0, samples: 0, bytes: 0 });
});
