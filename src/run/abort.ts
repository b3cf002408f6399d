/**
 * An AbortController that also aborts when its parent does, for one piece of work below a signal that lives as long as the program.
 * Node 20's `AbortSignal.any` leaves something behind in such a parent at each call, some megabytes a day at a tick every ten seconds.
 */

export interface LinkedAbort {
  readonly signal: AbortSignal;
  abort(reason: Error): void;
  /** Lets go of the parent; to be called when the work is done, whatever its end. */
  release(): void;
}

export function linkedAbort(parent: AbortSignal): LinkedAbort {
  const own = new AbortController();
  const follow = (): void => own.abort(parent.reason);
  if (parent.aborted) follow();
  else parent.addEventListener('abort', follow, { once: true });
  return {
    signal: own.signal,
    abort: (reason) => own.abort(reason),
    release: () => parent.removeEventListener('abort', follow),
  };
}
