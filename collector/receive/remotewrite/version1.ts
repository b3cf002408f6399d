/** The message `WriteRequest` of remote-write 1.0, series by series. Pure; throws a WireError where it is none. */
import type { LabelPair } from '../../../src/model/labels.ts';
import { type Checked, checkedLabels, remembered } from '../labelset.ts';
import { excerpt, type LabelLimits, type Parsed } from '../parsed.ts';
import { BYTES, Fields, VARINT } from './protobuf.ts';
import { type SeriesFields, samplesOf, typeOf } from './series.ts';

/** Fields as the protocol numbers them. */
const TIMESERIES = 1;
const METADATA = 3;
const LABEL = 1;
const SERIES: SeriesFields = { samples: 2, exemplars: 3, histograms: 4 };

export function* readVersion1(body: Buffer, limits: LabelLimits): Generator<Parsed> {
  const fields = new Fields(body);
  while (fields.next()) {
    if (fields.is(TIMESERIES, BYTES)) {
      const { start, end } = fields;
      const open = (): Fields => new Fields(body, start, end);
      yield* samplesOf(labelsOf(body, open, limits), open, SERIES);
    } else if (fields.is(METADATA, BYTES)) yield infoOf(fields.message(), limits);
  }
}

/** What they are is known, mostly, by the bytes that they are written as. */
function labelsOf(body: Buffer, open: () => Fields, limits: LabelLimits): Checked {
  let first = -1;
  let last = -1;
  for (const fields = open(); fields.next(); ) {
    if (!fields.is(LABEL, BYTES)) continue;
    // Scattered ones have no bytes of their own.
    if (first >= 0 && fields.from !== last) return madeOf(open(), limits);
    if (first < 0) first = fields.from;
    last = fields.end;
  }
  if (first < 0) return madeOf(open(), limits);
  // The tag that it begins with keeps it apart from other keys.
  return remembered(body.toString('latin1', first, last), limits, () => madeOf(open(), limits));
}

function madeOf(fields: Fields, limits: LabelLimits): Checked {
  const { maxLabels, maxLabelBytes } = limits;
  const pairs: LabelPair[] = [];
  let all = 0;
  while (fields.next()) {
    if (!fields.is(LABEL, BYTES)) continue;
    // What is too much is counted, and not kept.
    if (++all <= maxLabels) pairs.push(pairOf(fields.message()));
  }
  return checkedLabels(pairs, { maxLabels, maxLabelBytes }, all);
}

function pairOf(fields: Fields): LabelPair {
  let name = '';
  let value = '';
  while (fields.next()) {
    if (fields.is(1, BYTES)) name = fields.text();
    else if (fields.is(2, BYTES)) value = fields.text();
  }
  return [name, value];
}

function infoOf(fields: Fields, { maxLabelBytes }: LabelLimits): Parsed {
  const info = { metric: '', type: typeOf(0), unit: '', help: '' };
  while (fields.next()) {
    if (fields.is(1, VARINT)) info.type = typeOf(fields.value);
    else if (fields.is(2, BYTES)) info.metric = excerpt(fields.text(), maxLabelBytes);
    else if (fields.is(4, BYTES)) info.help = excerpt(fields.text(), maxLabelBytes);
    else if (fields.is(5, BYTES)) info.unit = excerpt(fields.text(), maxLabelBytes);
  }
  return { kind: 'info', info };
}
