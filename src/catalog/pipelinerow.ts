/** The shape of what the pipeline says about itself: one metric a row. */
import type { Kind } from '../model/shape.ts';

export interface PipelineMetric {
  readonly metric: string;
  readonly kind: Kind;
  readonly labels: readonly string[];
  readonly help: string;
}

export const row = (metric: string, kind: Kind, labels: readonly string[], help: string): PipelineMetric => ({
  metric,
  kind,
  labels,
  help,
});
