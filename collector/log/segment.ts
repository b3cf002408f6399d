/**
 * Segments: the files of the log, each named by the number of its first frame and readable by itself. What a file holds that is whole is found
 * here, and what a crash left of a record at its end is told apart from damage in its midst.
 */
import type { FileFacts, Folder, LogFile } from './files.ts';
import { isWhole, RECORD_HEAD, readHead, SEGMENT_HEAD, wrongHead } from './record.ts';

const NAME = /^(\d{16})\.log$/;

export interface Segment {
  readonly name: string;
  readonly firstSeq: number;
  /** Of the last whole record; firstSeq - 1 if there is none. */
  lastSeq: number;
  lastEndMs: number;
  /** Bytes that are whole and synced. */
  length: number;
  /** What is wrong behind them, in words. */
  damage: string | undefined;
}

export function segmentName(firstSeq: number): string {
  return `${String(firstSeq).padStart(16, '0')}.log`;
}

/** The number of the first frame; undefined if it is no segment's name. */
export function firstSeqOf(name: string): number | undefined {
  const digits = NAME.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export function emptySegment(firstSeq: number): Segment {
  const name = segmentName(firstSeq);
  return { name, firstSeq, lastSeq: firstSeq - 1, lastEndMs: 0, length: 0, damage: undefined };
}

/** Finds out what a file holds. `torn`: bytes at its end that are a part of a record which was being written. */
export async function examine(
  folder: Folder,
  file: FileFacts,
  firstSeq: number,
): Promise<{ segment: Segment; torn: number }> {
  const segment = emptySegment(firstSeq);
  let handle: LogFile | undefined;
  try {
    handle = await folder.open(file.name);
    return { segment, torn: await walk(handle, file.bytes, segment) };
  } catch (error) {
    // A bad place on the disk costs what is behind it in this file, and no more.
    if (!isBadPlace(error)) throw error;
    segment.damage = `cannot be read from byte ${segment.length} on: ${(error as Error).message}`;
    return { segment, torn: 0 };
  } finally {
    await handle?.close().catch(() => undefined);
  }
}

/** What a disk says of a place that it cannot read any more. Anything else is about us, and is told at the start. */
const BAD_PLACE = new Set(['EIO', 'EBADMSG', 'EUCLEAN']);

export function isBadPlace(error: unknown): boolean {
  return BAD_PLACE.has((error as NodeJS.ErrnoException).code ?? '');
}

/** Goes from record to record; answers how many bytes are torn. */
async function walk(file: LogFile, bytes: number, segment: Segment): Promise<number> {
  if (bytes < SEGMENT_HEAD) return bytes;
  segment.damage = wrongHead(await file.readAt(0, SEGMENT_HEAD));
  if (segment.damage !== undefined) return 0;
  segment.length = SEGMENT_HEAD;
  while (segment.length < bytes) {
    const left = bytes - segment.length;
    if (left < RECORD_HEAD) return left;
    const head = readHead(await file.readAt(segment.length, RECORD_HEAD));
    const length = RECORD_HEAD + head.length;
    const whole = length <= left && isWhole(await file.readAt(segment.length, length), head);
    if (whole && head.seq > segment.lastSeq) {
      segment.lastSeq = head.seq;
      segment.lastEndMs = head.endMs;
      segment.length += length;
      continue;
    }
    // The last record of a file that was being written; or a file that had been made longer and not yet been written.
    if (!whole && (length >= left || (await onlyZeros(file, segment.length, bytes)))) return left;
    segment.damage = `has a record with a wrong checksum at byte ${segment.length}`;
    return 0;
  }
  return 0;
}

const PIECE = 1 << 16;

async function onlyZeros(file: LogFile, from: number, to: number): Promise<boolean> {
  for (let at = from; at < to; at += PIECE) {
    const piece = await file.readAt(at, Math.min(PIECE, to - at));
    if (piece.some((byte) => byte !== 0)) return false;
  }
  return true;
}
