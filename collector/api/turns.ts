/**
 * How many questions are at the store at once. Others wait in line, for as long as their own time goes; a full line sends whoever comes away.
 * Whoever has gone leaves the line.
 */
import type { Clock } from '../../src/run/clock.ts';
import { QueryError } from '../query/query.ts';

export interface TurnsOptions {
  readonly clock: Clock;
  readonly atOnce: number;
  readonly waiting: number;
  /** How long one may wait. */
  readonly waitMs: number;
}

export interface Turns {
  /** Resolves with what gives the turn back; rejects with a QueryError: `unavailable`, `timeout`, `canceled`. */
  enter(signal: AbortSignal): Promise<() => void>;
  readonly busy: number;
  readonly waiting: number;
}

export function createTurns({ clock, atOnce, waiting: most, waitMs }: TurnsOptions): Turns {
  const line = new Set<() => void>();
  let busy = 0;

  function take(): () => void {
    busy++;
    let given = false;
    return () => {
      if (given) return;
      given = true;
      busy--;
      const [next] = line;
      next?.();
    };
  }

  function wait(signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        line.delete(start);
        cancel();
        signal.removeEventListener('abort', gone);
      };
      const start = (): void => {
        leave();
        resolve(take());
      };
      const gone = (): void => {
        leave();
        reject(new QueryError('canceled', 'the client has gone before its turn came'));
      };
      const cancel = clock.after(waitMs, () => {
        leave();
        reject(new QueryError('timeout', `query timed out in line: ${atOnce} others were being answered all the time`));
      });
      signal.addEventListener('abort', gone);
      line.add(start);
    });
  }

  return {
    async enter(signal) {
      if (signal.aborted) throw new QueryError('canceled', 'the client has gone');
      if (busy < atOnce) return take();
      if (line.size >= most)
        throw new QueryError(
          'unavailable',
          `${atOnce} questions are being answered and ${most} wait: ask again in a moment, or raise query.concurrency`,
        );
      return await wait(signal);
    },
    get busy() {
      return busy;
    },
    get waiting() {
      return line.size;
    },
  };
}
