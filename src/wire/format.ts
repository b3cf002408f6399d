/**
 * The numbers of the wire format, version 1. FORMAT.md says what they mean; nothing but this folder uses them, except the media
 * type and the version.
 */
import type { EntityKind } from '../model/table.ts';

/** The media type of a body, before its content encoding. */
export const CONTENT_TYPE = 'application/vnd.plimsoll.batch';

/** The header of a push that says when it was sent, Unix milliseconds by the sender's clock. */
export const SENT_HEADER = 'x-plimsoll-sent';

/**
 * The header that names the run of the collector which took batches that are not durable yet: another run answers 409 `restarted`, and
 * they are sent again.
 */
export const RUN_HEADER = 'x-plimsoll-run';

/** The header that says how many batches the agent has behind this one. */
export const WAITING_HEADER = 'x-plimsoll-waiting';

/** The one version that this code writes and reads. */
export const WIRE_VERSION = 1;

/** `PLMS`. */
export const MAGIC = [0x50, 0x4c, 0x4d, 0x53] as const;

/** The flag bit that says: forget every definition of this session, all that is used comes with this body. */
export const FLAG_RESET = 1;

/** Section ids. Those a reader does not know are skipped. */
export const SECTION = { end: 0, removals: 1, families: 2, entities: 3, rows: 4, table: 5, shown: 6 } as const;

/** The order in which sections come, those that came with a later minor revision included. */
export const ORDER: readonly number[] = [
  SECTION.removals,
  SECTION.families,
  SECTION.entities,
  SECTION.rows,
  SECTION.shown,
  SECTION.table,
];

/** How the present values of a column are written: the low two bits of its tag. */
export const ENCODING = { raw: 0, constant: 1, unsigned: 2, signed: 3 } as const;

/** The tag's bit for "a presence bitmap follows". */
export const TAG_SPARSE = 4;

/** Must be zero. */
export const TAG_RESERVED = 8;

/** `value = integer / POWERS[exponent]`; exponents above 9 do not exist. */
export const POWERS: readonly number[] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/** Signed integers, and so times, are below this in magnitude: 2^52. As a time that is the year 144 683. */
export const MAX_SIGNED = 2 ** 52;

/** An entity's kind by its number on the wire. */
export const KINDS: readonly EntityKind[] = ['container', 'host', 'cgroup', 'sandbox'];

/** What Prometheus allows as a label's name. */
export const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
