/**
 * The process's own metrics: what prom-client's registry holds, read as data and written by our rules in either format.
 * prom-client's own OpenMetrics output is not used: it renames counters in place.
 */
import type { Registry } from 'prom-client';
import { type Format, headingLines, labelText, type MetricType, numberText } from './format.ts';

export interface SelfSample {
  /** The family's name, for histograms and summaries with `_bucket`, `_sum` or `_count`. */
  readonly name: string;
  readonly labels: readonly (readonly [string, string])[];
  readonly value: number;
}

export interface SelfFamily {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly samples: readonly SelfSample[];
}

/** The parts of prom-client's JSON that are used; its type declarations call `type` an enum, it is a string. */
interface PromMetric {
  readonly name: string;
  readonly help: string;
  readonly type: unknown;
  readonly values: readonly {
    readonly value: number;
    readonly labels: Readonly<Record<string, string | number>>;
    readonly metricName?: string;
  }[];
}

/** Collects the registry's metrics as they are now. Rejects if one of its collectors does. */
export async function fromPromClient(registry: Registry): Promise<SelfFamily[]> {
  const metrics = (await registry.getMetricsAsJSON()) as unknown as PromMetric[];
  return metrics.map(({ name, help, type, values }) => ({
    name,
    help,
    type: String(type) as MetricType,
    samples: values.map((v) => ({
      name: v.metricName ?? name,
      labels: Object.entries(v.labels).map(([label, text]) => [label, String(text)] as const),
      value: v.value,
    })),
  }));
}

/** The families as text, without OpenMetrics' closing line. Those whose name is in `taken` are left out. */
export function selfText(families: readonly SelfFamily[], format: Format, taken: ReadonlySet<string>): string {
  const names = new Set(families.map((family) => family.name));
  let out = '';
  for (const { name, type, help, samples } of families) {
    const present = samples.filter((sample) => !Number.isNaN(sample.value));
    if (present.length === 0 || taken.has(name)) continue;
    out += headingLines({ metric: name, type, unit: 'none', help }, format, names);
    for (const sample of present) {
      const text = sample.labels.filter(([, value]) => value !== '').map(([label, value]) => labelText(label, value));
      out += `${sample.name}${text.length === 0 ? '' : `{${text.join(',')}}`} ${numberText(sample.value)}\n`;
    }
  }
  return out;
}
