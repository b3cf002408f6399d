/** The agent's folder into what is in it: the batches that no collector has durably. Reads only, also while an agent writes there. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Found, scan } from '../../../../agents/send/records.ts';
import { folderFailure } from '../failure.ts';
import { unlessGone } from './log.ts';

export interface SpoolFacts {
  readonly path: string;
  readonly files: readonly SpoolFile[];
  /** Files with damage in them, or that were set aside for it. */
  readonly damaged: readonly string[];
}

export interface SpoolFile {
  readonly path: string;
  readonly bytes: number;
  readonly batches: readonly Found[];
}

const NAME = /^\d{8}\.spool$/;

/** Undefined if there is no such folder. Rejects with a QueueError where it cannot be read. */
export async function readSpool(path: string): Promise<SpoolFacts | undefined> {
  try {
    const names = (await readdir(path)).sort();
    const files: SpoolFile[] = [];
    const damaged = names.filter((name) => name.endsWith('.damaged')).map((name) => `${name} was set aside`);
    // One after the other: a file is at most a few megabytes, and there may be many.
    for (const name of names.filter((each) => NAME.test(each))) {
      const bytes = await unlessGone(readFile(join(path, name)));
      if (bytes === undefined) continue;
      const found = scan(bytes);
      files.push({ path: join(path, name), bytes: bytes.length, batches: found.records });
      if (found.damaged > 0) damaged.push(`${name} has something in it that is no batch`);
    }
    return { path, files, damaged };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw folderFailure(path, error);
  }
}
