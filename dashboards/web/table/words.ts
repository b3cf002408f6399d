/** What a row is in words: `healthy`, `exited 137`; and since when. */
import type { Row } from '../live/message.ts';

export function stateWords({ state, health, exit, runs, kind }: Row): string {
  if (runs)
    return health !== null && state === 'running' ? health : (state ?? (kind === 'cgroup' ? 'unit' : 'running'));
  return exit === null ? (state ?? '') : `${state} ${exit}`;
}

export function sinceOf({ runs, start, finished }: Row): number | null {
  return runs ? start : finished;
}
