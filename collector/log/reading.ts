/** Reads a segment's frames one after another, from its first: each is told as differences to the one before. */
import { type DecodingOptions, FrameDecoder, type NumberedFrame } from './decode.ts';
import type { Folder, LogFile } from './files.ts';
import { isWhole, payloadOf, RECORD_HEAD, readHead, SEGMENT_HEAD } from './record.ts';
import type { Segment } from './segment.ts';

/** Read ahead: of small windows there are many in it. */
const AHEAD = 1 << 18;

export class SegmentReader {
  readonly segment: Segment;
  readonly #file: LogFile;
  readonly #decoder: FrameDecoder;
  #at = SEGMENT_HEAD;
  /** What has been read from `#aheadAt` on. */
  #ahead: Uint8Array = new Uint8Array(0);
  #aheadAt = 0;

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
    const head = readHead(await this.#bytes(RECORD_HEAD));
    const bytes = await this.#bytes(RECORD_HEAD + head.length);
    if (!isWhole(bytes, head)) throw new Error('wrong checksum');
    const numbered = this.#decoder.decode(await payloadOf(bytes));
    this.#at += bytes.length;
    return numbered;
  }

  /** So many bytes from where the next record is, less where the file ends. */
  async #bytes(length: number): Promise<Uint8Array> {
    const from = this.#at - this.#aheadAt;
    if (from + length <= this.#ahead.length) return this.#ahead.subarray(from, from + length);
    // Not beyond what is known to be whole: the rest is being written.
    const ahead = Math.min(AHEAD, this.segment.length - this.#at);
    this.#ahead = await this.#file.readAt(this.#at, Math.max(length, ahead));
    this.#aheadAt = this.#at;
    return this.#ahead.subarray(0, length);
  }
}
