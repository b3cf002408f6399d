/** What a walk has added up so far: a path with what lstat says of it comes in, blocks and inodes go out, each inode once, on one device. */
import type { Stats } from 'node:fs';
import { sep } from 'node:path';

export interface Usage {
  readonly bytes: number;
  /** Each inode once, the top directory too. */
  readonly inodes: number;
}

export interface Sum {
  /** Names looked at; it is the looking that costs. */
  looked: number;
  bytes: number;
  inodes: number;
  /** The top's device, once known. */
  device: number;
  /** Inodes with several links that have been counted. */
  readonly linked: Set<number>;
  /** Directories still to be read. */
  readonly open: Folder[];
}

export interface Folder {
  /** Bytes: a container's names need not be text. */
  readonly path: Buffer;
  /** How large the directory itself is, which grows with its names. */
  readonly bytes: number;
}

/** A block of `st_blocks`, whatever the file system's own are. */
const BLOCK_BYTES = 512;
const SEPARATOR = Buffer.from(sep);

export function emptySum(): Sum {
  return { looked: 0, bytes: 0, inodes: 0, device: Number.NaN, linked: new Set(), open: [] };
}

export function add(sum: Sum, path: Buffer, stats: Stats): void {
  if (Number.isNaN(sum.device)) sum.device = stats.dev;
  if (stats.dev !== sum.device) return;
  if (stats.isDirectory()) sum.open.push({ path, bytes: stats.size });
  else if (stats.nlink > 1) {
    if (sum.linked.has(stats.ino)) return;
    sum.linked.add(stats.ino);
  }
  sum.bytes += stats.blocks * BLOCK_BYTES;
  sum.inodes++;
}

export function usageOf({ bytes, inodes }: Sum): Usage {
  return { bytes, inodes };
}

export function pathIn(dir: Buffer, name: Buffer): Buffer {
  return Buffer.concat([dir, SEPARATOR, name]);
}

/** Undefined when what was asked for has gone. */
export async function goneOr<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** The same of work that is done at once. */
export function nowOrGone<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
}

export function isDenied(error: unknown): boolean {
  return ['EACCES', 'EPERM', 'ENAMETOOLONG', 'EIO', 'ESTALE'].includes(codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
