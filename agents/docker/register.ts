/**
 * The map of containers, and who is told when it changes: every way into it compares with what was there, so that a missed event is told
 * late instead of never. Capped; ids that the filter refused are remembered so that they are not asked about again.
 */
import type { Log } from '../../src/log.ts';
import type { Container } from '../container.ts';
import { detailsOf } from './identity.ts';

/**
 * `start`: it has a new first process. `die`: that process ended; the container is handed out as it was while it ran. `gone`: it was
 * removed. `update`: anything else about it changed.
 */
export type ContainerEvent = 'start' | 'die' | 'gone' | 'update';

/** `attributes` are the engine's, among them `exitCode` on `die`. A listener that throws is logged and changes nothing. */
export type ContainerListener = (
  container: Container,
  event: ContainerEvent,
  attributes: ReadonlyMap<string, string>,
) => void;

export interface RegisterOptions {
  readonly maxContainers: number;
  readonly log: Log;
}

export interface Register {
  readonly containers: ReadonlyMap<string, Container>;
  /** Everything that is known, ignored containers too. */
  ids(): string[];
  knows(id: string): boolean;
  isIgnored(id: string): boolean;
  /** True when no further container fits; counts the refusal. */
  full(): boolean;
  refused(): number;
  /** How many are not watched. */
  ignored(): number;
  /** Takes a container as the engine says it is now. */
  settle(next: Container): void;
  /** An event told of a new run: its end will be news again. */
  began(id: string): void;
  /** `known` just died, and is `after` from now on; told once per run, however often and by whatever way it is heard. */
  died(known: Container, after: Container, attributes: ReadonlyMap<string, string>): void;
  gone(id: string, attributes: ReadonlyMap<string, string>): void;
  /** Not watched: out of the map, its id remembered. */
  ignore(id: string): void;
  announce(container: Container, event: ContainerEvent, attributes: ReadonlyMap<string, string>): void;
  onChange(listener: ContainerListener): () => void;
}

const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();

export function createRegister({ maxContainers, log }: RegisterOptions): Register {
  const containers = new Map<string, Container>();
  const ignored = new Set<string>();
  // Containers whose last run's end has been told; they leave with a new run or with the container.
  const ended = new Set<string>();
  const listeners = new Set<ContainerListener>();
  let refused = 0;

  function announce(container: Container, event: ContainerEvent, attributes: ReadonlyMap<string, string>): void {
    for (const listener of listeners) {
      try {
        listener(container, event, attributes);
      } catch (error) {
        log.error({ container: container.id, event, error: String(error) }, 'a listener failed');
      }
    }
  }

  function full(): boolean {
    if (containers.size + ignored.size < maxContainers) return false;
    refused++;
    return true;
  }

  function tellEnd(container: Container, attributes: ReadonlyMap<string, string>): void {
    ended.add(container.id);
    announce(container, 'die', attributes);
  }

  function settle(next: Container): void {
    const before = containers.get(next.id);
    if (before === next || (before === undefined && !ignored.has(next.id) && full())) return;
    ignored.delete(next.id);
    containers.set(next.id, next);
    const ran = before !== undefined && before.pid > 0;
    const runs = next.pid > 0;
    const same = ran && runs && before.pid === next.pid && before.entity.startMs === next.entity.startMs;
    if (ran && !same) tellEnd(before, exitAttributes(next));
    if (runs && !same) ended.delete(next.id);
    if (runs && !same) announce(next, 'start', NO_ATTRIBUTES);
    if (same || (!ran && !runs)) announce(next, 'update', NO_ATTRIBUTES);
  }

  return {
    containers,
    ids: () => [...containers.keys(), ...ignored],
    knows: (id) => containers.has(id) || ignored.has(id),
    isIgnored: (id) => ignored.has(id),
    full,
    refused: () => refused,
    ignored: () => ignored.size,
    settle,
    began: (id) => void ended.delete(id),
    died(known, after, attributes) {
      if (ended.has(known.id)) return;
      containers.set(known.id, after);
      tellEnd(known, attributes);
    },
    gone(id, attributes) {
      ignored.delete(id);
      const known = containers.get(id);
      // Told before it leaves the map: who wants its last numbers looks there for whose container it is.
      if (known !== undefined && known.pid > 0) announce(known, 'die', attributes);
      ended.delete(id);
      if (known === undefined) return;
      containers.delete(id);
      announce(known, 'gone', attributes);
    },
    ignore(id) {
      ended.delete(id);
      const known = containers.get(id);
      containers.delete(id);
      if (known !== undefined) announce(known, 'gone', NO_ATTRIBUTES);
      else if (!ignored.has(id) && full()) return;
      ignored.add(id);
    },
    announce,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** What a `die` event would have said, had it come: only if this is the end of that very run. */
function exitAttributes(next: Container): ReadonlyMap<string, string> {
  const { exitCode } = detailsOf(next);
  return exitCode === undefined || next.pid > 0 ? NO_ATTRIBUTES : new Map([['exitCode', String(exitCode)]]);
}
