/** Long synchronous work cut into slices, so that the tick's other sources get their turn in between. */
import { breathe } from '../../src/run/clock.ts';

/**
 * A function to be told of each piece of work; when enough has come together it answers a promise to wait for. Waiting on each
 * call would itself be most of the work.
 */
export function pacer(slice: number): (work: number) => Promise<void> | undefined {
  let done = 0;
  return (work) => {
    done += work;
    if (done < slice) return undefined;
    done = 0;
    return breathe();
  };
}
