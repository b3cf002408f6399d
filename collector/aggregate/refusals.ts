/**
 * Whom a cap kept out of something, until somebody asks: by what was refused, then by node. Counts are for the log; the totals that stay are
 * elsewhere. At most so many nodes are remembered at a time, for their names are foreign.
 */

/** What is shared: the readings that wait, series, groups. */
export type Shared = 'waiting' | 'series' | 'groups';

export interface Refusal {
  readonly what: Shared;
  readonly node: string;
  /** Samples, at least 1 for a table that has none; of groups, how often a container was left out of one. */
  readonly count: number;
}

const MAX_NODES = 256;

export class Refusals {
  readonly #counts = new Map<Shared, Map<string, number>>();

  add(what: Shared, node: string, count: number): void {
    let byNode = this.#counts.get(what);
    if (byNode === undefined) {
      byNode = new Map();
      this.#counts.set(what, byNode);
    }
    if (count > 0 && (byNode.has(node) || byNode.size < MAX_NODES)) byNode.set(node, (byNode.get(node) ?? 0) + count);
  }

  /** Those since the last time. */
  take(): Refusal[] {
    const taken = [...this.#counts].flatMap(([what, byNode]) =>
      [...byNode].map(([node, count]) => ({ what, node, count })),
    );
    this.#counts.clear();
    return taken;
  }
}
