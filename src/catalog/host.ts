/** What the catalogue's files about the machine itself share. */
import type { MetricDef } from '../model/family.ts';

/** A metric of the host alone: no container has it, so no group gets it. */
export const host = (metric: string, source: string, help: string, more: Partial<MetricDef> = {}): MetricDef => ({
  metric,
  kind: 'gauge',
  unit: 'none',
  grouped: false,
  help,
  source,
  ...more,
});
