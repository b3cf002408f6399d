/** The log as the store's thread reads it: files that grow, up to where they are told to be on disk. */
import type { Folder } from '../../log/files.ts';
import type { NumberedFrame } from '../../log/decode.ts';
import { Interned } from '../../log/interned.ts';
import { SegmentReader } from '../../log/reading.ts';
import type { Segment } from '../../log/segment.ts';
import type { SegmentFacts } from './messages.ts';

/** No journal; a window's numbers are copied before the next is read. */
const READING = { journal: false, reuses: true } as const;

export class LogTail {
  readonly #folder: Folder;
  readonly #interned = new Interned();
  /** Oldest first. */
  #segments: Segment[] = [];
  #next: number;
  #reader: SegmentReader | undefined;
  /** Segments that could not be read, or not to their end. */
  damaged = 0;

  /** `next`: the number of the first frame that is wanted. */
  constructor(folder: Folder, next: number) {
    this.#folder = folder;
    this.#next = next;
  }

  get next(): number {
    return this.#next;
  }

  tell(facts: readonly SegmentFacts[]): void {
    const known = new Map(this.#segments.map((segment) => [segment.name, segment]));
    this.#segments = facts.map((fact) => {
      const segment = known.get(fact.name);
      // One that is being read stays the same object; what is damaged in it stays damaged.
      if (segment === undefined || segment.firstSeq !== fact.firstSeq) return { ...fact, damage: undefined };
      const { lastSeq, lastEndMs, length } = fact;
      if (segment.damage === undefined) Object.assign(segment, { lastSeq, lastEndMs, length });
      return segment;
    });
  }

  /** The next frame; undefined if there is none for now. Its numbers are good until the next call. */
  async take(): Promise<NumberedFrame | undefined> {
    for (;;) {
      const segment = this.#segments.find(({ lastSeq }) => lastSeq >= this.#next);
      if (segment === undefined) return undefined;
      const found = await this.#read(segment);
      if (found !== undefined) {
        this.#next = found.seq + 1;
        return found;
      }
      // The rest of it cannot be read, or it has gone.
      if (segment.damage !== undefined) this.damaged++;
      this.#next = Math.max(this.#next, segment.lastSeq + 1);
    }
  }

  async close(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    await reader?.close().catch(() => undefined);
  }

  async #read(segment: Segment): Promise<NumberedFrame | undefined> {
    if (this.#reader?.segment !== segment) {
      await this.close();
      this.#reader = await SegmentReader.open(this.#folder, segment, { ...READING, interned: this.#interned }).catch(
        (error: Error) => {
          segment.damage = error.message;
          return undefined;
        },
      );
    }
    return this.#reader?.from(this.#next);
  }
}
