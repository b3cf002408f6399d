/**
 * Bytes to a batch, with the dictionary of one session. Any bytes are safe: either they are a batch, or a WireError says what
 * is wrong and nothing has changed. Families and columns that our catalogue does not know are counted, not refused, so that
 * agents of another version can send.
 */
import { WireError } from '../errors.ts';
import type { Batch, FamilyTable } from '../model/batch.ts';
import type { Family } from '../model/family.ts';
import { type Defining, readEntities, readFamilies, readRemovals, readRows, readShown } from './define.ts';
import { Dictionary } from './dictionary.ts';
import { ORDER, SECTION } from './format.ts';
import { type Header, readHeader } from './header.ts';
import { WIRE_LIMITS, type WireLimits } from './limits.ts';
import { type Allowance, UNBOUNDED } from './memory.ts';
import { Reader } from './reader.ts';
import { readTable, type Space, type WireTable } from './tables.ts';

/** A batch, and what its receiver should know of how it came. */
export interface Decoded {
  readonly batch: Batch;
  /** Numbers in the batch that are not absent. */
  readonly samples: number;
  /** Numbers left out because the catalogue does not know their family or column. */
  readonly unknown: number;
  /** Whether all rows got new numbers. */
  readonly reset: boolean;
  /** Numbers of rows that are no longer defined; a number may stand for another row in this very batch. */
  readonly removed: readonly number[];
  /** Per table of the batch, per row: its number. */
  readonly refs: readonly Uint32Array[];
}

export interface DecoderOptions {
  readonly familyNamed: (name: string) => Family | undefined;
  readonly limits?: WireLimits;
  /** The memory that the dictionary may use; asked before it is used. */
  readonly allowance?: Allowance;
}

export interface Decoder {
  /** The batch. Its rows are the same objects in every batch of the session while they say the same. Throws a WireError. */
  decode(body: Uint8Array): Decoded;
  /** What the dictionary holds. */
  readonly size: { readonly entities: number; readonly rows: number };
}

export function createDecoder(options: DecoderOptions): Decoder {
  const { familyNamed, limits = WIRE_LIMITS, allowance = UNBOUNDED } = options;
  let current = new Dictionary(limits, allowance);
  let lastSeq = 0;
  return {
    decode(body) {
      if (body.length > limits.bodyBytes) {
        throw new WireError('limit', `the body has ${body.length} bytes; legal: at most ${limits.bodyBytes}`);
      }
      const reader = new Reader(body);
      const { reset, step, ...header } = readHeader(reader, limits);
      if (!reset && header.seq - step !== lastSeq) {
        // Numbers are used again: with a body missing in between, they could stand for something else.
        throw new WireError(
          'out_of_step',
          `the body goes on from seq ${header.seq - step}; legal here: ${lastSeq}, or reset`,
        );
      }
      const dictionary = reset ? new Dictionary(limits, allowance, current) : current;
      try {
        const { removed, tables } = readSections(reader, { dictionary, limits, familyNamed }, header.timeMs);
        dictionary.commit();
        current = dictionary;
        lastSeq = header.seq;
        return answer(header, tables, { removed, reset });
      } catch (error) {
        dictionary.rollback();
        throw error;
      }
    },
    get size() {
      return current.size;
    },
  };
}

type Who = Pick<Header, 'node' | 'session' | 'seq' | 'timeMs' | 'intervalMs'>;

function answer(
  { node, session, seq, timeMs, intervalMs }: Who,
  tables: readonly WireTable[],
  rest: Pick<Decoded, 'removed' | 'reset'>,
): Decoded {
  const known: FamilyTable[] = [];
  const refs: Uint32Array[] = [];
  let samples = 0;
  let unknown = 0;
  for (const table of tables) {
    samples += table.samples;
    unknown += table.unknown;
    if (table.table === undefined) continue;
    known.push(table.table);
    refs.push(table.refs);
  }
  const interval = intervalMs > 0 ? { intervalMs } : {};
  return { batch: { node, session, seq, timeMs, ...interval, tables: known }, samples, unknown, refs, ...rest };
}

function readSections(reader: Reader, defining: Defining, batchMs: number): { removed: number[]; tables: WireTable[] } {
  const tables: WireTable[] = [];
  const space: Space = { cells: defining.limits.cells, tables: defining.limits.tables };
  let removed: number[] = [];
  let last = -1;
  for (;;) {
    const id = reader.byte('a section id');
    const part = reader.part(reader.u32(`the length of section ${id}`), `section ${id}`);
    if (id === SECTION.end) break;
    const place = ORDER.indexOf(id);
    if (place < 0) continue;
    if (place < last || (place === last && id !== SECTION.table)) {
      throw new WireError(
        'bad_section',
        `section ${id} comes after section ${ORDER[last]}; legal: ${ORDER.join(', ')}, and only tables more than once`,
      );
    }
    last = place;
    if (id === SECTION.removals) removed = readRemovals(part, defining);
    else if (id === SECTION.families) readFamilies(part, defining);
    else if (id === SECTION.entities) readEntities(part, defining);
    else if (id === SECTION.rows) readRows(part, defining);
    else if (id === SECTION.shown) readShown(part, defining);
    else tables.push(readTable(part, defining, { space, batchMs }));
    part.finish(`section ${id}`);
  }
  reader.finish('the body behind its last section');
  return { removed, tables };
}
