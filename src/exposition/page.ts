/**
 * The page behind /metrics: a snapshot of tables and the process's own metrics, in the format asked for. A snapshot that is
 * scraped more than once is rendered and compressed once; the process's own metrics are fresh in each answer.
 */
import type { Row, Table } from '../model/table.ts';
import type { Format } from './format.ts';
import { deflated, deflatedHere, GZIP_HEADER, inflated, lastPart, type Sum } from './gzip.ts';
import { type SelfFamily, selfText } from './self.ts';
import { Slab } from './slab.ts';
import { createTape, type Tape } from './tape.ts';
import { END, streamText } from './text.ts';

export interface PageRequest {
  /** Recognised by the array's identity: the same array must hold the same tables. */
  readonly tables: readonly Table[];
  readonly self: readonly SelfFamily[];
  readonly format: Format;
  readonly gzip: boolean;
  readonly timestamps: boolean;
  /** Told what to call once all of the answer has been sent or given up. Without it the memory of a kept page is not used again. */
  readonly whenSent?: (release: () => void) => void;
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
  /**
   * Snapshots with more cells than this are not kept as plain text (about 250 bytes a series). Who asks first gets it as it is rendered; those
   * that ask for the same one again, or while another is being sent, get it unpacked from the one that is kept compressed (about 15). Another
   * thread compresses them.
   */
  readonly maxPlainCells?: number;
}

/** A kept rendering, with the sum of what was compressed. */
interface Kept {
  readonly tape: Tape<Buffer>;
  readonly sum: Sum;
  /** Where plain text lies. */
  readonly slab: Slab | undefined;
  /** Answers being sent out of it. */
  sending: number;
  retired: boolean;
}

/** Makes the page of one program. Keeps the renderings of the latest snapshot only. */
export function createExposition({ maxPlainCells = 40_000 }: ExpositionOptions = {}): Exposition {
  const texts = new WeakMap<Row, string>();
  let snapshot: readonly Table[] = [];
  let kept = new Map<string, Kept>();
  const alone = createAlone();
  /** What no page lies in. */
  let spare: Slab | undefined;
  let duplicates = 0;
  let renders = 0;

  function plain({ tables, format, timestamps }: PageRequest, encode = encodeAnew): AsyncGenerator<Buffer> {
    renders++;
    return streamText(tables, { format, timestamps, texts, open: true, encode, onDuplicate: () => duplicates++ });
  }

  function retire(entry: Kept): void {
    entry.tape.retire();
    entry.retired = true;
    recycle(entry);
  }

  function recycle({ slab, sending, retired }: Kept): void {
    if (slab && retired && sending === 0) spare = slab;
  }

  function send(entry: Kept, { whenSent }: PageRequest): void {
    entry.sending++;
    whenSent?.(() => {
      entry.sending--;
      recycle(entry);
    });
  }

  function keptFor(request: PageRequest): Kept {
    if (request.tables !== snapshot) {
      for (const entry of kept.values()) retire(entry);
      kept = new Map();
      snapshot = request.tables;
    }
    let entry = kept.get(keyOf(request));
    if (!entry || entry.tape.failed) {
      entry = request.gzip ? keptGzip(request) : keptPlain(request);
      kept.set(keyOf(request), entry);
    }
    return entry;
  }

  function keptGzip(request: PageRequest): Kept {
    const sum = { crc: 0, bytes: 0 };
    const compress = cellsOf(request.tables) > maxPlainCells ? deflated : deflatedHere;
    return { tape: createTape(compress(plain(request), sum)), sum, slab: undefined, sending: 0, retired: false };
  }

  function keptPlain(request: PageRequest): Kept {
    const slab = spare ?? new Slab();
    spare = undefined;
    const tape = createTape(plain(request, slab.page()));
    return { tape, sum: { crc: 0, bytes: 0 }, slab, sending: 0, retired: false };
  }

  /** A large page as plain text: as it is rendered, or unpacked from what is kept. */
  function large(request: PageRequest): AsyncGenerator<Buffer> {
    const compressed = { ...request, gzip: true };
    const isKept = request.tables === snapshot && kept.has(keyOf(compressed));
    const mine = isKept ? undefined : alone(request.tables, () => plain(request));
    return mine ?? inflated(keptFor(compressed).tape.play());
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
    if (cellsOf(tables) > maxPlainCells) yield* large(request);
    else {
      const entry = keptFor(request);
      send(entry, request);
      yield* entry.tape.play();
    }
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

/**
 * Lets one reader at a time, and one per snapshot, have something made for him alone. Answers undefined to the others. What is handed out must
 * be read or returned.
 */
function createAlone(): (snapshot: object, make: () => AsyncGenerator<Buffer>) => AsyncGenerator<Buffer> | undefined {
  let last: object | undefined;
  let busy = false;

  async function* whileBusy(made: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
    try {
      yield* made;
    } finally {
      busy = false;
    }
  }

  return (snapshot, make) => {
    if (busy || snapshot === last) return undefined;
    last = snapshot;
    busy = true;
    return whileBusy(make());
  };
}

function keyOf({ format, gzip, timestamps }: PageRequest): string {
  return `${format} ${gzip} ${timestamps}`;
}

const encodeAnew = (text: string): Buffer => Buffer.from(text);

function cellsOf(tables: readonly Table[]): number {
  return tables.reduce((sum, table) => sum + table.values.length, 0);
}
