/** When a page's numbers were read, as the page itself tells: asked for twice between two ticks it is the same reading. */
import type { Sums } from './sums.ts';

/** Metrics of the pipeline that tell it, where there is no container. */
const TICKED = ['plimsoll_agent_last_tick_seconds', 'plimsoll_collector_last_window_seconds'];

/** Unix milliseconds; undefined if nothing on the page says so. */
export function readingTimeMs({ things, own }: Pick<Sums, 'things' | 'own'>): number | undefined {
  let seen = -1;
  for (const { values } of things.values()) seen = Math.max(seen, values.get('last_seen') ?? -1);
  if (seen >= 0) return seen * 1000;
  for (const metric of TICKED) {
    const found = own.filter((sample) => sample.metric === metric).map(({ value }) => value);
    if (found.length > 0) return Math.max(...found) * 1000;
  }
  return undefined;
}
