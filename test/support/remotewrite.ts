/**
 * A receiver of remote-write that answers as a test says and keeps what it was sent. What it reads is read by the protocol's own field
 * numbers, for both versions, and not by our encoder; a message that breaks the protocol's rules is an error.
 */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { uncompress } from 'snappyjs';

export interface ReceivedSeries {
  /** `name{a="1",b="2"}`, in the order in which the labels came. */
  readonly series: string;
  readonly timeMs: number;
  /** `stale` for the marker's exact bits. */
  readonly value: number | 'stale';
}

export interface ReceivedMetadata {
  readonly type: number;
  readonly metric: string;
  readonly help: string;
  readonly unit: string;
}

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly series: readonly ReceivedSeries[];
  readonly metadata: readonly ReceivedMetadata[];
}

export interface ReceiverReply {
  /** 204 if not given. `hang` never answers, `reset` ends the connection. */
  readonly status?: number | 'hang' | 'reset';
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Awaited before the answer. */
  readonly after?: Promise<unknown>;
}

export interface Receiver {
  readonly url: string;
  readonly requests: readonly Received[];
  /** Of the requests that were answered with a success. */
  taken(): ReceivedSeries[];
  /** Requests under way at once, at most. */
  readonly mostAtOnce: number;
  close(): Promise<void>;
}

