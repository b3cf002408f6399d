/**
 * The bytes of a spool's file: records, each with a checksum, one after the other. A body with what is known of it comes in, a record goes
 * out; and from a file's bytes come the places of its good records, where a torn tail begins, and whether anything is damaged.
 *
 *     magic     4 bytes  50 4C 4B 31 ("PLK1")
 *     length    u32      of the rest behind the checksum, little-endian
 *     checksum  u32      CRC-32 of the rest
 *     about     u16 length, so many bytes of JSON: {"node", "session", "seq", "timeMs", "samples"}
 *     body      a body of the wire in full, as it is sent: compressed with gzip
 */
import { crc32 } from 'node:zlib';

/** What must be known of a body without reading it. */
export interface About {
  readonly node: string;
  readonly session: string;
  readonly seq: number;
  /** When its tick began, Unix milliseconds. */
  readonly timeMs: number;
  readonly samples: number;
}

/** Where a record is in its file. */
export interface Found {
  readonly about: About;
  readonly offset: number;
  readonly length: number;
}

export interface Scan {
  readonly records: readonly Found[];
  /** Behind the last record that is whole; what follows was torn off while it was written. */
  readonly end: number;
  /** Places at which something was that no record is. */
  readonly damaged: number;
}

const MAGIC = Buffer.from('PLK1', 'latin1');
const HEAD = 12;

export function recordOf(about: About, body: Uint8Array): Buffer {
  const words = Buffer.from(JSON.stringify(about), 'utf8');
  const record = Buffer.allocUnsafe(HEAD + 2 + words.length + body.length);
  MAGIC.copy(record);
  record.writeUInt32LE(record.length - HEAD, 4);
  record.writeUInt16LE(words.length, HEAD);
  words.copy(record, HEAD + 2);
  record.set(body, HEAD + 2 + words.length);
  record.writeUInt32LE(crc32(record.subarray(HEAD)), 8);
  return record;
}

/** The body of a record; undefined if it is not what was written. */
export function bodyIn(record: Buffer): Buffer | undefined {
  if (!isWhole(record, 0, record.length)) return undefined;
  return record.subarray(HEAD + 2 + record.readUInt16LE(HEAD));
}

/** Goes through a file's bytes. */
export function scan(bytes: Buffer): Scan {
  const records: Found[] = [];
  let end = 0;
  let damaged = 0;
  for (let at = 0; at < bytes.length; ) {
    const told = toldEnd(bytes, at);
    const next = told === undefined ? bytes.indexOf(MAGIC, at + 1) : -1;
    // One of which the length alone is damaged reaches up to what follows; at the end of a file it would be taken for one that was being written.
    const upTo = next < 0 ? bytes.length : next;
    const to = told ?? (isWhole(bytes, at, upTo) ? upTo : undefined);
    if (to !== undefined) {
      records.push({ about: aboutIn(bytes, at), offset: at, length: to - at });
      at = to;
      end = at;
      continue;
    }
    // Nothing behind it begins a record: it was being written when the machine or the process ended.
    if (next < 0 && isTorn(bytes, at)) break;
    damaged++;
    if (next < 0) return { records, end: bytes.length, damaged };
    at = next;
  }
  return { records, end, damaged };
}

/** Where a whole record ends that begins here, as it says itself; undefined if there is none. */
function toldEnd(bytes: Buffer, at: number): number | undefined {
  if (bytes.length < at + HEAD) return undefined;
  const told = at + HEAD + bytes.readUInt32LE(at + 4);
  return isWhole(bytes, at, told) ? told : undefined;
}

function isWhole(bytes: Buffer, at: number, to: number): boolean {
  if (to < at + HEAD + 2 || to > bytes.length || bytes.compare(MAGIC, 0, 4, at, at + 4) !== 0) return false;
  return crc32(bytes.subarray(at + HEAD, to)) === bytes.readUInt32LE(at + 8);
}

function aboutIn(bytes: Buffer, at: number): About {
  const from = at + HEAD;
  return JSON.parse(bytes.toString('utf8', from + 2, from + 2 + bytes.readUInt16LE(from))) as About;
}

/** Whether the file ends within a record that begins here, as far as that can be told. */
function isTorn(bytes: Buffer, at: number): boolean {
  if (bytes.length < at + HEAD) return true;
  const begins = bytes.compare(MAGIC, 0, 4, at, at + 4) === 0;
  return begins && at + HEAD + bytes.readUInt32LE(at + 4) > bytes.length;
}
