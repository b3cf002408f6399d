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

/** Trims now and then again each `everyMs`, until the answer is called. */
export function keepTrimmed(clock: Clock, everyMs: number, trim = memoryTrimmer()): () => void {
  let cancel = (): void => undefined;
  const run = (): void => {
    trim();
    cancel = clock.after(everyMs, run);
  };
  run();
  return () => cancel();
}
