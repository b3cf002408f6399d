/** Agents in step while windows are caught up with: what comes of agents goes to the catching up, and a word to the log when that begins. */
import type { Log } from '../src/log.ts';
import type { Aggregator } from './aggregate/aggregator.ts';
import type { CatchUp } from './catchup.ts';
import type { Pace } from './ingest/intake.ts';

export interface PaceOptions {
  readonly catchUp: CatchUp;
  readonly aggregator: Pick<Aggregator, 'closedEndMs' | 'look'>;
  /** Those to wait for. */
  readonly nodes: () => Iterable<string>;
  readonly log: Log;
}

export function createPace({ catchUp, aggregator, nodes, log }: PaceOptions): Pace {
  return {
    look(nowMs) {
      aggregator.look(nowMs);
      if (catchUp.active) return;
      catchUp.look(nowMs, aggregator.closedEndMs, nodes);
      if (!catchUp.active) return;
      const seconds = Math.round((nowMs - aggregator.closedEndMs) / 1000);
      const fields = { seconds, nodes: catchUp.behind.length };
      const words = 'we were away: missed windows are closed as agents send what they kept, up to the present';
      // Without agents to wait for it is over at once, and no news.
      if (fields.nodes > 0) log.info(fields, words);
      else log.debug(fields, words);
    },
    admits: (node, timeMs, nowMs) => catchUp.admits(node, timeMs, nowMs),
    took: (node, timeMs, more) => catchUp.took(node, timeMs, more),
    get active() {
      return catchUp.active;
    },
  };
}
