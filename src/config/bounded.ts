/**
 * Files that somebody names in the configuration: regular ones of a sensible size only, read without ever waiting. A FIFO, a device or a
 * folder is refused in words; a link to a regular file (as Kubernetes mounts its secrets) is one. Throws an Error whose message says what is wrong.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** Certificates of all authorities of a system take a quarter of it. */
export const MAX_FILE_BYTES = 1_000_000;

export interface BoundedFile {
  readonly bytes: Buffer;
  /** The permissions, as of `chmod`. */
  readonly mode: number;
}

export function readBounded(path: string, maxBytes = MAX_FILE_BYTES): BoundedFile {
  // Without waiting: opening a FIFO that nobody writes to would never come back.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new Error(`it is ${kindOf(stat)}; must be a regular file`);
    if (stat.size > maxBytes) throw new Error(tooLarge(maxBytes));
    return { bytes: firstBytes(fd, maxBytes), mode: stat.mode & 0o7777 };
  } finally {
    closeSync(fd);
  }
}

/** The text of a file that must be UTF-8. A mark at its beginning that says so is not part of it. */
export function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Error('it is not text in UTF-8; save it as such', { cause });
  }
}

/** A file of /proc has no size until it is read. */
function firstBytes(fd: number, maxBytes: number): Buffer {
  const chunks: Buffer[] = [];
  let length = 0;
  for (;;) {
    const chunk = Buffer.alloc(64 * 1024);
    const read = readSync(fd, chunk);
    if (read === 0) return Buffer.concat(chunks);
    length += read;
    if (length > maxBytes) throw new Error(tooLarge(maxBytes));
    chunks.push(chunk.subarray(0, read));
  }
}

function tooLarge(maxBytes: number): string {
  return `it has more than ${maxBytes} bytes, the most that is read`;
}

function kindOf(stat: ReturnType<typeof fstatSync>): string {
  if (stat.isDirectory()) return 'a folder';
  if (stat.isFIFO()) return 'a FIFO';
  if (stat.isSocket()) return 'a socket';
  return 'a device';
}
