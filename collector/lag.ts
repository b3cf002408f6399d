/** What `/readyz` says beside `ok`: which sinks are behind, and by how much. A sink that is behind makes the collector no less ready. */
import type { SinkStats } from './sinks/account.ts';

/** A line for each sink that more than one window waits for. */
export function lagging(sinks: readonly SinkStats[], windowMs: number): string[] {
  return sinks
    .filter(({ queuedFrames }) => queuedFrames > 1)
    .map(({ sink, queuedFrames, queuedSamples, up }) => {
      const behind = `${queuedFrames} windows (${(queuedFrames * windowMs) / 1000} s, ${queuedSamples} samples) behind`;
      return `sink ${sink}: ${behind}${up ? '' : ', and takes nothing at the moment'}`;
    });
}
