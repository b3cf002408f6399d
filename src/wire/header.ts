/** The start of a body: magic, version, flags, and who sends what. Enough to know a body's session and number before decoding it. */
import { WireError } from '../errors.ts';
import { FLAG_RESET, MAGIC, MAX_SIGNED, WIRE_VERSION } from './format.ts';
import type { WireLimits } from './limits.ts';
import { WIRE_LIMITS } from './limits.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** What a body says about itself. */
export interface Header {
  readonly version: number;
  readonly node: string;
  readonly session: string;
  readonly seq: number;
  /** `seq` minus that of the body whose dictionary this one goes on with; 0 with `reset`. */
  readonly step: number;
  readonly timeMs: number;
  /** The time until the next tick, in milliseconds; 0 where it is not known. */
  readonly intervalMs: number;
  /** Whether the session's dictionary starts anew with this body. */
  readonly reset: boolean;
}

/** A body's header alone. Throws a WireError if there is none or the version is another. */
export function peek(body: Uint8Array, limits: WireLimits = WIRE_LIMITS): Header {
  return readHeader(new Reader(body), limits);
}

/** Reads the header; the reader then stands before the first section. */
export function readHeader(reader: Reader, limits: WireLimits): Header {
  for (const byte of MAGIC) {
    if (reader.byte('the magic number') !== byte) {
      throw new WireError(
        'bad_magic',
        'the body does not begin with "PLMS": it is no batch, or compressed without saying so',
      );
    }
  }
  const version = reader.byte('version');
  if (version !== WIRE_VERSION) {
    throw new WireError('unsupported_version', `version is ${version}; supported: ${WIRE_VERSION}`);
  }
  const flags = reader.byte('flags');
  const fields = reader.part(reader.varint('header length'), 'header');
  const node = name(fields, 'node', limits.nodeBytes);
  const session = name(fields, 'session', limits.sessionBytes);
  const seq = fields.varint('seq');
  if (seq < 1) throw new WireError('bad_number', 'seq is 0; legal: 1, 2, 3 …');
  const step = fields.varint('step');
  const timeMs = fields.signed('batch time');
  // An older writer ends here; what a later minor revision appends is not ours to know.
  const intervalMs = fields.left > 0 ? fields.varint('interval') : 0;
  return { version, node, session, seq, step, timeMs, intervalMs, reset: (flags & FLAG_RESET) !== 0 };
}

function name(fields: Reader, what: string, limit: number): string {
  const text = fields.text(what, limit);
  if (text === '') throw new WireError('bad_text', `${what} is empty; legal: 1 to ${limit} bytes`);
  return text;
}

/** Writes the header of a batch. Throws a WireError if its number or time cannot be written. */
export function writeHeader(out: Writer, header: Omit<Header, 'version'>): void {
  const { node, session, seq, step, timeMs, intervalMs, reset } = header;
  if (!Number.isSafeInteger(seq) || seq < 1) throw new WireError('bad_number', `seq is ${seq}; legal: 1, 2, 3 …`);
  if (!isTime(timeMs)) throw new WireError('bad_number', `batch time is ${timeMs}; legal: integer milliseconds`);
  const fields = new Writer(256);
  fields.text(node);
  fields.text(session);
  fields.varint(seq);
  fields.varint(step);
  fields.signed(timeMs);
  if (intervalMs > 0) fields.varint(Math.trunc(intervalMs));
  for (const byte of MAGIC) out.byte(byte);
  out.byte(WIRE_VERSION);
  out.byte(reset ? FLAG_RESET : 0);
  out.varint(fields.length);
  out.append(fields);
}

/** Whether a number can stand for a time: an integer below 2^52 in magnitude. */
export function isTime(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) < MAX_SIGNED;
}
