/** Received samples as records of a file, and back: length, checksum, then series by series. A record that is not whole is where the file ends. */
import { crc32 } from 'node:zlib';
import { type LabelPair, labels, pairsOf } from '../../../src/model/labels.ts';
import { Reader } from '../../../src/wire/reader.ts';
import { Writer } from '../../../src/wire/writer.ts';
import type { MetricInfo } from '../../query/source.ts';
import type { ReceivedSeries } from '../types.ts';

const HEAD = 8;
const TEXT_BYTES = 1 << 24;

export interface ReceivedRecord {
  readonly series: readonly ReceivedSeries[];
  readonly info: readonly MetricInfo[];
}

export function encodeRecord({ series, info }: ReceivedRecord): Uint8Array {
  const out = new Writer();
  out.u32(0);
  out.u32(0);
  out.varint(info.length);
  for (const { metric, type, unit, help } of info) for (const text of [metric, type, unit, help]) out.text(text);
  out.varint(series.length);
  for (const one of series) {
    out.varint(one.labels.names.length);
    for (const [name, value] of pairsOf(one.labels)) {
      out.text(name);
      out.text(value);
    }
    out.varint(one.timesMs.length);
    let before = 0;
    for (const timeMs of one.timesMs) {
      out.signed(timeMs - before);
      before = timeMs;
    }
    out.floats(one.values, one.values.length);
    const stale = one.stale ?? [];
    out.varint(stale.length);
    for (const at of stale) out.varint(at);
  }
  const bytes = out.copy();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint32(0, bytes.length - HEAD, true);
  view.setUint32(4, crc32(bytes.subarray(HEAD)), true);
  return bytes;
}

/** The whole records at the beginning of a file, and how many bytes are left that are none. */
export function decodeRecords(bytes: Uint8Array): { readonly records: ReceivedRecord[]; readonly torn: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: ReceivedRecord[] = [];
  let at = 0;
  while (bytes.length - at >= HEAD) {
    const length = view.getUint32(at, true);
    const body = bytes.subarray(at + HEAD, at + HEAD + length);
    if (body.length < length || length === 0 || crc32(body) !== view.getUint32(at + 4, true)) break;
    records.push(decodeBody(body));
    at += HEAD + length;
  }
  return { records, torn: bytes.length - at };
}

function decodeBody(body: Uint8Array): ReceivedRecord {
  const reader = new Reader(body);
  const text = (): string => reader.text('text', TEXT_BYTES);
  const info: MetricInfo[] = [];
  for (let left = reader.varint('infos'); left > 0; left--) {
    info.push({ metric: text(), type: text() as MetricInfo['type'], unit: text(), help: text() });
  }
  const series: ReceivedSeries[] = [];
  for (let left = reader.varint('series'); left > 0; left--) series.push(decodeSeries(reader, text));
  reader.finish('record');
  return { series, info };
}

function decodeSeries(reader: Reader, text: () => string): ReceivedSeries {
  const pairs: LabelPair[] = [];
  for (let left = reader.varint('labels'); left > 0; left--) pairs.push([text(), text()]);
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
  return { labels: labels(pairs), timesMs, values, ...(stale.length > 0 ? { stale } : {}) };
}
