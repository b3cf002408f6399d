/**
 * Series in, the message `WriteRequest` of remote-write 1.0 out. Each row's labels are encoded once and copied from then on, with the
 * metric's name put in at its place: names are in order.
 */
import type { EncodedLabels, RowLabels } from './rowlabels.ts';
import type { Series, SeriesColumn } from './series.ts';
import { varintSize, Writer } from './writer.ts';

/** Fields with their wire types, as the protocol numbers them. */
const TIMESERIES = 0x0a;
const METADATA = 0x1a;
const LABEL = 0x0a;
const SAMPLE = 0x12;
const FIRST_TEXT = 0x0a;
const SECOND_TEXT = 0x12;
const SAMPLE_VALUE = 0x09;
const SAMPLE_TIME = 0x10;
const METADATA_TYPE = 0x08;
const METADATA_NAME = 0x12;
const METADATA_HELP = 0x22;
const METADATA_UNIT = 0x2a;

export function encodeVersion1(series: readonly Series[]): Buffer {
  const writer = new Writer();
  let time = timeOf(0);
  for (const one of series) {
    // Groups have the same time, the rows of a host nearly so.
    if (one.timeMs !== time.ms) time = timeOf(one.timeMs);
    writeSeries(writer, one, time.bytes);
  }
  return writer.take();
}

function writeSeries(writer: Writer, { column, labels, value }: Series, time: Buffer): void {
  const own = encodedOf(labels);
  const fixed = fixedOf(column);
  // A tag and a double are nine bytes, then the time with its tag.
  const sample = 9 + time.length;
  writer.varint(TIMESERIES);
  writer.varint(own.bytes.length + fixed.length + 1 + varintSize(sample) + sample);
  if (fixed.labels.length === 1) {
    writer.bytes(own.head);
    writer.bytes(fixed.labels[0]?.bytes as Buffer);
    writer.bytes(own.tail);
  } else writeLabels(writer, labels, { own, fixed });
  writer.varint(SAMPLE);
  writer.varint(sample);
  writer.varint(SAMPLE_VALUE);
  writer.double(value);
  writer.bytes(time);
}

/** The row's with those of the column among them. */
function writeLabels(writer: Writer, { names }: RowLabels, { own, fixed }: { own: EncodedLabels; fixed: Fixed }): void {
  let from = 0;
  let next = 0;
  for (const { name, bytes } of fixed.labels) {
    while (next < names.length && (names[next] as string) < name) next++;
    const to = next === 0 ? 0 : (own.ends[next - 1] as number);
    writer.bytes(own.bytes, from, to);
    writer.bytes(bytes);
    from = to;
  }
  writer.bytes(own.bytes, from);
}

function timeOf(ms: number): { readonly ms: number; readonly bytes: Buffer } {
  const writer = new Writer(16);
  writer.varint(SAMPLE_TIME);
  writer.varint(ms);
  return { ms, bytes: writer.take() };
}

function encodedOf(labels: RowLabels): EncodedLabels {
  if (labels.encoded) return labels.encoded;
  const ends: number[] = [];
  const parts = labels.names.map((name, i) => labelBytes(name, labels.values[i] as string));
  let at = 0;
  for (const part of parts) {
    at += part.length;
    ends.push(at);
  }
  const bytes = Buffer.concat(parts);
  const before = labels.names.findLastIndex((name) => name < '__name__');
  const split = before < 0 ? 0 : (ends[before] as number);
  labels.encoded = { bytes, ends, head: bytes.subarray(0, split), tail: bytes.subarray(split) };
  return labels.encoded;
}

interface Fixed {
  readonly labels: readonly { readonly name: string; readonly bytes: Buffer }[];
  readonly length: number;
}

const kept = new WeakMap<SeriesColumn, Fixed>();

function fixedOf(column: SeriesColumn): Fixed {
  let fixed = kept.get(column);
  if (!fixed) {
    const labels = column.fixed.map(([name, value]) => ({ name, bytes: labelBytes(name, value) }));
    fixed = { labels, length: labels.reduce((sum, { bytes }) => sum + bytes.length, 0) };
    kept.set(column, fixed);
  }
  return fixed;
}

function labelBytes(name: string, value: string): Buffer {
  const writer = new Writer(256);
  writer.text(FIRST_TEXT, name);
  writer.text(SECOND_TEXT, value);
  return framed(LABEL, writer.take());
}

function framed(tag: number, message: Buffer): Buffer {
  const writer = new Writer(message.length + 16);
  writer.varint(tag);
  writer.varint(message.length);
  writer.bytes(message);
  return writer.take();
}

const TYPES = { unknown: 0, counter: 1, gauge: 2 } as const;

/** What the metrics are: a request without a series. */
export function encodeMetadata(columns: readonly SeriesColumn[]): Buffer {
  return Buffer.concat(
    columns.map(({ metric, type, unit, help }) => {
      const writer = new Writer(512);
      writer.varint(METADATA_TYPE);
      writer.varint(TYPES[type]);
      writer.text(METADATA_NAME, metric);
      writer.text(METADATA_HELP, help);
      writer.text(METADATA_UNIT, unit === 'none' ? '' : unit);
      return framed(METADATA, writer.take());
    }),
  );
}
