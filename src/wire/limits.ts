/**
 * Limits on what a body may hold. They bound what one agent can cost the collector: time by the body's size, memory for good by the
 * dictionary's, memory for a moment by the cells. The encoder keeps to the label limits by cutting, so that one hostile
 * container does not get its node's batches refused.
 */
import { WireError } from '../errors.ts';

export interface WireLimits {
  /** Bytes of a body, unpacked. */
  readonly bodyBytes: number;
  /** Bytes of the node's name. */
  readonly nodeBytes: number;
  /** Bytes of the session's name. */
  readonly sessionBytes: number;
  /** Families in a session's dictionary. */
  readonly families: number;
  /** Columns of a family. */
  readonly columns: number;
  /** Bytes of a family's or a field's name. */
  readonly nameBytes: number;
  /** Entities in a session's dictionary. */
  readonly entities: number;
  /** Rows in a session's dictionary. */
  readonly rows: number;
  /** Bytes of an entity's key. */
  readonly keyBytes: number;
  /** Labels of one entity, or of one row's dimensions. */
  readonly labels: number;
  readonly labelNameBytes: number;
  readonly labelValueBytes: number;
  /** Bytes of all strings in a session's dictionary. */
  readonly dictionaryBytes: number;
  /** Tables in a body. */
  readonly tables: number;
  /** Rows times columns, summed over a body's tables: what unpacking it may allocate, times 8 bytes. */
  readonly cells: number;
}

export const WIRE_LIMITS: WireLimits = {
  bodyBytes: 64 * 1024 * 1024,
  nodeBytes: 255,
  sessionBytes: 64,
  families: 256,
  columns: 512,
  nameBytes: 256,
  entities: 50_000,
  rows: 200_000,
  keyBytes: 4096,
  labels: 128,
  labelNameBytes: 256,
  labelValueBytes: 2048,
  dictionaryBytes: 32 * 1024 * 1024,
  tables: 1024,
  cells: 8 * 1024 * 1024,
};

/** Throws the error for a number above its limit. */
export function atMost(what: string, value: number, limit: number): void {
  if (value > limit) throw new WireError('limit', `${what} is ${value}; legal: at most ${limit}`);
}
