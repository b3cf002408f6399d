/**
 * Points of line protocol as series: a metric for each field, named measurement and field, its tags as labels, the database as the label `db`.
 * A field called `value` names nothing: the metric is the measurement. Texts are not kept, and counted.
 */
import { legalName } from '../../../src/exposition/sheet.ts';
import type { LabelPair } from '../../../src/model/labels.ts';
import { checkedLabels, refusedSamples } from '../labelset.ts';
import type { LabelLimits, Parsed } from '../parsed.ts';
import { type Point, readLines } from './line.ts';
import { type Precision, timeMsOf } from './times.ts';

export interface PointsOptions {
  readonly precision: Precision;
  /** Of every series that has no tag `db` of its own. */
  readonly database?: string | undefined;
  /** For lines without a time. */
  readonly nowMs: number;
  readonly limits: LabelLimits;
}

export function* readPoints(text: string, options: PointsOptions): Generator<Parsed> {
  for (const read of readLines(text)) {
    if ('point' in read) yield* seriesOf(read.point, options);
    else yield { kind: 'bad_line', line: read.line, text: read.text, why: read.why };
  }
}

function* seriesOf({ measurement, tags, fields, time }: Point, options: PointsOptions): Generator<Parsed> {
  const numbers = fields.filter((field): field is [string, number] => typeof field[1] === 'number');
  if (numbers.length < fields.length)
    yield { kind: 'dropped', reason: 'string', samples: fields.length - numbers.length };
  if (numbers.length === 0) return;
  const timeMs = time === undefined ? options.nowMs : timeMsOf(time, options.precision);
  if (!Number.isSafeInteger(timeMs)) {
    yield { kind: 'dropped', reason: 'bad_time', samples: numbers.length, problem: `a point has the time ${time}` };
    return;
  }
  const pairs = labelsOf(tags, options.database);
  for (const [field, value] of numbers) {
    const metric = metricName(field === 'value' ? measurement : `${measurement}_${field}`);
    const checked = checkedLabels([...pairs, ['__name__', metric]], options.limits);
    if ('labels' in checked) yield { kind: 'samples', labels: checked.labels, timesMs: [timeMs], values: [value] };
    else yield refusedSamples(checked, 1);
  }
}

/** Of two tags that are one when their names are made legal the first counts. */
function labelsOf(tags: Point['tags'], database: string | undefined): LabelPair[] {
  const found = new Map<string, string>();
  for (const [key, value] of tags) {
    const name = legalName(key);
    if (!found.has(name)) found.set(name, value);
  }
  if (database !== undefined && database !== '' && !found.has('db')) found.set('db', database);
  return [...found];
}

/** As Prometheus names metrics: letters, digits, `_` and `:`. */
function metricName(name: string): string {
  const legal = name.replace(/[^a-zA-Z0-9_:]/g, '_');
  return /^[0-9]/.test(legal) ? `_${legal}` : legal;
}
