/**
 * Gives memory back: what starting up left behind is garbage that the engine would otherwise sit on for hours, because a program that
 * allocates little is seldom collected.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock } from './clock.ts';

/** Makes a function that collects everything at once; on a heap of 30 MB that takes about 30 ms. */
export function memoryTrimmer(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  return () => {
    // Without compaction a few survivors on each page of the start's peak would keep all of its pages.
    setFlagsFromString('--compact-on-every-full-gc');
    collect();
    setFlagsFromString('--no-compact-on-every-full-gc');
  };
}

/** What the first ticks leave behind (code compiled, caches filled) is settled by then. */
const SETTLED_MS = 60_000;

/** Trims now, when the start has settled, and then each `everyMs`, until the answer is called. */
export function keepTrimmed(clock: Clock, everyMs: number, trim = memoryTrimmer()): () => void {
  let cancel = (): void => undefined;
  const run = (nextMs: number): void => {
    trim();
    cancel = clock.after(nextMs, () => run(everyMs));
  };
  run(Math.min(SETTLED_MS, everyMs));
  return () => cancel();
}
