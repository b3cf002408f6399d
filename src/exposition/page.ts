/**
 * The page behind /metrics: a snapshot of tables and the process's own metrics, in the format asked for. A snapshot that is
 * scraped more than once is rendered and compressed once; the process's own metrics are fresh in each answer.
 */
import type { Row, Table } from '../model/table.ts';
import type { Format } from './format.ts';
import { deflated, GZIP_HEADER, lastPart, type Sum } from './gzip.ts';
import { type SelfFamily, selfText } from './self.ts';
import { createTape, type Tape } from './tape.ts';
import { END, streamText } from './text.ts';

export interface PageRequest {
  /** Recognised by the array's identity: the same array must hold the same tables. */
  readonly tables: readonly Table[];
  readonly self: readonly SelfFamily[];
  readonly format: Format;
  readonly gzip: boolean;
  readonly timestamps: boolean;
}

export interface Exposition {
  /** The answer's body in pieces, to be sent with backpressure. */
  render(request: PageRequest): AsyncGenerator<Buffer>;
  /** Series left out so far because another had the same name and labels; counted when a snapshot is rendered. */
  readonly duplicates: number;
  /** How many times tables were rendered, for the tests and the curious. */
  readonly renders: number;
}

export interface ExpositionOptions {
  /** Snapshots with more cells than this are not kept as plain text (about 250 bytes a series), only compressed (about 15). */
  readonly maxPlainCells?: number;
}

/** A kept rendering, with the sum of what was compressed. */
interface Kept {
  readonly tape: Tape<Buffer>;
  readonly sum: Sum;
}

/** Makes the page of one program. Keeps the renderings of the latest snapshot only. */
export function createExposition({ maxPlainCells = 40_000 }: ExpositionOptions = {}): Exposition {
  const texts = new WeakMap<Row, string>();
  let snapshot: readonly Table[] = [];
  let kept = new Map<string, Kept>();
  let duplicates = 0;
  let renders = 0;

  function plain({ tables, format, timestamps }: PageRequest): AsyncGenerator<Buffer> {
    renders++;
    return streamText(tables, { format, timestamps, texts, open: true, onDuplicate: () => duplicates++ });
  }

  function keptFor(request: PageRequest): Kept {
    if (request.tables !== snapshot) {
      for (const { tape } of kept.values()) tape.retire();
      kept = new Map();
      snapshot = request.tables;
    }
    const key = `${request.format} ${request.gzip} ${request.timestamps}`;
    let entry = kept.get(key);
    if (!entry || entry.tape.failed) {
      const sum = { crc: 0, bytes: 0 };
      const source = plain(request);
      entry = { tape: createTape(request.gzip ? deflated(source, sum) : source), sum };
      kept.set(key, entry);
    }
    return entry;
  }

  async function* render(request: PageRequest): AsyncGenerator<Buffer> {
    const { tables, self, format, gzip } = request;
    const taken = new Set(tables.flatMap((table) => table.shape.columns.map((column) => column.metric)));
    const tail = selfText(self, format, taken) + (format === 'openmetrics' ? END : '');
    if (gzip) {
      const { tape, sum } = keptFor(request);
      const pieces = tape.play();
      yield GZIP_HEADER;
      yield* pieces;
      yield lastPart(tail, sum);
      return;
    }
    yield* cellsOf(tables) > maxPlainCells ? plain(request) : keptFor(request).tape.play();
    if (tail !== '') yield Buffer.from(tail);
  }

  return {
    render,
    get duplicates() {
      return duplicates;
    },
    get renders() {
      return renders;
    },
  };
}

function cellsOf(tables: readonly Table[]): number {
  return tables.reduce((sum, table) => sum + table.values.length, 0);
}
