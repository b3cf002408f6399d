/** Takes a folder for as long as something is changed in it, as the program would: who has it already is said, with what to do. */
import { stat } from 'node:fs/promises';
import { FolderInUse, lockFolder } from '../../run/folderlock.ts';
import { folderFailure, QueueError } from './failure.ts';

/** Undefined if there is no such folder. Rejects with a QueueError if a program has it, or we may not. */
export async function whileOurs<T>(
  path: string,
  program: 'collector' | 'agent',
  change: () => Promise<T>,
): Promise<T | undefined> {
  let release: () => void;
  try {
    await refuseStranger(path);
    release = await lockFolder(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (error instanceof QueueError) throw error;
    if (!(error instanceof FolderInUse)) throw folderFailure(path, error);
    throw new QueueError(
      `${path} is in use by a running ${program}: stop it first, nothing was dropped (listing and exporting work while it runs)`,
      { cause: error },
    );
  }
  try {
    return await change();
  } finally {
    release();
  }
}

/** What root writes in a user's folder the program could not read. */
async function refuseStranger(path: string): Promise<void> {
  const { uid } = await stat(path);
  const own = process.getuid?.() ?? uid;
  if (uid === own) return;
  throw new QueueError(
    `${path} belongs to the user ${uid}, and we are ${own}: run this as that user, nothing was dropped`,
  );
}
