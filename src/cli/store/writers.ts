/**
 * Series as text in the formats that others read: a heading for each metric, a line for each sample. Pure. What a format cannot say is left out
 * and counted by whoever asks.
 */
import { escapeMeasurement, escapeTag } from '../../../collector/sinks/influx/escape.ts';
import { labelText, numberText } from '../../exposition/format.ts';
import type { JsonSeries } from './jsonseries.ts';
import type { SampleFormat } from './transfer.ts';

export interface SampleWriter {
  /** Whether all series of a metric have to come one after another. */
  readonly grouped: boolean;
  heading(metric: string): string;
  /** Undefined for a sample that the format cannot say. */
  lines(series: JsonSeries): Generator<string | undefined>;
  readonly end: string;
}

export function writerOf(format: Exclude<SampleFormat, 'json'>): SampleWriter {
  if (format === 'influx') return { grouped: false, heading: () => '', lines: influxLines, end: '' };
  const isText = format === 'prometheus';
  return {
    grouped: true,
    heading: (metric) => `# TYPE ${metricText(metric)} ${isText ? 'untyped' : 'unknown'}\n`,
    lines: (series) => expositionLines(series, isText ? String : secondsText),
    end: isText ? '' : '# EOF\n',
  };
}

function* influxLines({ labels, values, timestamps }: JsonSeries): Generator<string | undefined> {
  let measurement = '';
  const tags: string[] = [];
  for (const [name, value] of [...labels].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (name === '__name__') measurement = escapeMeasurement(value);
    else tags.push(`,${escapeTag(name)}=${escapeTag(value)}`);
  }
  const head = `${measurement}${tags.join('')} value=`;
  for (const [i, value] of values.entries()) {
    // It has no words for NaN and the infinities.
    yield Number.isFinite(value) ? `${head}${valueText(value)} ${nanoseconds(timestamps[i] as number)}\n` : undefined;
  }
}

function nanoseconds(ms: number): string {
  return ms === 0 ? '0' : `${ms}000000`;
}

function* expositionLines(
  { labels, values, timestamps }: JsonSeries,
  timeText: (ms: number) => string,
): Generator<string> {
  const metric = labels.find(([name]) => name === '__name__')?.[1] ?? '';
  const texts = labels.filter(([name]) => name !== '__name__').map(([name, value]) => pairText(name, value));
  const plain = PLAIN_METRIC.test(metric);
  if (!plain) texts.unshift(metricText(metric));
  const head = `${plain ? metric : ''}${texts.length === 0 ? '' : `{${texts.join(',')}}`} `;
  for (const [i, value] of values.entries()) yield `${head}${valueText(value)} ${timeText(timestamps[i] as number)}\n`;
}

/** The shortest text that gives the same double again, the sign of a zero included. */
function valueText(value: number): string {
  return Object.is(value, -0) ? '-0' : numberText(value);
}

const PLAIN_METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const PLAIN_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** What Prometheus 2 could not name stands in quotation marks. */
function metricText(metric: string): string {
  return PLAIN_METRIC.test(metric) ? metric : inQuotes(metric);
}

function pairText(name: string, value: string): string {
  return PLAIN_LABEL.test(name) ? labelText(name, value) : `${inQuotes(name)}=${inQuotes(value)}`;
}

function inQuotes(text: string): string {
  return labelText('', text).slice('='.length);
}

/**
 * Prometheus makes milliseconds of the seconds by cutting off: where a millisecond would be lost by that, a tenth of one is put behind it.
 * Whoever rounds reads the same.
 */
export function secondsText(ms: number): string {
  const text = String(ms / 1000);
  if (Math.trunc(Number(text) * 1000) === ms) return text;
  const rest = Math.abs(ms % 1000);
  const whole = Math.trunc(Math.abs(ms) / 1000);
  return `${ms < 0 ? '-' : ''}${whole}.${String(rest).padStart(3, '0')}1`;
}
