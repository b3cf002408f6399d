/**
 * A segment's file into what can be said of its windows, without unpacking them: the heads of its records, and the first numbers of each payload.
 * The file may be written to meanwhile; a record that is not whole yet is not counted.
 */
import { constants, inflateRawSync } from 'node:zlib';
import type { FileFacts, Folder, LogFile } from '../../../../collector/log/files.ts';
import { RECORD_HEAD, readHead, SEGMENT_HEAD, wrongHead } from '../../../../collector/log/record.ts';
import { emptySegment, type Segment } from '../../../../collector/log/segment.ts';
import { Reader } from '../../../wire/reader.ts';

export interface WindowFacts {
  readonly seq: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly samples: number;
  /** On disk. */
  readonly bytes: number;
}

export interface SegmentFacts {
  /** As a reader of it needs it. */
  readonly segment: Segment;
  readonly windows: readonly WindowFacts[];
  /** Of the file. */
  readonly bytes: number;
}

/** Of a payload's packed bytes, enough for its first four numbers: a block begins with at most 300 bytes of codes. */
const BEGINNING = 1024;

/** Goes from record to record. What is no record ends it: `damage` says what, unless it is the end of what is being written. */
export async function segmentFacts(folder: Folder, file: FileFacts, firstSeq: number): Promise<SegmentFacts> {
  const handle = await folder.open(file.name);
  const segment = emptySegment(firstSeq);
  const windows: WindowFacts[] = [];
  try {
    if (file.bytes >= SEGMENT_HEAD) segment.damage = wrongHead(await handle.readAt(0, SEGMENT_HEAD));
    segment.length = segment.damage === undefined ? Math.min(SEGMENT_HEAD, file.bytes) : 0;
    for (;;) {
      const found = segment.damage === undefined ? await windowAt(handle, segment, file.bytes) : undefined;
      if (found === undefined) return { segment, windows, bytes: file.bytes };
      windows.push(found);
      segment.length += found.bytes;
      segment.lastSeq = found.seq;
      segment.lastEndMs = found.endMs;
    }
  } finally {
    await handle.close();
  }
}

async function windowAt(file: LogFile, segment: Segment, bytes: number): Promise<WindowFacts | undefined> {
  const at = segment.length;
  if (bytes - at < RECORD_HEAD) return undefined;
  const read = await file.readAt(at, Math.min(RECORD_HEAD + BEGINNING, bytes - at));
  const { length, seq, endMs } = readHead(read);
  const whole = RECORD_HEAD + length;
  // It is being written, or a crash left it so: the next start cuts it off.
  if (length === 0 || whole > bytes - at) return undefined;
  try {
    const told = beginningOf(read.subarray(RECORD_HEAD, whole));
    if (told.seq !== seq || seq <= segment.lastSeq) throw new Error('not a number that follows');
    return { ...told, endMs, bytes: whole };
  } catch {
    segment.damage = `has at byte ${at} what is no record of a window`;
    return undefined;
  }
}

function beginningOf(packed: Uint8Array): Pick<WindowFacts, 'seq' | 'startMs' | 'samples'> {
  const reader = new Reader(inflateRawSync(packed, { finishFlush: constants.Z_SYNC_FLUSH }));
  const seq = reader.varint('number');
  const startMs = reader.float64('start');
  reader.varint('length');
  return { seq, startMs, samples: reader.varint('samples') };
}
