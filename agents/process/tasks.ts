/** What the threads of processes do: their stat files in, how many are in each state out. */
import { join } from 'node:path';
import { namesIn, readOnce } from '../kernel/files.ts';

export interface Tasks {
  readonly sleeping: number;
  readonly running: number;
  readonly stopped: number;
  readonly uninterruptible: number;
}

/** A container with more threads than this has their states left out. */
const MAX_THREADS = 20_000;

const STATES: ReadonlyMap<string, keyof Tasks> = new Map([
  ['S', 'sleeping'],
  ['R', 'running'],
  ['T', 'stopped'],
  ['t', 'stopped'],
  ['D', 'uninterruptible'],
]);

/** Undefined when none could be looked at. `pace` is told of each thread, and may answer something to wait for. */
export async function tasksOf(
  procRoot: string,
  pids: readonly number[],
  pace: (work: number) => Promise<void> | undefined,
): Promise<Tasks | 'too_many' | undefined> {
  const tasks = { sleeping: 0, running: 0, stopped: 0, uninterruptible: 0 };
  let threads = 0;
  let seen = 0;
  for (const pid of pids) {
    const dir = join(procRoot, String(pid), 'task');
    for (const tid of namesIn(dir)) {
      if (++threads > MAX_THREADS) return 'too_many';
      const letter = stateIn(readOnce(join(dir, tid, 'stat'))?.toString('latin1') ?? '');
      if (letter !== '') seen++;
      const state = STATES.get(letter);
      if (state !== undefined) tasks[state]++;
      const pause = pace(1);
      if (pause) await pause;
    }
  }
  return seen === 0 ? undefined : tasks;
}

/** `11 (a) b) S 1 …`: the letter after the last bracket, for a name may hold brackets; '' where there is none. */
export function stateIn(stat: string): string {
  const end = stat.lastIndexOf(')');
  return end < 0 ? '' : stat.charAt(end + 2);
}
