/**
 * Asks about single containers, few at a time and never twice at once about the same: ids come in from events and lists,
 * answers go out to the inventory. Requests for a container that is already waiting are one request.
 */
import type { Clock } from '../../src/run/clock.ts';
import type { Inspected } from './engine/api.ts';

export interface InspectorOptions {
  readonly clock: Clock;
  inspect(id: string): Promise<Inspected | undefined>;
  /** `undefined`: there is no such container (any more). */
  onAnswer(id: string, answer: Inspected | undefined): void;
  onFailure(id: string, error: unknown): void;
  /** Default 4. */
  readonly maxInFlight?: number;
}

export interface Inspector {
  /** Asks after `delayMs` (0: now) unless it is asked sooner by another request. */
  request(id: string, delayMs?: number): void;
  /** What is being answered now is out of date: it will be asked again instead of believed. */
  outdate(id: string): void;
  /** Forgets the container; an answer on its way is thrown away. */
  cancel(id: string): void;
  /** Resolves once nothing is asked or waits to be asked now; delayed requests do not count. */
  idle(): Promise<void>;
  /** How many questions were put to the engine. */
  readonly asked: number;
  close(): void;
}

interface Pending {
  /** Cancels the delay; undefined once it is in the queue or in flight. */
  timer: (() => void) | undefined;
  inFlight: boolean;
  again: boolean;
  outdated: boolean;
}

const MAX_IN_FLIGHT = 4;

export function createInspector(options: InspectorOptions): Inspector {
  const { clock, maxInFlight = MAX_IN_FLIGHT } = options;
  // One entry per container that is waited for; it goes with the answer.
  const pending = new Map<string, Pending>();
  const queue = new Set<string>();
  let inFlight = 0;
  let asked = 0;
  let waiting: (() => void)[] = [];

  function request(id: string, delayMs = 0): void {
    const known = pending.get(id);
    if (known?.inFlight === true) {
      known.again = true;
    } else if (known === undefined) {
      const fresh: Pending = { timer: undefined, inFlight: false, again: false, outdated: false };
      pending.set(id, fresh);
      if (delayMs > 0) fresh.timer = clock.after(delayMs, () => enqueue(id, fresh));
      else enqueue(id, fresh);
    } else if (delayMs === 0 && known.timer !== undefined) {
      enqueue(id, known);
    }
  }

  function enqueue(id: string, entry: Pending): void {
    entry.timer?.();
    entry.timer = undefined;
    queue.add(id);
    pump();
  }

  function pump(): void {
    for (const id of queue) {
      if (inFlight >= maxInFlight) return;
      queue.delete(id);
      const entry = pending.get(id);
      if (entry !== undefined) void ask(id, entry);
    }
    if (inFlight > 0) return;
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  }

  async function ask(id: string, entry: Pending): Promise<void> {
    entry.inFlight = true;
    inFlight++;
    asked++;
    try {
      const handOn = await answerOf(id);
      if (finish(id, entry)) handOn();
    } catch (error) {
      // An answer that could not be taken (no descriptor left to look at its process) is no answer.
      options.onFailure(id, error);
    } finally {
      inFlight--;
      pump();
    }
  }

  /** What is to be done with the answer, or with its failure. */
  async function answerOf(id: string): Promise<() => void> {
    try {
      const answer = await options.inspect(id);
      return () => options.onAnswer(id, answer);
    } catch (error) {
      return () => options.onFailure(id, error);
    }
  }

  /** Whether the answer is to be believed; asks again if something happened meanwhile. */
  function finish(id: string, entry: Pending): boolean {
    if (pending.get(id) !== entry) return false;
    pending.delete(id);
    if (entry.again || entry.outdated) request(id);
    return !entry.outdated;
  }

  function cancel(id: string): void {
    pending.get(id)?.timer?.();
    pending.delete(id);
    queue.delete(id);
  }

  return {
    request,
    outdate(id) {
      const entry = pending.get(id);
      if (entry?.inFlight === true) entry.outdated = true;
    },
    cancel,
    idle: () => (inFlight === 0 && queue.size === 0 ? Promise.resolve() : new Promise((wake) => waiting.push(wake))),
    get asked() {
      return asked;
    },
    close() {
      for (const id of [...pending.keys()]) cancel(id);
    },
  };
}
