/** A budget that the heap cannot hold is cut to a quarter of the heap, and that is said. */
import { expect, test } from 'vitest';
import { withinHeap } from '../../collector/heap.ts';
import { recordedLog } from '../agents/send/fake.ts';

test('a budget within a quarter of the heap stays, and nothing is said', () => {
  const log = recordedLog();
  expect(withinHeap('collector.max_dictionaries', 512e6, log, 4e9)).toBe(512e6);
  expect(log.lines).toEqual([]);
});

test('on a small heap it is a quarter of it', () => {
  const log = recordedLog();
  expect(withinHeap('collector.max_dictionaries', 512e6, log, 200e6)).toBe(50e6);
  expect(log.lines).toEqual([
    'info the heap is too small for collector.max_dictionaries: a quarter of it is used, 50MB; node --max-old-space-size makes it larger',
  ]);
});
