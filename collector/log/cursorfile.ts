/**
 * A cursor on disk: where a sink's reader goes on, what waits for it, and the sink's books as of that place, so that they add up across restarts. A
 * line of JSON and a line with its checksum; written beside and put in the old one's place.
 */
import { crc32 } from 'node:zlib';
import { type FileFacts, type Folder, readFile, replaceFile } from './files.ts';

export interface SavedCursor {
  readonly next: number;
  /** The last frame that is counted in `received`. */
  readonly counted: number;
  readonly received: number;
  readonly delivered: number;
  readonly dropped: readonly (readonly [reason: string, samples: number])[];
  /** By the first number of a segment. */
  readonly waiting: readonly (readonly [firstSeq: number, samples: number])[];
  /** Nothing was under way when it was written for the last time. */
  readonly clean: boolean;
}

const VERSION = 1;
const PREFIX = 'cursor-';
const SUFFIX = '.json';

export function cursorName(sink: string): string {
  return `${PREFIX}${sink}${SUFFIX}`;
}

/** The sink whose cursor a file is; undefined if it is none. */
export function sinkOf(name: string): string | undefined {
  return name.startsWith(PREFIX) && name.endsWith(SUFFIX) ? name.slice(PREFIX.length, -SUFFIX.length) : undefined;
}

export async function saveCursor(folder: Folder, sink: string, cursor: SavedCursor): Promise<void> {
  const line = JSON.stringify({ version: VERSION, ...cursor });
  await replaceFile(folder, cursorName(sink), Buffer.from(`${line}\n${checksum(line)}\n`));
}

/** Rejects, in words, where it cannot be read or is not whole. */
export async function loadCursor(folder: Folder, file: FileFacts): Promise<SavedCursor> {
  const [line = '', sum = ''] = Buffer.from(await readFile(folder, file))
    .toString('utf8')
    .split('\n');
  if (sum !== checksum(line)) throw new Error('has a wrong checksum');
  const { version, ...cursor } = JSON.parse(line) as SavedCursor & { version: number };
  if (version !== VERSION) throw new Error(`has the version ${version}; this program reads ${VERSION}`);
  return cursor;
}

function checksum(line: string): string {
  return crc32(line).toString(16).padStart(8, '0');
}
