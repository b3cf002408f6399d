/**
 * Work of which the first half may run side by side and the second must keep the order of arrival: unpacking bodies, then taking
 * them in. At most `width` pieces are inside at a time, so what unpacked bodies hold is bounded.
 */
export interface Turnstile {
  /** Runs `prepare` as soon as there is room, then `act` once all that came before are done. Rejects with what either throws. */
  pass<P, T>(prepare: () => Promise<P>, act: (prepared: P) => T): Promise<T>;
}

export function turnstile(width: number): Turnstile {
  const waiting: (() => void)[] = [];
  let inside = 0;
  let last: Promise<unknown> = Promise.resolve();

  async function enter(): Promise<void> {
    if (inside < width) inside++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  }

  function leave(): void {
    // The place goes to who has waited longest, so that the one all others wait for is always inside.
    const next = waiting.shift();
    if (next) next();
    else inside--;
  }

  async function work<P, T>(prepare: () => Promise<P>, act: (prepared: P) => T, before: Promise<unknown>): Promise<T> {
    await enter();
    try {
      const prepared = await prepare();
      await before;
      return act(prepared);
    } finally {
      leave();
    }
  }

  return {
    pass(prepare, act) {
      const before = last;
      const done = work(prepare, act, before);
      // Settled when this and all before it are, whatever became of them. Its value is dropped, or each would hold the one before.
      last = Promise.allSettled([before, done]).then(() => undefined);
      return done;
    },
  };
}
