/** Reads a segment's frames one after another, from its first: each is told as differences to the one before. */
import { type DecodingOptions, FrameDecoder, type NumberedFrame } from './decode.ts';
import type { Folder, LogFile } from './files.ts';
import { isWhole, payloadOf, RECORD_HEAD, readHead, SEGMENT_HEAD } from './record.ts';
import type { Segment } from './segment.ts';

export class SegmentReader {
  readonly segment: Segment;
  readonly #file: LogFile;
  readonly #decoder: FrameDecoder;
  #at = SEGMENT_HEAD;

  private constructor(segment: Segment, file: LogFile, decoding: DecodingOptions) {
    this.segment = segment;
    this.#decoder = new FrameDecoder(decoding);
    this.#file = file;
  }

  static async open(folder: Folder, segment: Segment, decoding: DecodingOptions = {}): Promise<SegmentReader> {
    return new SegmentReader(segment, await folder.open(segment.name), decoding);
  }

  /** The next frame; undefined behind the last whole one, for now. What cannot be read is noted as the segment's damage. */
  async next(): Promise<NumberedFrame | undefined> {
    if (this.#at >= this.segment.length) return undefined;
    try {
      return await this.#read();
    } catch (error) {
      this.segment.damage = `cannot be read from byte ${this.#at} on: ${(error as Error).message}`;
      this.segment.length = this.#at;
      return undefined;
    }
  }

  /** The first frame with this number or a later one. */
  async from(seq: number): Promise<NumberedFrame | undefined> {
    for (;;) {
      const numbered = await this.next();
      if (numbered === undefined || numbered.seq >= seq) return numbered;
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #read(): Promise<NumberedFrame> {
    const head = readHead(await this.#file.readAt(this.#at, RECORD_HEAD));
    const bytes = await this.#file.readAt(this.#at, RECORD_HEAD + head.length);
    if (!isWhole(bytes, head)) throw new Error('wrong checksum');
    const numbered = this.#decoder.decode(await payloadOf(bytes));
    this.#at += bytes.length;
    return numbered;
  }
}
