/**
 * What a generator yields, kept so that any number of readers get all of it while it is made only once, as fast as the fastest
 * reader asks.
 */

export interface Tape<T> {
  /** Everything from the start. Rejects where making it failed. The caller counts as a reader from the call on. */
  play(): AsyncGenerator<T>;
  /** Nobody will start to play it any more: once the readers it has are gone, making it stops. */
  retire(): void;
  /** Making it failed; whoever plays it is told why. */
  readonly failed: boolean;
}

export function createTape<T>(source: AsyncGenerator<T>): Tape<T> {
  const kept: T[] = [];
  let ended = false;
  let failure: { readonly error: unknown } | undefined;
  let pending: Promise<void> | undefined;
  let readers = 0;
  let retired = false;

  async function pull(): Promise<void> {
    try {
      const { done, value } = await source.next();
      if (done) ended = true;
      else kept.push(value);
    } catch (error) {
      failure = { error };
    } finally {
      pending = undefined;
    }
  }

  async function leave(): Promise<void> {
    if (retired && readers === 0 && !ended) await source.return(undefined);
  }

  async function* read(): AsyncGenerator<T> {
    try {
      for (let i = 0; ; i++) {
        while (i >= kept.length) {
          if (ended) return;
          if (failure) throw failure.error;
          pending ??= pull();
          await pending;
        }
        yield kept[i] as T;
      }
    } finally {
      readers--;
      await leave();
    }
  }

  return {
    play() {
      readers++;
      return read();
    },
    retire() {
      retired = true;
      // Fails only as making it failed, which its readers were told.
      leave().catch(() => undefined);
    },
    get failed() {
      return failure !== undefined;
    },
  };
}
