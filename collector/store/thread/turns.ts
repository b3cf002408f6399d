/** So many at once, the others in the order in which they came, and no more of those than so many. */
import { QueryError } from '../../query/query.ts';

export class Turns {
  readonly #atOnce: number;
  readonly #most: number;
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor(atOnce: number, most: number) {
    this.#atOnce = atOnce;
    this.#most = most;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** Resolves when it is one's turn, with what ends it. Whoever gives up has its turn all the same, and looks at the signal then. */
  async take(signal?: AbortSignal): Promise<() => void> {
    if (this.#running >= this.#atOnce) {
      if (this.#queue.length >= this.#most)
        throw new QueryError('unavailable', `${this.#most} queries wait for their turn already: come again later`);
      await this.#turn(signal);
    }
    this.#running++;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#running--;
      this.#queue.shift()?.();
    };
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const take = (): void => {
        signal?.removeEventListener('abort', give);
        resolve();
      };
      const give = (): void => {
        this.#queue.splice(this.#queue.indexOf(take), 1);
        reject(new QueryError('canceled', 'nobody waits for the answer any more'));
      };
      signal?.addEventListener('abort', give, { once: true });
      this.#queue.push(take);
    });
  }
}
