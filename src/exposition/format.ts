/**
 * The two text formats and what differs between them: how a family is named and typed, how help and label values are escaped, and
 * how numbers are written. Pure functions from text to text.
 */
import type { Unit } from '../model/shape.ts';

/** `text` is Prometheus text 0.0.4, `openmetrics` is OpenMetrics 1.0. */
export type Format = 'text' | 'openmetrics';

/** As prom-client and both formats name them. */
export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary';

/** A family's metadata: what stands above its samples. */
export interface Heading {
  /** The name of its samples, for a histogram without `_bucket`, `_sum` and `_count`. */
  readonly metric: string;
  readonly type: MetricType;
  readonly unit: Unit;
  readonly help: string;
}

/**
 * The lines above a family's samples. `names` are all names of the exposition: OpenMetrics calls the family of the counter
 * `x_total` just `x`, which must not be another metric's name.
 */
export function headingLines(heading: Heading, format: Format, names: ReadonlySet<string>): string {
  const { metric, help } = heading;
  if (format === 'text') return `# HELP ${metric} ${escapeHelp(help)}\n# TYPE ${metric} ${textType(heading)}\n`;
  const { family, type } = openMetricsFamily(heading, names);
  const unit =
    heading.unit !== 'none' && family.endsWith(`_${heading.unit}`) ? `# UNIT ${family} ${heading.unit}\n` : '';
  return `# TYPE ${family} ${type}\n${unit}# HELP ${family} ${escapeQuoted(help)}\n`;
}

/** Suffixes of counters, histograms and summaries. */
const RESERVED = /_(total|count|sum|bucket)$/;

/** Prometheus' own linter objects to a gauge that is named like another type, as some of cAdvisor's are, unless nothing is said of its type. */
function isMisnamed({ metric, type }: Pick<Heading, 'metric' | 'type'>): boolean {
  return type === 'gauge' && RESERVED.test(metric);
}

function textType(heading: Heading): string {
  return isMisnamed(heading) ? 'untyped' : heading.type;
}

/** The type of a metric of ours where it is told without a page: what is `untyped` there is `unknown`. */
export function metricType(heading: Pick<Heading, 'metric' | 'type'>): 'counter' | 'gauge' | 'unknown' {
  if (isMisnamed(heading)) return 'unknown';
  return heading.type === 'counter' || heading.type === 'gauge' ? heading.type : 'unknown';
}

/**
 * A counter's samples must end in `_total` there, and that suffix is a counter's own: what breaks either rule is typed
 * `unknown`, so that names are the same in both formats.
 */
function openMetricsFamily({ metric, type }: Heading, names: ReadonlySet<string>): { family: string; type: string } {
  const total = metric.endsWith('_total');
  if (type !== 'counter') return { family: metric, type: total ? 'unknown' : type };
  const family = metric.slice(0, -'_total'.length);
  if (!total || family === '' || names.has(family)) return { family: metric, type: 'unknown' };
  return { family, type: 'counter' };
}

/** `name="value"`, the value escaped. The name must be legal. */
export function labelText(name: string, value: string): string {
  return `${name}="${escapeQuoted(value)}"`;
}

/** A number as both formats read it: the shortest text that gives the same double again. */
export function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}

/** A time in Unix milliseconds as the format wants it: milliseconds in text, seconds in OpenMetrics. */
export function timeText(timeMs: number, format: Format): string {
  return format === 'text' ? String(timeMs) : String(timeMs / 1000);
}

const TO_ESCAPE = /[\\"\n]/;

/** Backslash, quote and newline: label values in both formats, help in OpenMetrics. */
function escapeQuoted(text: string): string {
  if (!TO_ESCAPE.test(text)) return text;
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** Backslash and newline only: a quote would keep its backslash for ever. */
function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
