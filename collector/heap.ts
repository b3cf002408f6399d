/** What a budget for things on the heap may be: no more than a share of the heap that there is, whatever is configured. */
import { getHeapStatistics } from 'node:v8';
import type { Log } from '../src/log.ts';

/** Dictionaries are held twice for a while when an agent describes everything anew, and are not all there is. */
const SHARE = 1 / 4;

/** Bytes; `key` is named in the log when the heap is too small for it. */
export function withinHeap(key: string, bytes: number, log: Log, heap = getHeapStatistics().heap_size_limit): number {
  const most = Math.floor(heap * SHARE);
  if (bytes <= most) return bytes;
  const megabytes = (value: number): string => `${Math.floor(value / 1e6)}MB`;
  log.info(
    { [key]: megabytes(bytes), heap: megabytes(heap) },
    `the heap is too small for ${key}: a quarter of it is used, ${megabytes(most)}; node --max-old-space-size makes it larger`,
  );
  return most;
}
