/** The folder on the machine's disk. */
import { type FileHandle, open, readdir, rename, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileFacts, Folder, LogFile } from './files.ts';

/** Others have no business with it. */
const MODE = 0o600;

export function diskFolder(path: string): Folder {
  const at = (name: string): string => join(path, name);
  return {
    async list() {
      const entries = await readdir(path, { withFileTypes: true });
      const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
      const facts = await Promise.all(names.map((name) => factsOf(at(name), name)));
      return facts.filter((fact) => fact !== undefined).sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    create: async (name) => fileOf(await open(at(name), 'w', MODE)),
    open: async (name) => fileOf(await open(at(name), 'r')),
    truncate: (name, length) => truncate(at(name), length),
    rename: (from, to) => rename(at(from), at(to)),
    remove: (name) => rm(at(name), { force: true }),
    async sync() {
      const folder = await open(path, 'r');
      try {
        await folder.sync();
      } finally {
        await folder.close();
      }
    },
  };
}

/** Undefined for what has gone meanwhile. */
async function factsOf(path: string, name: string): Promise<FileFacts | undefined> {
  try {
    return { name, bytes: (await stat(path)).size };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function fileOf(handle: FileHandle): LogFile {
  return {
    async append(bytes) {
      // A full disk may take a part first and refuse the rest.
      for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at, bytes.length - at, null)).bytesWritten;
    },
    async readAt(at, length) {
      const bytes = Buffer.allocUnsafe(length);
      let got = 0;
      while (got < length) {
        const { bytesRead } = await handle.read(bytes, got, length - got, at + got);
        if (bytesRead === 0) break;
        got += bytesRead;
      }
      return bytes.subarray(0, got);
    },
    sync: () => handle.datasync(),
    close: () => handle.close(),
  };
}
