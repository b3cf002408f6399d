/** The store's folder on the machine's disk, flat. Everything here waits for the disk: it is for the store's own thread. */
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { PartFile, PartFiles } from '../types.ts';

/** Others have no business with it. */
const MODE = 0o600;

export function partFiles(folder: string): PartFiles {
  const at = (name: string): string => join(folder, name);
  return {
    write(name, chunks) {
      const file = openSync(at(name), 'w', MODE);
      try {
        for (const chunk of gathered(chunks)) writeAll(file, chunk);
        fdatasyncSync(file);
      } finally {
        closeSync(file);
      }
    },
    rename(from, to) {
      renameSync(at(from), at(to));
      syncFolder(folder);
    },
    remove(name) {
      rmSync(at(name), { force: true });
    },
    list: () => readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : [])),
    size: (name) => statSync(at(name)).size,
    open: (name) => openFile(at(name)),
  };
}

/** Blocks are small: written together, so that the system is not asked for each. */
const TOGETHER = 1 << 20;

function* gathered(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  for (const chunk of chunks) {
    waiting.push(chunk);
    bytes += chunk.length;
    if (bytes < TOGETHER) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(waiting);
}

/** A full disk may take a part first and refuse the rest. */
function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at);
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function openFile(path: string): PartFile {
  const file = openSync(path, 'r');
  return {
    size: fstatSync(file).size,
    read(at, length) {
      const bytes = Buffer.allocUnsafeSlow(length);
      let got = 0;
      while (got < length) {
        const more = readSync(file, bytes, got, length - got, at + got);
        if (more === 0) break;
        got += more;
      }
      return bytes.subarray(0, got);
    },
    close: () => closeSync(file),
  };
}
