/**
 * Nodes that are behind: something of them waits for windows that were closed without them. Which of those windows is next, and whether a node
 * has told all that it has for it, comes out. Its batches come oldest first, so a window is complete when one of a later time has come.
 */
import type { AggregatorState } from './state.ts';
import type { Pending } from './pending.ts';
import { windowStart } from './window.ts';

interface Behind {
  /** The time of its newest batch. */
  tickMs: number;
  /** When that came. */
  heardMs: number;
  /** The start of the first window for which something of it waits. */
  firstMs: number;
}

/** A window to close once more, for some nodes. */
export interface LateWindow {
  readonly startMs: number;
  readonly nodes: ReadonlySet<string>;
}

export interface Reached {
  /** All windows that end here or before are closed. */
  readonly closedEndMs: number;
  readonly nowMs: number;
  /** Nothing more will come. */
  readonly all?: boolean;
}

export class BehindNodes {
  readonly #state: AggregatorState;
  readonly #pending: Pending;
  readonly #nodes = new Map<string, Behind>();

  constructor(state: AggregatorState, pending: Pending) {
    this.#state = state;
    this.#pending = pending;
    state.isBehind = (node) => this.#nodes.has(node);
  }

  /** A batch of a node came: of that time, with rows for windows from `startMs` on. */
  note(node: string, { tickMs, nowMs, startMs, closedEndMs }: Note): void {
    const isLate = startMs < closedEndMs;
    const known = this.#nodes.get(node);
    if (known === undefined && !isLate) return;
    const firstMs = Math.min(known?.firstMs ?? Number.POSITIVE_INFINITY, isLate ? startMs : Number.POSITIVE_INFINITY);
    this.#nodes.set(node, { tickMs: Math.max(known?.tickMs ?? tickMs, tickMs), heardMs: nowMs, firstMs });
  }

  /** From when on the node has something that is in no window before `closedEndMs`; that, if it is not behind. */
  closedEndOf(node: string, closedEndMs: number): number {
    return Math.min(this.#nodes.get(node)?.firstMs ?? closedEndMs, closedEndMs);
  }

  /** The same of all that are behind. */
  firsts(): ReadonlyMap<string, number> | undefined {
    const waiting = [...this.#nodes].filter(([, { firstMs }]) => firstMs < Number.POSITIVE_INFINITY);
    return waiting.length > 0 ? new Map(waiting.map(([node, { firstMs }]) => [node, firstMs])) : undefined;
  }

  /** Those that are behind still. */
  get names(): ReadonlySet<string> {
    return new Set(this.#nodes.keys());
  }

  /** Nothing waits any more. */
  clear(): void {
    this.#nodes.clear();
  }

  /** The windows that can be closed for those that are behind, the first first: each node's own in their order. Who has caught up is behind no more. */
  *windows(reached: Reached): Generator<LateWindow> {
    for (;;) {
      const waiting = this.#pending.startsBefore(reached.closedEndMs);
      const next = new Map<number, Set<string>>();
      for (const node of this.#nodes.keys()) {
        const startMs = this.#next(node, waiting.get(node), reached);
        if (startMs !== undefined) next.set(startMs, (next.get(startMs) ?? new Set()).add(node));
      }
      if (next.size === 0) return;
      const startMs = Math.min(...next.keys());
      yield { startMs, nodes: next.get(startMs) as Set<string> };
    }
  }

  /** The start of the next window that can be closed for a node. */
  #next(
    node: string,
    starts: readonly number[] = [],
    { closedEndMs, nowMs, all = false }: Reached,
  ): number | undefined {
    const behind = this.#nodes.get(node) as Behind;
    const { windowMs, latenessMs } = this.#state.options;
    behind.firstMs = starts[0] ?? Number.POSITIVE_INFINITY;
    const startMs = Math.min(behind.firstMs, this.#held(node, closedEndMs));
    if (startMs >= closedEndMs) {
      this.#nodes.delete(node);
      return undefined;
    }
    const isSilent = all || nowMs - behind.heardMs > latenessMs + windowMs;
    const told = isSilent ? closedEndMs : Math.min(closedEndMs, windowStart(behind.tickMs, windowMs));
    return startMs + windowMs <= told ? startMs : undefined;
  }

  /** The next window in which what a late tick of the node has read holds. */
  #held(name: string, closedEndMs: number): number {
    const node = this.#state.nodes.known(name);
    if (node?.held === undefined || node.closedMs >= closedEndMs) return Number.POSITIVE_INFINITY;
    return node.held.untilMs > node.closedMs ? node.closedMs : Number.POSITIVE_INFINITY;
  }
}

interface Note {
  readonly tickMs: number;
  readonly nowMs: number;
  readonly startMs: number;
  readonly closedEndMs: number;
}
