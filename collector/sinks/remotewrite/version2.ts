/**
 * Series in, the message `io.prometheus.write.v2.Request` of remote-write 2.0 out: every text once in a table of the request, labels as numbers
 * into it, and with each series what its metric is.
 */
import type { RowLabels } from './rowlabels.ts';
import type { Series, SeriesColumn } from './series.ts';
import { varintSize, Writer } from './writer.ts';

/** Fields with their wire types, as the protocol numbers them. */
const SYMBOL = 0x22;
const TIMESERIES = 0x2a;
const LABEL_REFS = 0x0a;
const SAMPLE = 0x12;
const METADATA = 0x2a;
const SAMPLE_VALUE = 0x09;
const SAMPLE_TIME = 0x10;
const METADATA_TYPE = 0x08;
const METADATA_HELP = 0x18;
const METADATA_UNIT = 0x20;

const TYPES = { unknown: 0, counter: 1, gauge: 2 } as const;

export function encodeVersion2(series: readonly Series[]): Buffer {
  // The first symbol is the empty text.
  const symbols = new Map<string, number>([['', 0]]);
  const body = new Writer();
  const part = new Writer();
  for (const one of series) {
    const message = messageOf(one, symbols, part);
    body.varint(TIMESERIES);
    body.varint(message.length);
    body.bytes(message);
  }
  const head = new Writer();
  for (const symbol of symbols.keys()) writeSymbol(head, symbol);
  return Buffer.concat([head.take(), body.take()]);
}

function messageOf({ column, labels, timeMs, value }: Series, symbols: Map<string, number>, writer: Writer): Buffer {
  const refs = refsOf(labels, column, symbols);
  writer.varint(LABEL_REFS);
  writer.varint(refs.reduce((sum, ref) => sum + varintSize(ref), 0));
  for (const ref of refs) writer.varint(ref);
  writer.varint(SAMPLE);
  writer.varint(9 + 1 + varintSize(timeMs));
  writer.varint(SAMPLE_VALUE);
  writer.double(value);
  writer.varint(SAMPLE_TIME);
  writer.varint(timeMs);
  const help = refOf(column.help, symbols);
  const unit = refOf(column.unit === 'none' ? '' : column.unit, symbols);
  writer.varint(METADATA);
  writer.varint(1 + varintSize(TYPES[column.type]) + 1 + varintSize(help) + 1 + varintSize(unit));
  writer.varint(METADATA_TYPE);
  writer.varint(TYPES[column.type]);
  writer.varint(METADATA_HELP);
  writer.varint(help);
  writer.varint(METADATA_UNIT);
  writer.varint(unit);
  return writer.take();
}

/** Name and value of each label, in the order of the names. */
function refsOf(labels: RowLabels, { fixed }: SeriesColumn, symbols: Map<string, number>): number[] {
  const refs: number[] = [];
  let next = 0;
  const upTo = (name: string | undefined): void => {
    for (; next < labels.names.length; next++) {
      const own = labels.names[next] as string;
      if (name !== undefined && own > name) return;
      refs.push(refOf(own, symbols), refOf(labels.values[next] as string, symbols));
    }
  };
  for (const [name, value] of fixed) {
    upTo(name);
    refs.push(refOf(name, symbols), refOf(value, symbols));
  }
  upTo(undefined);
  return refs;
}

function refOf(text: string, symbols: Map<string, number>): number {
  let ref = symbols.get(text);
  if (ref === undefined) {
    ref = symbols.size;
    symbols.set(text, ref);
  }
  return ref;
}

function writeSymbol(writer: Writer, symbol: string): void {
  const bytes = Buffer.from(symbol);
  writer.varint(SYMBOL);
  writer.varint(bytes.length);
  writer.bytes(bytes);
}