/** `reply` is asked for each request; by default everything is taken. */
export async function startReceiver(
  reply: (request: Received, index: number) => ReceiverReply = () => ({}),
): Promise<Receiver> {
  const requests: Received[] = [];
  const taken: ReceivedSeries[] = [];
  let now = 0;
  let most = 0;
  const server = createServer(async (incoming, outgoing) => {
    most = Math.max(most, ++now);
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.from(uncompress(new Uint8Array(Buffer.concat(chunks))));
    const second = incoming.headers['content-type']?.includes('io.prometheus.write.v2.Request');
    const request = {
      path: incoming.url ?? '',
      headers: incoming.headers,
      ...(second ? readSecond(body) : readFirst(body)),
    };
    const { status = 204, body: said, headers = {}, after } = reply(request, requests.length);
    requests.push(request);
    await after;
    now--;
    if (status === 'hang') return;
    if (status === 'reset') return void incoming.socket.destroy();
    if (status < 300) taken.push(...request.series);
    outgoing.writeHead(status, headers);
    outgoing.end(said);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    taken: () => taken,
    get mostAtOnce() {
      return most;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Field {
  readonly number: number;
  readonly wire: number;
  readonly varint: number;
  readonly bytes: Buffer;
}

/** A message's fields, in their order. */
function* fieldsOf(message: Buffer): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++];
      if (byte === undefined) throw new Error('a varint is cut off');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  const bytes = (length: number): Buffer => {
    at += length;
    if (at > message.length) throw new Error('a field is cut off');
    return message.subarray(at - length, at);
  };
  const nothing = { varint: 0, bytes: Buffer.alloc(0) };
  while (at < message.length) {
    const tag = varint();
    const field = { ...nothing, number: Math.floor(tag / 8), wire: tag % 8 };
    if (field.wire === 0) yield { ...field, varint: varint() };
    else if (field.wire === 1) yield { ...field, bytes: bytes(8) };
    else if (field.wire === 2) yield { ...field, bytes: bytes(varint()) };
    else throw new Error(`wire type ${field.wire}`);
  }
}

/** prometheus.WriteRequest: 1 timeseries, 3 metadata. */
function readFirst(body: Buffer): Pick<Received, 'series' | 'metadata'> {
  const series: ReceivedSeries[] = [];
  const metadata: ReceivedMetadata[] = [];
  for (const { number, bytes } of fieldsOf(body)) {
    if (number === 1) {
      const labels: (readonly [string, string])[] = [];
      const samples: Buffer[] = [];
      for (const field of fieldsOf(bytes)) {
        if (field.number === 1) labels.push(pairOf(field.bytes));
        else if (field.number === 2) samples.push(field.bytes);
      }
      const text = textOf(labels);
      for (const sample of samples.length > 0 ? samples : [undefined])
        series.push({ series: text, ...sampleOf(sample) });
    } else if (number === 3) {
      const fields = [...fieldsOf(bytes)];
      const text = (n: number): string => fields.find((field) => field.number === n)?.bytes.toString() ?? '';
      const type = fields.find((field) => field.number === 1)?.varint ?? 0;
      metadata.push({ type, metric: text(2), help: text(4), unit: text(5) });
    } else throw new Error(`field ${number} of a WriteRequest`);
  }
  return { series, metadata };
}

/** io.prometheus.write.v2.Request: 4 symbols, 5 timeseries. */
function readSecond(body: Buffer): Pick<Received, 'series' | 'metadata'> {
  const fields = [...fieldsOf(body)];
  const symbols = fields.filter(({ number }) => number === 4).map(({ bytes }) => bytes.toString());
  if (fields.length > 0 && symbols[0] !== '') throw new Error('the first symbol is not empty');
  const symbol = (ref: number): string => {
    const text = symbols[ref];
    if (text === undefined) throw new Error(`no symbol ${ref}`);
    return text;
  };
  const metadata: ReceivedMetadata[] = [];
  const series = fields
    .filter(({ number }) => number === 5)
    .map(({ bytes }) => {
      const parts = [...fieldsOf(bytes)];
      const part = (n: number): Buffer | undefined => parts.find(({ number }) => number === n)?.bytes;
      const refs = packed(part(1) ?? Buffer.alloc(0));
      const labels = Array.from({ length: refs.length / 2 }, (_, i) => {
        return [symbol(refs[2 * i] as number), symbol(refs[2 * i + 1] as number)] as const;
      });
      const about = new Map([...fieldsOf(part(5) ?? Buffer.alloc(0))].map((field) => [field.number, field.varint]));
      metadata.push({
        type: about.get(1) ?? 0,
        metric: labels.find(([name]) => name === '__name__')?.[1] ?? '',
        help: symbol(about.get(3) ?? 0),
        unit: symbol(about.get(4) ?? 0),
      });
      return { series: textOf(labels), ...sampleOf(part(2)) };
    });
  return { series, metadata };
}

function packed(bytes: Buffer): number[] {
  // Each as if it were a field of its own: a tag, a varint.
  const tagged = Buffer.concat([...splitVarints(bytes)].map((one) => Buffer.concat([Buffer.from([0x08]), one])));
  return Array.from(fieldsOf(tagged), ({ varint }) => varint);
}

function* splitVarints(bytes: Buffer): Generator<Buffer> {
  let start = 0;
  for (const [i, byte] of bytes.entries()) {
    if (byte >= 0x80) continue;
    yield bytes.subarray(start, i + 1);
    start = i + 1;
  }
}

function pairOf(bytes: Buffer): readonly [string, string] {
  const texts = new Map([...fieldsOf(bytes)].map(({ number, bytes: text }) => [number, text.toString()]));
  return [texts.get(1) ?? '', texts.get(2) ?? ''];
}

/** What the protocol demands of labels, and then their text. */
function textOf(labels: readonly (readonly [string, string])[]): string {
  const names = labels.map(([name]) => name);
  if (names.some((name, i) => i > 0 && Buffer.compare(Buffer.from(names[i - 1] as string), Buffer.from(name)) >= 0)) {
    throw new Error(`labels are not in order, or one is there twice: ${names.join(', ')}`);
  }
  if (labels.some(([name, value]) => name === '' || value === '')) throw new Error('an empty label');
  const metric = labels.find(([name]) => name === '__name__')?.[1];
  if (metric === undefined) throw new Error('no metric name');
  const others = labels.filter(([name]) => name !== '__name__').map(([name, value]) => `${name}="${value}"`);
  return others.length === 0 ? metric : `${metric}{${others.join(',')}}`;
}

function sampleOf(message: Buffer | undefined): Pick<ReceivedSeries, 'timeMs' | 'value'> {
  const fields = new Map([...fieldsOf(message ?? Buffer.alloc(0))].map((field) => [field.number, field]));
  const bytes = fields.get(1)?.bytes;
  if (bytes === undefined) throw new Error('a series without a sample');
  const stale = bytes.readBigUInt64LE() === 0x7ff0000000000002n;
  const value = bytes.readDoubleLE();
  if (Number.isNaN(value) && !stale) throw new Error('a NaN that is no marker');
  return { timeMs: fields.get(2)?.varint ?? 0, value: stale ? 'stale' : value };
}
