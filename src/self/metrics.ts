/**
 * The process's own metrics, in prom-client: the pipeline's rows of the catalogue, each pulled from the counters of the part that
 * owns it at the moment of the scrape, and the usual process and Node ones.
 */
import { Counter, Gauge, Registry } from 'prom-client';
import { PIPELINE_METRICS, type PipelineMetric } from '../catalog/pipeline.ts';
import { addProcessMetrics } from './process.ts';

/** Label values in the order of the row's labels, and the number. */
export type Reading = readonly [values: readonly string[], value: number];

export interface SelfMetrics {
  readonly registry: Registry;
  /** Says where a metric's numbers come from. The name must be in the catalogue, and may be given once. */
  expose(metric: string, read: () => Iterable<Reading>): void;
}

const rows = new Map<string, PipelineMetric>(PIPELINE_METRICS.map((row) => [row.metric, row]));

/**
 * Milliseconds. The collector is busy and must never be busy for long in one piece. An agent does nearly nothing, and a look wakes it: ten a
 * second were a tenth of its CPU. No part of an interval, so that the looks fall on all moments of a tick in their turn.
 */
const DELAY_EVERY_MS = { agent: 970, collector: 10 };

/** A registry of its own, never the library's global one: two programs in one process or test keep apart. */
export function createSelfMetrics(build: { version: string; role: 'agent' | 'collector' }): SelfMetrics {
  const registry = new Registry();
  addProcessMetrics({ registry, delayEveryMs: DELAY_EVERY_MS[build.role] });
  const self: SelfMetrics = {
    registry,
    expose(metric, read) {
      const row = rows.get(metric);
      if (!row) throw new Error(`${metric} is not in the catalogue`);
      const options = { name: metric, help: row.help, labelNames: [...row.labels], registers: [registry] };
      if (row.kind === 'counter') {
        const counter: Counter = new Counter({ ...options, collect: () => refill(counter, row, read) });
      } else {
        const gauge: Gauge = new Gauge({ ...options, collect: () => refill(gauge, row, read) });
      }
    },
  };
  self.expose('plimsoll_build_info', () => [[[build.version, build.role, process.versions.node], 1]]);
  return self;
}

/** Emptied first, so that what has gone is absent; a pulled counter is set to what its owner counted. */
function refill(metric: Counter | Gauge, row: PipelineMetric, read: () => Iterable<Reading>): void {
  metric.reset();
  for (const [values, value] of read()) {
    metric.inc(Object.fromEntries(row.labels.map((label, i) => [label, values[i] ?? ''])), value);
  }
}

/** One number without labels. */
export function single(value: number): Reading[] {
  return [[[], value]];
}

/** A map of counts by reason, optionally below fixed label values. */
export function byKey(counts: ReadonlyMap<string, number>, ...before: string[]): Reading[] {
  return [...counts].map(([key, value]) => [[...before, key], value] as const);
}
