/**
 * Received samples as records of a file, and back: length, checksum, then series by series. The labels of a series are in a file once; later it is
 * named by their place. A record that is not whole is where the file ends: it was being written, or it is damaged, and what is behind it may name labels of its.
 */
import { crc32 } from 'node:zlib';
import { type LabelPair, labels } from '../../../src/model/labels.ts';
import { Reader } from '../../../src/wire/reader.ts';
import { Writer } from '../../../src/wire/writer.ts';
import type { MetricInfo } from '../../query/source.ts';
import { KnownSeries } from './known.ts';
import type { KnownSamples } from './packing.ts';

const HEAD = 8;
const TEXT_BYTES = 1 << 24;

export interface ReceivedRecord {
  readonly series: readonly KnownSamples[];
  readonly info: readonly MetricInfo[];
}

/** Which labels are in a file already. */
export interface FileLabels {
  /** No two files have the same. */
  readonly file: number;
  /** How many sets of labels it has. */
  count: number;
}

/** What it makes has to be in the file, or there must be nothing more in it. */
export function encodeRecord({ series, info }: ReceivedRecord, there: FileLabels): Uint8Array {
  const out = new Writer(64 * 1024);
  out.u32(0);
  out.u32(0);
  out.varint(info.length);
  for (const { metric, type, unit, help } of info) for (const text of [metric, type, unit, help]) out.text(text);
  out.varint(series.length);
  for (const one of series) encodeSeries(out, one, there);
  const bytes = out.copy();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint32(0, bytes.length - HEAD, true);
  view.setUint32(4, crc32(bytes.subarray(HEAD)), true);
  return bytes;
}

function encodeSeries(out: Writer, { known, timesMs, values, stale }: KnownSamples, there: FileLabels): void {
  if (known.file === there.file) {
    // No series is without labels.
    out.varint(0);
    out.varint(known.place);
  } else {
    out.bytes(known.bytes);
    known.file = there.file;
    known.place = there.count++;
  }
  out.varint(timesMs.length);
  let before = 0;
  for (let i = 0; i < timesMs.length; i++) {
    const timeMs = timesMs[i] as number;
    out.signed(timeMs - before);
    before = timeMs;
  }
  out.floats(values, values.length);
  out.varint(stale.length);
  for (const at of stale) out.varint(at);
}

export interface ReceivedFile {
  readonly records: ReceivedRecord[];
  /** Bytes behind the whole records. */
  readonly torn: number;
  /** Whether they are not what is left of a record that was being written: there is more of them than it, or it was all there. */
  readonly damaged: boolean;
}

/** The whole records at the beginning of a file. */
export function decodeRecords(bytes: Uint8Array): ReceivedFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: ReceivedRecord[] = [];
  const known: KnownSeries[] = [];
  let at = 0;
  while (bytes.length - at >= HEAD) {
    const told = at + HEAD + view.getUint32(at, true);
    const crc = view.getUint32(at + 4, true);
    const isWhole = (to: number): boolean =>
      to > at + HEAD && to <= bytes.length && crc32(bytes.subarray(at + HEAD, to)) === crc;
    // One of which the length alone is damaged is the last, if it reaches to the end.
    const to = isWhole(told) ? told : isWhole(bytes.length) ? bytes.length : undefined;
    if (to === undefined)
      return { records, torn: bytes.length - at, damaged: told <= bytes.length && !isZero(bytes, at) };
    records.push(decodeBody(bytes.subarray(at + HEAD, to), known));
    at = to;
  }
  return { records, torn: bytes.length - at, damaged: false };
}

/** Room that a file system had made when the machine ended. */
function isZero(bytes: Uint8Array, from: number): boolean {
  for (let i = from; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** `known`: the labels that came before in this file; those of the record come behind them. */
function decodeBody(body: Uint8Array, known: KnownSeries[]): ReceivedRecord {
  const reader = new Reader(body);
  const text = (): string => reader.text('text', TEXT_BYTES);
  const info: MetricInfo[] = [];
  for (let left = reader.varint('infos'); left > 0; left--) {
    info.push({ metric: text(), type: text() as MetricInfo['type'], unit: text(), help: text() });
  }
  const series: KnownSamples[] = [];
  for (let left = reader.varint('series'); left > 0; left--) series.push(decodeSeries(reader, text, known));
  reader.finish('record');
  return { series, info };
}

function decodeSeries(reader: Reader, text: () => string, known: KnownSeries[]): KnownSamples {
  const of = decodeLabels(reader, text, known);
  const length = reader.varint('samples');
  const timesMs = new Float64Array(length);
  let before = 0;
  for (let i = 0; i < length; i++) {
    before += reader.signed('time');
    timesMs[i] = before;
  }
  const values = new Float64Array(length);
  // Of others any number may come, also those that are none.
  const doubles = reader.bytes(8 * length, 'values');
  for (let i = 0; i < length; i++) values[i] = doubles.readDoubleLE(8 * i);
  const stale: number[] = [];
  for (let left = reader.varint('stale'); left > 0; left--) stale.push(reader.varint('place'));
  return { known: of, timesMs, values, stale };
}

function decodeLabels(reader: Reader, text: () => string, known: KnownSeries[]): KnownSeries {
  let left = reader.varint('labels');
  if (left === 0) {
    const place = reader.varint('place of labels');
    const there = known[place];
    if (there === undefined) throw new Error(`received samples name the labels ${place}; there are ${known.length}`);
    return there;
  }
  const pairs: LabelPair[] = [];
  for (; left > 0; left--) pairs.push([text(), text()]);
  const made = new KnownSeries(labels(pairs));
  known.push(made);
  return made;
}
