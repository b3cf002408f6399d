/**
 * Questions to file systems, each under a deadline. One that hangs holds one of the process's four threads for file work until the
 * kernel lets it go, so few may hang: then only those are asked that no other machine and no process answers for, and at last nobody.
 */
import type { Clock } from '../../src/run/clock.ts';
import { within } from '../../src/run/lifecycle.ts';

/** The question was not answered in time, or could not be asked because others hang. */
export class HungError extends Error {
  override readonly name = 'HungError';
}

/** `served`: a server or a process answers for this file system, and may not. Rejects with a HungError, or as the work does. */
export type Asking = <T>(
  at: { readonly place: string; readonly served: boolean },
  work: () => Promise<T>,
) => Promise<T>;

const DEADLINE_MS = 2000;
/** Of four threads; the last is for everybody else's file work and for names of hosts. */
const MAX_PENDING = 3;
const MAX_PENDING_SERVED = 2;
/** So long can what hangs hold up somebody who asks for one thing after the other; afterwards he is told so at once. */
export const HELD_UP_MS = MAX_PENDING * DEADLINE_MS;

interface Pending {
  readonly place: string;
  readonly served: boolean;
  hung: boolean;
  /** Settles when it is answered or found to hang. */
  readonly decided: Promise<unknown>;
}

export function createAsking({ clock, deadlineMs = DEADLINE_MS }: { clock: Clock; deadlineMs?: number }): Asking {
  const pending = new Set<Pending>();

  /** Waits until there is room; false if there will be none because of what hangs. */
  async function room(place: string, served: boolean): Promise<boolean> {
    for (;;) {
      const all = [...pending];
      if (all.some((one) => one.hung && one.place === place)) return false;
      const tooMany = all.length >= MAX_PENDING;
      if (!tooMany && !(served && all.filter((one) => one.served).length >= MAX_PENDING_SERVED)) return true;
      const other = all.find((one) => !one.hung && (tooMany || one.served));
      if (other === undefined) return false;
      await other.decided;
    }
  }

  return async ({ place, served }, work) => {
    if (pending.size > 0 && !(await room(place, served))) throw new HungError(`${place} is not asked: too much hangs`);
    const answer = work();
    let decide = (): void => {};
    const decided = new Promise<void>((resolve) => {
      decide = resolve;
    });
    const one: Pending = { place, served, hung: false, decided };
    pending.add(one);
    const over = (): boolean => pending.delete(one);
    answer.then(over, over);
    try {
      return await within(answer, { clock, deadlineMs, what: place });
    } catch (error) {
      // Otherwise it is the answer.
      if (!pending.has(one)) throw error;
      one.hung = true;
      throw new HungError(`${place} did not answer in time`, { cause: error });
    } finally {
      decide();
    }
  };
}
