/**
 * The last two readings of every container of a pod and of every node: batches come in as agents send them, what each used between two ticks goes out. Of
 * a window nothing is waited for, so what is told is as young as the last tick. Nothing else is kept of a batch.
 */
import type { Batch } from '../../src/model/batch.ts';
import { type NodeReading, NodeReadings, type PodReading } from './nodereadings.ts';

export interface Readings {
  /** Takes what is of use of a batch: ticks, newer than what is there. */
  take(batch: Batch): void;
  /** Nodes that have told of themselves twice and are not silent, sorted by name. */
  nodes(nowMs: number): NodeReading[];
  node(name: string, nowMs: number): NodeReading | undefined;
  /** Pods whose containers all have a rate, sorted by namespace, then name; of one namespace, or of all. */
  pods(nowMs: number, namespace?: string): PodReading[];
  pod(namespace: string, name: string, nowMs: number): PodReading | undefined;
  /** Lets nodes go that have been silent for long. */
  housekeep(nowMs: number): void;
  stats(): ReadingsStats;
}

export interface ReadingsStats {
  readonly nodes: number;
  readonly containers: number;
  /** What was let go or not taken: `silent_node`, `limit`. */
  readonly evicted: ReadonlyMap<string, number>;
}

/** A node's baselines are of no use after that. */
const FORGET_MS = 10 * 60_000;
/** Beyond two of its ticks, a node may be late by so much: batches are tried again. */
const PATIENCE_MS = 10_000;
const MAX_CONTAINERS = 500_000;

export function createReadings(maxContainers = MAX_CONTAINERS): Readings {
  const known = new Map<string, NodeReadings>();
  const evicted = new Map<string, number>();
  const count = (reason: string): void => void evicted.set(reason, (evicted.get(reason) ?? 0) + 1);
  let containers = 0;

  function speaking(node: NodeReadings, nowMs: number): boolean {
    return nowMs - node.tickMs <= 2 * node.intervalMs + PATIENCE_MS;
  }

  function* podsOf(nowMs: number, namespace: string | undefined): Generator<PodReading> {
    for (const node of known.values()) {
      if (!speaking(node, nowMs)) continue;
      const own = node.pods();
      if (namespace === undefined) for (const pods of own.values()) yield* pods.values();
      else yield* own.get(namespace)?.values() ?? [];
    }
  }

  return {
    take(batch) {
      const { node: name, intervalMs } = batch;
      // What comes about between ticks is of single containers: a rate over a moment would be noise.
      if (intervalMs === undefined) return;
      const node = known.get(name) ?? new NodeReadings(name);
      const before = node.containers;
      const refused = node.take(batch, intervalMs, maxContainers - containers);
      containers += node.containers - before;
      for (let i = 0; i < refused; i++) count('limit');
      if (node.tickMs > 0) known.set(name, node);
    },
    nodes: (nowMs) =>
      [...known.values()]
        .flatMap((node) => (speaking(node, nowMs) ? (node.self() ?? []) : []))
        .sort((a, b) => order(a.name, b.name)),
    node(name, nowMs) {
      const node = known.get(name);
      return node && speaking(node, nowMs) ? node.self() : undefined;
    },
    pods(nowMs, namespace) {
      const found = [...podsOf(nowMs, namespace)];
      found.sort((a, b) => order(a.namespace, b.namespace) || order(a.name, b.name) || b.timeMs - a.timeMs);
      // One that was made anew elsewhere under its name: the newer reading.
      return found.filter(
        ({ namespace: ns, name }, i) => found[i - 1]?.name !== name || found[i - 1]?.namespace !== ns,
      );
    },
    pod(namespace, name, nowMs) {
      let newest: PodReading | undefined;
      for (const node of known.values()) {
        const pod = speaking(node, nowMs) ? node.pods().get(namespace)?.get(name) : undefined;
        if (pod && (newest === undefined || pod.timeMs > newest.timeMs)) newest = pod;
      }
      return newest;
    },
    housekeep(nowMs) {
      for (const [name, node] of known) {
        if (nowMs - node.tickMs <= Math.max(FORGET_MS, 3 * node.intervalMs)) continue;
        known.delete(name);
        containers -= node.containers;
        count('silent_node');
      }
    },
    stats: () => ({ nodes: known.size, containers, evicted }),
  };
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
