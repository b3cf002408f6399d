/**
 * Nodes: what is known of each sender, and where its rows' and entities' slots are found by key. Capped; dropped when silent
 * for too long and without rows.
 */
import { labels } from '../../src/model/labels.ts';
import type { EntityKind, EntityRow, Row } from '../../src/model/table.ts';
import type { PendingBatch, PendingRows } from './pending.ts';

/** Slots of one family's rows on one node. */
export interface NodeRows {
  /** The slots of the last table seen, in its order: the next table mostly has the same rows in the same order. */
  hints: Int32Array;
  readonly index: RowIndex;
}

export interface NodeState {
  readonly name: string;
  /** Its row in the journal. */
  readonly row: Row;
  /** The first batch since when no silence was longer than the staleness deadline. */
  watchedSinceMs: number;
  lastBatchMs: number;
  /** The same before the window that is being closed. */
  beforeMs: number;
  /** By how much its agent's clock was ahead of ours in that batch; NaN where it is not known. */
  offsetMs: number;
  /** Its batch with the highest number that was seen, of its last session, which is known by a number of its own. */
  newest: { readonly sessionId: number; readonly seq: number; readonly tickMs: number };
  /** All its windows that end here or before are closed; 0 before the first. */
  closedMs: number;
  /** What it had for the last window that it took part in: some more may come for that, late. */
  last: { readonly startMs: number; readonly batches: readonly PendingBatch[] } | undefined;
  /** Its rows that were read before that are given up; set before each giving up. */
  keptFromMs: number;
  /** Rows x columns. */
  series: number;
  /** The time between its ticks, as it says; 0 where it does not. */
  intervalMs: number;
  /** Of a node that ticks less often than windows close: what its last tick read. */
  held: HeldTick | undefined;
  /** Groups that a container of its was the first of. */
  groups: number;
  /** By family name. */
  readonly rows: Map<string, NodeRows>;
  /** By kind, then key. */
  readonly entities: Map<EntityKind, Map<string, number>>;
}

/** Finds a row's slot by kind, entity key and dimensions. Each part has a map of its own, so that no two keys can be mistaken. */
export class RowIndex {
  readonly #plain = new Map<EntityKind, Map<string, number>>();
  readonly #dimmed = new Map<EntityKind, Map<string, Map<string, number>>>();

  get(row: EntityRow): number | undefined {
    const { kind, key } = row.entity;
    if (row.dims.key === '') return this.#plain.get(kind)?.get(key);
    return this.#dimmed.get(kind)?.get(key)?.get(row.dims.key);
  }

  set(row: EntityRow, slot: number): void {
    const { kind, key } = row.entity;
    if (row.dims.key === '') within(this.#plain, kind).set(key, slot);
    else within(within(this.#dimmed, kind), key).set(row.dims.key, slot);
  }

  *slots(): Generator<number> {
    for (const byKey of this.#plain.values()) yield* byKey.values();
    for (const byKey of this.#dimmed.values()) for (const byDims of byKey.values()) yield* byDims.values();
  }

  delete(row: EntityRow): void {
    const { kind, key } = row.entity;
    if (row.dims.key === '') {
      this.#plain.get(kind)?.delete(key);
      return;
    }
    const byDims = this.#dimmed.get(kind)?.get(key);
    byDims?.delete(row.dims.key);
    if (byDims?.size === 0) this.#dimmed.get(kind)?.delete(key);
  }
}

/** A tick's readings, which hold until the next one is due. */
export interface HeldTick {
  readonly session: string;
  readonly seq: number;
  /** Until when. */
  readonly untilMs: number;
  readonly tables: PendingRows[];
  /** Keys of what was read once more since, at its end: it is no longer there. */
  readonly ended: Set<string>;
}

export class Nodes {
  /** Nodes that hold a tick, in the order in which they began to. */
  readonly holding = new Set<NodeState>();
  readonly #byName = new Map<string, NodeState>();
  readonly #maxNodes: number;
  readonly #staleAfterMs: number;

  constructor(options: { readonly maxNodes: number; readonly staleAfterMs: number }) {
    this.#maxNodes = options.maxNodes;
    this.#staleAfterMs = options.staleAfterMs;
  }

  get live(): number {
    return this.#byName.size;
  }

  /** In the order in which they came. */
  all(): NodeState[] {
    return [...this.#byName.values()];
  }

  known(name: string): NodeState | undefined {
    return this.#byName.get(name);
  }

  /** The first batch of the node in a window is about to be seen. */
  begin(name: string): void {
    const node = this.#byName.get(name);
    if (node !== undefined) node.beforeMs = node.lastBatchMs;
  }

  /** The node, with its times brought up to a batch of `tickMs`; undefined if it would be one too many. */
  seen(name: string, tickMs: number): NodeState | undefined {
    let node = this.#byName.get(name);
    if (node === undefined) {
      if (this.#byName.size >= this.#maxNodes) return undefined;
      node = {
        name,
        row: { labels: labels([['node', name]]) },
        watchedSinceMs: tickMs,
        lastBatchMs: tickMs,
        beforeMs: tickMs,
        offsetMs: Number.NaN,
        newest: { sessionId: Number.NaN, seq: 0, tickMs },
        closedMs: 0,
        last: undefined,
        keptFromMs: 0,
        series: 0,
        intervalMs: 0,
        held: undefined,
        groups: 0,
        rows: new Map(),
        entities: new Map(),
      };
      this.#byName.set(name, node);
    }
    if (tickMs - node.lastBatchMs > this.#staleAfterMs) node.watchedSinceMs = tickMs;
    node.lastBatchMs = Math.max(node.lastBatchMs, tickMs);
    return node;
  }

  /** The time of the newest batch of all. */
  get latestMs(): number {
    let latestMs = Number.NEGATIVE_INFINITY;
    for (const { lastBatchMs } of this.#byName.values()) latestMs = Math.max(latestMs, lastBatchMs);
    return latestMs;
  }

  /** The clock was set back by so much. What ticks have read holds no longer: it comes with the next ones. */
  moveBack(byMs: number): void {
    for (const node of this.#byName.values()) {
      node.watchedSinceMs -= byMs;
      node.lastBatchMs -= byMs;
      node.closedMs = Math.max(0, node.closedMs - byMs);
      node.newest = { ...node.newest, tickMs: node.newest.tickMs - byMs };
      node.last = undefined;
      node.held = undefined;
    }
    this.holding.clear();
  }

  /** Drops a node that has no rows any more. */
  drop(node: NodeState): void {
    this.#byName.delete(node.name);
    this.holding.delete(node);
  }

  /** Drops the nodes without rows whose last batch is older than `beforeMs`; answers how many. */
  evict(beforeMs: number): number {
    let evicted = 0;
    for (const node of this.#byName.values()) {
      if (node.series > 0 || node.lastBatchMs >= beforeMs) continue;
      this.drop(node);
      evicted++;
    }
    return evicted;
  }
}

/** The slots of one family's rows on the node. */
export function rowsOfFamily(node: NodeState, family: string): NodeRows {
  let rows = node.rows.get(family);
  if (rows === undefined) {
    rows = { hints: new Int32Array(0), index: new RowIndex() };
    node.rows.set(family, rows);
  }
  return rows;
}

/** The map inside `map` under `key`, made if need be. */
export function within<K, L, V>(map: Map<K, Map<L, V>>, key: K): Map<L, V> {
  let inner = map.get(key);
  if (inner === undefined) {
    inner = new Map();
    map.set(key, inner);
  }
  return inner;
}
