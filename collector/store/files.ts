/** What the store asks of a disk beyond what parts do: a file that samples are added to as they come. A test puts a disk in its place that stops at any of it. */
import { closeSync, fdatasyncSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { partFiles } from './part/disk.ts';
import type { PartFiles } from './types.ts';

export interface StoreFiles extends PartFiles {
  /** A new file, its name synced. */
  begin(name: string): Appender;
}

export interface Appender {
  /** Writes and syncs. */
  append(bytes: Uint8Array): void;
  close(): void;
}

/** Others have no business with it. */
const MODE = 0o600;

export function storeFiles(path: string): StoreFiles {
  return {
    ...partFiles(path),
    begin(name) {
      const file = openSync(join(path, name), 'w', MODE);
      const folder = openSync(path, 'r');
      try {
        fsyncSync(folder);
      } finally {
        closeSync(folder);
      }
      return {
        append(bytes) {
          for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at);
          fdatasyncSync(file);
        },
        close: () => closeSync(file),
      };
    },
  };
}
