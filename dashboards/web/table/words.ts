/** What a row is in words: `healthy`, `exited 137`; since when; of which image. */
import type { Row } from '../live/message.ts';

export function stateWords({ state, health, exit, runs, kind }: Row): string {
  if (runs)
    return health !== null && state === 'running' ? health : (state ?? (kind === 'cgroup' ? 'unit' : 'running'));
  return exit === null ? (state ?? '') : `${state} ${exit}`;
}

/** What the engine starts again stays in a list for so long after it ended: it would come and go. */
const BACK_SOON = 120;

/** Whether it is among those that run: it does, or its engine is about to start it again. */
export function isPresent({ runs, finished, facts }: Row, end: number): boolean {
  if (runs) return true;
  const policy = facts?.restart_policy ?? 'no';
  return policy !== 'no' && finished !== null && end - finished < BACK_SOON;
}

export function sinceOf({ runs, start, finished }: Row): number | null {
  return runs ? start : finished;
}

/** What tells images apart is at the end, which a narrow cell cuts off. */
export function withoutRegistry(image: string): string {
  return image.replace(/^[^/]*[.:][^/]*\//, '');
}
