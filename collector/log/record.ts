/**
 * A record: a frame's payload, deflated, with its length, a checksum over all that follows it, the frame's number and the end of its window.
 * Whatever a crash or a disk has made of the bytes, reading says what is whole and what is not. FORMAT.md has the layout.
 */
import { promisify } from 'node:util';
import { crc32, deflateRaw, inflateRaw, inflateRawSync, type ZlibOptions } from 'node:zlib';

const deflate = promisify(deflateRaw) as (bytes: Uint8Array, options: ZlibOptions) => Promise<Buffer>;
const inflate = promisify(inflateRaw) as (bytes: Uint8Array, options: ZlibOptions) => Promise<Buffer>;

/** Length, checksum, number, end. */
export const RECORD_HEAD = 4 + 4 + 8 + 8;
/** Where a segment's first record begins: behind a name and a version. */
export const SEGMENT_HEAD = 8;
export const FORMAT_VERSION = 1;
const MAGIC = Buffer.concat([Buffer.from('PLIMLOG'), Buffer.of(FORMAT_VERSION)]);

export interface RecordHead {
  /** Of what follows the head. */
  readonly length: number;
  readonly crc: number;
  readonly seq: number;
  readonly endMs: number;
}

export function segmentHead(): Uint8Array {
  return MAGIC;
}

/** What is wrong with a segment's first bytes, in words; undefined if nothing is. */
export function wrongHead(bytes: Uint8Array): string | undefined {
  if (bytes.length < SEGMENT_HEAD || !MAGIC.subarray(0, 7).equals(bytes.subarray(0, 7)))
    return 'is no segment of a log';
  if (bytes[7] !== FORMAT_VERSION) return `has the format's version ${bytes[7]}; this program reads ${FORMAT_VERSION}`;
  return undefined;
}

/** The record's bytes. */
export async function record(payload: Uint8Array, { seq, endMs }: { seq: number; endMs: number }): Promise<Uint8Array> {
  const body = await deflate(payload, { level: 1, chunkSize: pieceFor(payload.length) });
  const bytes = Buffer.allocUnsafe(RECORD_HEAD + body.length);
  bytes.writeUInt32LE(body.length, 0);
  bytes.writeDoubleLE(seq, 8);
  bytes.writeDoubleLE(endMs, 16);
  body.copy(bytes, RECORD_HEAD);
  bytes.writeUInt32LE(crc32(bytes.subarray(8)), 4);
  return bytes;
}

export function readHead(bytes: Uint8Array): RecordHead {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const double = (at: number): number => view.getFloat64(at, true);
  return { length: view.getUint32(0, true), crc: view.getUint32(4, true), seq: double(8), endMs: double(16) };
}

/** Whether the checksum is that of the record's bytes, its head among them. */
export function isWhole(bytes: Uint8Array, head: RecordHead): boolean {
  return bytes.length === RECORD_HEAD + head.length && crc32(bytes.subarray(8)) === head.crc;
}

/** The payload of a whole record. */
export async function payloadOf(bytes: Uint8Array): Promise<Uint8Array> {
  const body = bytes.subarray(RECORD_HEAD);
  const options = { chunkSize: pieceFor(DEFLATED_TO * body.length) };
  return body.length <= AT_ONCE ? inflateRawSync(body, options) : inflate(body, options);
}

/** So few bytes are inflated in less time than another thread takes to be asked. */
const AT_ONCE = 1 << 14;

/** Mostly more than payloads shrink to by deflating. */
const DEFLATED_TO = 4;

/** As large as what comes out, within reason: the default's 16 KiB pieces are a turn of the event loop each, and are put together afterwards. */
function pieceFor(length: number): number {
  return Math.min(Math.max(length, 1 << 10), 1 << 22);
}
