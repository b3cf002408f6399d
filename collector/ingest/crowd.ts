/**
 * When those who were turned away may come back. All agents of a fleet follow what they are told, so telling all of them the same second
 * only moves the crowd: each is told another one, and the more are outside, the further they are spread.
 */

/** Bodies that are surely taken in a second, of the size that agents send. */
const PER_SECOND = 16;
/** Seconds over which they are spread at least, and at most. */
const LEAST_SPREAD = 2;
const MOST_SPREAD = 60;

export interface Crowd {
  /** Turns one away: after how many whole seconds it may come back, from `least` on. */
  turnAway(least: number): number;
  /** One was let in: one less is outside. */
  letIn(): void;
}

export function createCrowd(random: () => number): Crowd {
  let outside = 0;
  return {
    turnAway(least) {
      outside++;
      const spread = Math.min(MOST_SPREAD, LEAST_SPREAD + outside / PER_SECOND);
      return least + Math.floor(random() * spread);
    },
    letIn() {
      if (outside > 0) outside--;
    },
  };
}
