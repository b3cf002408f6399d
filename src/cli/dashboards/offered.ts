/** What Plimsoll exposes with a configuration: each metric with its labels, each measurement with its fields and tags. Made from the catalogue alone. */
import { enabledFamilies } from '../../../agents/families.ts';
import { planLevel, membersShape } from '../../../collector/aggregate/plan.ts';
import { levelsOf } from '../../../collector/levels.ts';
import { FAMILIES } from '../../catalog/index.ts';
import { PIPELINE_METRICS } from '../../catalog/pipeline.ts';
import type { Config } from '../../config/schema.ts';
import type { Family } from '../../model/family.ts';
import type { Shape } from '../../model/shape.ts';
import { readableLabels } from '../unread.ts';
import { ALWAYS_THERE, OWN_PROCESS } from './known/ambient.ts';

/** A label's values, where they are known beforehand; undefined: anything. */
export type LabelValues = ReadonlySet<string> | undefined;

export interface OfferedMetric {
  readonly labels: ReadonlyMap<string, LabelValues>;
  /** Whether series of containers carry it, with their image, name and own labels. */
  readonly ofContainers: boolean;
  /** The family that has to be switched on for it; undefined: nothing has. */
  readonly off?: string;
  /** Where its numbers are in InfluxDB: one field, or one for each value of a fixed label. */
  readonly stored: readonly Stored[];
}

export interface Stored {
  readonly measurement: string;
  readonly field: string;
  readonly labels: readonly (readonly [name: string, value: string])[];
}

export interface OfferedMeasurement {
  readonly fields: ReadonlySet<string>;
  readonly tags: ReadonlySet<string>;
  readonly ofContainers: boolean;
  readonly off?: string;
}

export interface Offered {
  readonly metrics: ReadonlyMap<string, OfferedMetric>;
  readonly measurements: ReadonlyMap<string, OfferedMeasurement>;
  /** Whether a label such as `container_label_team` is let through. */
  readonly readable: (label: string) => boolean;
}

interface Group {
  readonly shape: Shape;
  readonly labels: readonly string[];
  readonly ofContainers: boolean;
  readonly off: string | undefined;
}

/** Throws a ConfigError for families or levels that cannot be. */
export function offeredBy(config: Pick<Config, 'agent' | 'collector'>): Offered {
  const on = enabledFamilies(config.agent);
  const off = (family: Family): string | undefined => (on.has(family.name) ? undefined : family.name);
  const groups: Group[] = FAMILIES.map((family) => ({
    shape: family,
    labels: ['id', 'node', ...family.dims],
    ofContainers: !family.name.startsWith('machine') && family.name !== 'topology',
    off: off(family),
  }));
  for (const level of levelsOf(config.collector.levels)) {
    const labels = level.by.map(({ as }) => as);
    groups.push({ shape: membersShape(level), labels, ofContainers: false, off: undefined });
    for (const family of FAMILIES) {
      const plan = planLevel(level, family, config.collector.gauges);
      if (plan) groups.push({ shape: plan.shape, labels, ofContainers: false, off: off(family) });
    }
  }
  return { metrics: metricsOf(groups), measurements: measurementsOf(groups), readable: readableLabels(config.agent) };
}

function metricsOf(groups: readonly Group[]): Map<string, OfferedMetric> {
  const metrics = new Map<string, OfferedMetric>();
  for (const { metric, labels } of [...PIPELINE_METRICS, ...OWN_PROCESS, ...ALWAYS_THERE]) {
    metrics.set(metric, {
      labels: new Map(labels.map((label) => [label, undefined])),
      ofContainers: false,
      stored: [],
    });
  }
  for (const { shape, labels, ofContainers, off } of groups) {
    for (const column of shape.columns) {
      const before = metrics.get(column.metric);
      const all = new Map<string, LabelValues>(before?.labels ?? []);
      for (const label of labels) all.set(label, undefined);
      for (const [name, value] of column.labels) all.set(name, new Set([...(all.get(name) ?? []), value]));
      metrics.set(column.metric, {
        labels: all,
        ofContainers,
        stored: [...(before?.stored ?? []), { ...column, measurement: shape.measurement }],
        ...(off === undefined ? {} : { off }),
      });
    }
  }
  return metrics;
}

function measurementsOf(groups: readonly Group[]): Map<string, OfferedMeasurement> {
  const measurements = new Map<string, OfferedMeasurement>();
  for (const { shape, labels, ofContainers, off } of groups) {
    measurements.set(shape.measurement, {
      fields: new Set([...shape.columns.map(({ field }) => field), ...(ofContainers ? ['id'] : [])]),
      tags: new Set(labels.map((label) => (label === 'id' ? 'cgroup' : label))),
      ofContainers,
      ...(off === undefined ? {} : { off }),
    });
  }
  return measurements;
}
