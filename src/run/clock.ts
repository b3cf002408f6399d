/**
 * The only file that asks the time or arms a timer. Everything else is handed a Clock, so that an hour passes in a test
 * in a millisecond. (HTTP libraries keep their own time-outs.)
 */
import { setTimeout as delay } from 'node:timers/promises';

export interface Clock {
  /** Unix time in integer milliseconds; may be stepped. */
  now(): number;
  /** Milliseconds from an arbitrary start, with fractions; never steps. For durations. */
  monotonic(): number;
  /** Milliseconds of CPU time that this process has used, in user mode and in the kernel. */
  cpu(): number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `fn` once after `ms`; the answer cancels it. Does not keep the process alive. */
  after(ms: number, fn: () => void): () => void;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal ? { signal } : {});
  },
  after: (ms, fn) => {
    const timer = setTimeout(fn, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** What Node's connections keep of their own: for how long nothing may move on one. */
export interface Idling {
  readonly timeout?: number | undefined;
  setTimeout(ms: number): unknown;
}

/** Lets nothing move on a connection for so much longer than is usual; the answer makes it as usual again. */
export function idleLonger(connection: Idling, ms: number): () => void {
  const usual = connection.timeout ?? 0;
  if (usual > 0) connection.setTimeout(usual + ms);
  return () => void connection.setTimeout(usual);
}

/** Lets pending input and output run before going on: long work calls it between pieces. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
