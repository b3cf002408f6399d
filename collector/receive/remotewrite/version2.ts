/**
 * The message `io.prometheus.write.v2.Request` of remote-write 2.0, series by series: its texts are in a table, which may stand anywhere in the
 * body. Pure; throws a WireError where it is none.
 */
import { WireError } from '../../../src/errors.ts';
import type { LabelPair } from '../../../src/model/labels.ts';
import { checkedLabels } from '../labelset.ts';
import { excerpt, type LabelLimits, type Parsed } from '../parsed.ts';
import { BYTES, bad, Fields, textAt, VARINT } from './protobuf.ts';
import { type SeriesFields, samplesOf, typeOf } from './series.ts';

/** Fields as the protocol numbers them. */
const SYMBOL = 4;
const TIMESERIES = 5;
const LABEL_REFS = 1;
const METADATA = 5;
const CREATED = 6;
const SERIES: SeriesFields = { samples: 2, histograms: 3, exemplars: 4 };

/** Texts in one body: two bytes make one, and a place in the table takes more. */
const MAX_SYMBOLS = 1_000_000;

/** The metric of a series' metadata, without what classic histograms and summaries add to it. */
const PART = /_(bucket|sum|count)$/;

/** The labels of a series as they came; `all`: how many there were. */
interface GivenLabels {
  readonly pairs: readonly LabelPair[];
  readonly all: number;
}

type Symbols = (ref: number) => string;

export function* readVersion2(body: Buffer, limits: LabelLimits): Generator<Parsed> {
  const symbols = symbolsIn(body, limits);
  const described = new Set<string>();
  const fields = new Fields(body);
  while (fields.next()) {
    if (!fields.is(TIMESERIES, BYTES)) continue;
    const { start, end } = fields;
    const open = (): Fields => new Fields(body, start, end);
    const { pairs, all } = labelsIn(open(), symbols, limits);
    yield* aboutSeries(open(), { symbols, pairs, described, limits });
    yield* samplesOf(checkedLabels(pairs, limits, all), open, SERIES);
  }
}

/** Texts are made of the bytes when they are asked for, once; of one that is too long for a label only so much that it still is. */
function symbolsIn(body: Buffer, { maxLabelBytes }: LabelLimits): Symbols {
  const places: number[] = [];
  for (const fields = new Fields(body); fields.next(); ) {
    if (!fields.is(SYMBOL, BYTES)) continue;
    if (places.length >= 2 * MAX_SYMBOLS) throw new WireError('limit', `the body has more than ${MAX_SYMBOLS} symbols`);
    places.push(fields.start, fields.end);
  }
  const made = new Map<number, string>();
  return (ref) => {
    let text = made.get(ref);
    if (text !== undefined) return text;
    if (ref < 0 || 2 * ref >= places.length) throw bad(`there is no symbol ${ref}`);
    text = excerpt(textAt(body, places[2 * ref] as number, places[2 * ref + 1] as number), maxLabelBytes);
    made.set(ref, text);
    return text;
  };
}

function labelsIn(fields: Fields, symbols: Symbols, { maxLabels }: LabelLimits): GivenLabels {
  const refs: number[] = [];
  let count = 0;
  const take = (ref: number): void => {
    if (count++ < 2 * maxLabels) refs.push(ref);
  };
  while (fields.next()) {
    if (fields.is(LABEL_REFS, BYTES)) for (const ref of fields.packed()) take(ref);
    else if (fields.is(LABEL_REFS, VARINT)) take(fields.value);
  }
  if (count % 2 === 1) throw bad('a series has a label without a value');
  const pairs: LabelPair[] = [];
  for (let i = 0; i < refs.length; i += 2) pairs.push([symbols(refs[i] as number), symbols(refs[i + 1] as number)]);
  return { pairs, all: count / 2 };
}

interface About {
  readonly symbols: Symbols;
  readonly pairs: readonly LabelPair[];
  /** Metrics of which this body has said what they are. */
  readonly described: Set<string>;
  readonly limits: LabelLimits;
}

function* aboutSeries(fields: Fields, { symbols, pairs, described, limits }: About): Generator<Parsed, undefined> {
  const name = pairs.find(([label]) => label === '__name__')?.[1] ?? '';
  while (fields.next()) {
    if (fields.is(CREATED, VARINT) && fields.value !== 0)
      yield { kind: 'ignored', what: 'created_timestamp', count: 1 };
    if (!fields.is(METADATA, BYTES)) continue;
    const info = infoOf(fields.message(), symbols, limits);
    const parts = info.type === 'histogram' || info.type === 'summary';
    const metric = parts ? name.replace(PART, '') : name;
    if (info.type === 'unknown' && info.help === '' && info.unit === '') continue;
    if (metric === '' || described.has(metric)) continue;
    described.add(metric);
    yield { kind: 'info', info: { ...info, metric } };
  }
}

function infoOf(fields: Fields, symbols: Symbols, { maxLabelBytes }: LabelLimits) {
  const info = { type: typeOf(0), help: '', unit: '' };
  while (fields.next()) {
    if (fields.is(1, VARINT)) info.type = typeOf(fields.value);
    else if (fields.is(3, VARINT)) info.help = excerpt(symbols(fields.value), maxLabelBytes);
    else if (fields.is(4, VARINT)) info.unit = excerpt(symbols(fields.value), maxLabelBytes);
  }
  return info;
}
