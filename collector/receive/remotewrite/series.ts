/** What both versions of remote-write have in common: samples of a series in pieces, and what is not kept of it. */
import type { MetricInfo } from '../../query/source.ts';
import { type Checked, refusedSamples } from '../labelset.ts';
import { type Parsed, SAMPLES_A_PIECE } from '../parsed.ts';
import { BYTES, FIXED64, type Fields, VARINT } from './protobuf.ts';

/** Where a version has the fields of a series. */
export interface SeriesFields {
  readonly samples: number;
  readonly exemplars: number;
  readonly histograms: number;
}

const VALUE = 1;
const TIME = 2;
/** Of a sample in later drafts of 2.0. */
const STARTED = 3;

/** `open` makes a reader of the series from its beginning: labels may stand behind the samples. */
export function* samplesOf(
  checked: Checked,
  open: () => Fields,
  { samples, exemplars, histograms }: SeriesFields,
): Generator<Parsed> {
  let exemplar = 0;
  let created = 0;
  let lost = 0;
  let batch = emptyBatch();
  const sample: Sample = { value: 0, stale: false, timeMs: 0, started: false };
  const fields = open();
  const inner = open();
  while (fields.next()) {
    if (fields.number === histograms) lost++;
    else if (fields.number === exemplars) exemplar++;
    if (fields.number !== samples) continue;
    if (fields.kind !== BYTES) continue;
    fields.enter(inner);
    readSample(inner, sample);
    if (sample.started) created++;
    if (!Number.isSafeInteger(sample.timeMs)) {
      yield { kind: 'dropped', reason: 'bad_time', samples: 1, problem: `a sample has the time ${sample.timeMs}` };
      continue;
    }
    if (sample.stale) batch.stale.push(batch.timesMs.length);
    batch.timesMs.push(sample.timeMs);
    batch.values.push(sample.value);
    if (batch.timesMs.length < SAMPLES_A_PIECE) continue;
    yield pieceOf(checked, batch);
    batch = emptyBatch();
  }
  if (batch.timesMs.length > 0) yield pieceOf(checked, batch);
  if (lost > 0) {
    const problem = 'native histograms are not kept: send classic ones';
    yield { kind: 'dropped', reason: 'histogram', samples: lost, problem };
  }
  if (exemplar > 0) yield { kind: 'ignored', what: 'exemplar', count: exemplar };
  if (created > 0) yield { kind: 'ignored', what: 'created_timestamp', count: created };
}

interface SampleBatch {
  readonly timesMs: number[];
  readonly values: number[];
  readonly stale: number[];
}

function emptyBatch(): SampleBatch {
  return { timesMs: [], values: [], stale: [] };
}

function pieceOf(checked: Checked, { timesMs, values, stale }: SampleBatch): Parsed {
  if (!('labels' in checked)) return refusedSamples(checked, timesMs.length);
  return { kind: 'samples', labels: checked.labels, timesMs, values, ...(stale.length === 0 ? {} : { stale }) };
}

interface Sample {
  value: number;
  stale: boolean;
  timeMs: number;
  started: boolean;
}

function readSample(fields: Fields, sample: Sample): void {
  // What is not written is zero.
  sample.value = 0;
  sample.stale = false;
  sample.timeMs = 0;
  sample.started = false;
  while (fields.next()) {
    if (fields.is(VALUE, FIXED64)) {
      sample.value = fields.double();
      sample.stale = Number.isNaN(sample.value) && fields.isStale();
    } else if (fields.is(TIME, VARINT)) sample.timeMs = fields.value;
    else if (fields.is(STARTED, VARINT)) sample.started = fields.value !== 0;
  }
}

const TYPES: readonly MetricInfo['type'][] = [
  'unknown',
  'counter',
  'gauge',
  'histogram',
  'histogram',
  'summary',
  'gauge',
  'gauge',
];

/** The type by the number that both versions give it; information and state sets are gauges to whoever asks. */
export function typeOf(number: number): MetricInfo['type'] {
  return TYPES[number] ?? 'unknown';
}
