/**
 * Prometheus text and OpenMetrics, line by line: samples, and what `# TYPE`, `# HELP` and `# UNIT` say of metrics. Times are milliseconds in the
 * one and seconds in the other; a sample without one is of now. Pure.
 */
import type { Format } from '../../../src/exposition/format.ts';
import type { MetricInfo } from '../../query/source.ts';
import { checkedLabels, refusedSamples } from '../labelset.ts';
import { excerpt, type LabelLimits, type Parsed } from '../parsed.ts';
import { textLines } from './lines.ts';
import { readSampleLine, unescaped } from './sampleline.ts';

export interface ExpositionOptions {
  readonly format: Format;
  readonly nowMs: number;
  readonly limits: LabelLimits;
}

export function* readExposition(text: string, options: ExpositionOptions): Generator<Parsed> {
  const about = new Descriptions(options);
  for (const { line, text: one } of textLines(text)) {
    const trimmed = one.trim();
    if (trimmed === '# EOF') break;
    if (trimmed.startsWith('#')) {
      yield* about.comment(trimmed);
      continue;
    }
    const read = sampleIn(trimmed, options);
    yield typeof read === 'string' ? { kind: 'bad_line', line, text: one, why: read } : read;
  }
  yield* about.end();
}

function sampleIn(line: string, { format, nowMs, limits }: ExpositionOptions): Parsed | string {
  const read = readSampleLine(line);
  if (typeof read === 'string') return read;
  const timeMs = read.time === undefined ? nowMs : timeMsOf(read.time, format);
  if (timeMs === undefined)
    return format === 'text' ? 'its time is no whole number of milliseconds' : 'its time is no number of seconds';
  const checked = checkedLabels(read.pairs, limits);
  if (!('labels' in checked)) return refusedSamples(checked, 1);
  return { kind: 'samples', labels: checked.labels, timesMs: [timeMs], values: [read.value] };
}

function timeMsOf(text: string, format: Format): number | undefined {
  if (!(format === 'text' ? /^-?\d{1,16}$/ : /^-?\d{1,13}(\.\d*)?(e[+-]?\d{1,2})?$/i).test(text)) return undefined;
  const timeMs = (format === 'text' ? Number(text) : Math.round(Number(text) * 1000)) + 0;
  return Number.isSafeInteger(timeMs) ? timeMs : undefined;
}

const COMMENT = /^#\s+(TYPE|HELP|UNIT)\s+("(?:[^"\\]|\\.)*"|\S+)(?:\s+(.*))?$/;

const TYPES: ReadonlyMap<string, MetricInfo['type']> = new Map([
  ['counter', 'counter'],
  ['gauge', 'gauge'],
  ['histogram', 'histogram'],
  ['gaugehistogram', 'histogram'],
  ['summary', 'summary'],
  ['info', 'gauge'],
  ['stateset', 'gauge'],
]);

/** What is said of one metric stands in lines next to each other. */
class Descriptions {
  readonly #options: ExpositionOptions;
  #family = '';
  #info: { type: MetricInfo['type']; unit: string; help: string } | undefined;

  constructor(options: ExpositionOptions) {
    this.#options = options;
  }

  *comment(line: string): Generator<Parsed> {
    const [, what, given = '', rest = ''] = COMMENT.exec(line) ?? [];
    if (what === undefined) return;
    const family = given.startsWith('"') ? unescaped(given.slice(1, -1)) : given;
    if (family !== this.#family) yield* this.end();
    this.#family = family;
    this.#info ??= { type: 'unknown', unit: '', help: '' };
    const most = this.#options.limits.maxLabelBytes;
    if (what === 'TYPE') this.#info.type = TYPES.get(rest.trim().toLowerCase()) ?? 'unknown';
    else if (what === 'UNIT') this.#info.unit = excerpt(rest.trim(), most);
    else this.#info.help = excerpt(unescaped(rest), most);
  }

  /** What is known of the last metric. */
  *end(): Generator<Parsed> {
    if (this.#info === undefined) return;
    const isTotal = this.#options.format === 'openmetrics' && this.#info.type === 'counter';
    const metric = isTotal ? `${this.#family}_total` : this.#family;
    const info = this.#info;
    this.#info = undefined;
    if (info.type !== 'unknown' || info.help !== '' || info.unit !== '')
      yield { kind: 'info', info: { ...info, metric: excerpt(metric, this.#options.limits.maxLabelBytes) } };
  }
}
