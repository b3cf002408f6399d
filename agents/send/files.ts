/** What the spool asks of a file system, and the machine's own answer to it. Apart, so that a test can fill the disk. */
import { constants } from 'node:fs';
import { access, open, readdir, readFile, rename, rm, truncate } from 'node:fs/promises';
import { makeFolder } from '../../src/run/makefolder.ts';
import { dirname } from 'node:path';

export interface Files {
  makeFolder(path: string): Promise<void>;
  /** Names in a folder; none if there is no such folder. */
  list(folder: string): Promise<string[]>;
  read(path: string): Promise<Buffer>;
  readAt(path: string, offset: number, length: number): Promise<Buffer>;
  /** Writes behind the first `offset` bytes, and resolves when it is on the disk. Makes the file if that is 0. */
  append(path: string, offset: number, bytes: Uint8Array): Promise<void>;
  truncate(path: string, length: number): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** It is not there afterwards, whether it was or not. */
  remove(path: string): Promise<void>;
  /** Rejects if nothing can be written there, or where it would have to be made. */
  tryWriting(folder: string): Promise<void>;
}

export const machineFiles: Files = {
  makeFolder,
  async list(folder) {
    try {
      return await readdir(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  },
  read: (path) => readFile(path),
  async readAt(path, offset, length) {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  },
  async append(path, offset, bytes) {
    const file = await open(path, offset === 0 ? 'w' : 'r+', 0o600);
    try {
      for (let written = 0; written < bytes.length; ) {
        written += (await file.write(bytes, written, bytes.length - written, offset + written)).bytesWritten;
      }
      await file.datasync();
    } finally {
      await file.close();
    }
    if (offset === 0) await syncFolder(dirname(path));
  },
  truncate: (path, length) => truncate(path, length),
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path, { force: true }),
  async tryWriting(folder) {
    for (let at = folder; ; at = dirname(at)) {
      try {
        return await access(at, constants.W_OK | constants.X_OK);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || at === dirname(at)) throw error;
      }
    }
  },
};

/** A new file's name is on the disk when its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
