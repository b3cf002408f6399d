/**
 * The folder that the collector keeps its log in, made and tried out: what would go wrong at the first window is said at the start, in words with
 * the remedy.
 */
import { constants, existsSync } from 'node:fs';
import { access, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { dataFolder } from '../../src/config/datadir.ts';
import { ConfigError } from '../../src/errors.ts';
import type { Log } from '../../src/log.ts';
import { makeFolder } from '../../src/run/makefolder.ts';
import { FolderInUse, lockFolder } from '../../src/run/folderlock.ts';

export interface Place {
  readonly path: string;
  release(): Promise<void>;
}

/** The folder, taken; undefined if nothing is to be kept, or nothing can be and nobody has named a folder. Rejects with a ConfigError. */
export async function takePlace(setting: string, log: Log): Promise<Place | undefined> {
  const path = dataFolder(setting, 'collector');
  if (path === undefined) return undefined;
  try {
    return await placeAt(path);
  } catch (error) {
    if (!(error instanceof ConfigError) || setting !== 'auto') throw error;
    log.warn({}, `${error.message}. Until then nothing is kept on disk`);
    return undefined;
  }
}

/**
 * What `plimsoll check` says of the folder; undefined if nothing is to be kept. Rejects with a ConfigError as the start would, but where a collector
 * runs on it: mostly that is the one whose configuration is looked at.
 */
export async function tryPlace(setting: string): Promise<string | undefined> {
  const path = dataFolder(setting, 'collector');
  if (path === undefined) return undefined;
  if (existsSync(path)) await makeAndTry(path).catch((error: NodeJS.ErrnoException) => unusable(path, error));
  // Nothing is made that is not there yet.
  else await access(`${above(path)}/`, constants.W_OK).catch((error: NodeJS.ErrnoException) => unusable(path, error));
  return path;
}

/** The nearest folder above that exists. */
function above(path: string): string {
  const parent = dirname(path);
  return existsSync(parent) || parent === path ? parent : above(parent);
}

/** A folder that a file system has refused something in, in words. */
export function refusedPlace(path: string, error: NodeJS.ErrnoException): ConfigError {
  return new ConfigError(`data_dir: ${path} cannot be used (${words(error)}): ${remedy(error)}`);
}

function unusable(path: string, error: NodeJS.ErrnoException): never {
  throw refusedPlace(path, error);
}

async function placeAt(path: string): Promise<Place> {
  await makeAndTry(path).catch((error: NodeJS.ErrnoException) => unusable(path, error));
  const release = await lockFolder(path).catch((error: unknown) => {
    // The disk may have filled up with the very file of the lock.
    if (!(error instanceof FolderInUse)) return unusable(path, error as NodeJS.ErrnoException);
    throw new ConfigError(
      `data_dir: ${path} is used by another collector: must be a folder of this one's own, or "none"`,
      { cause: error },
    );
  });
  return { path, release: async () => release() };
}

async function makeAndTry(path: string): Promise<void> {
  await makeFolder(path);
  const probe = join(path, `probe-${process.pid}`);
  await writeFile(probe, 'x');
  await rm(probe);
  const { uid } = await stat(path);
  const own = process.getuid?.() ?? uid;
  // Root may write anywhere; what it leaves in a user's folder the user cannot remove.
  if (own !== 0 && uid !== own) {
    throw Object.assign(new Error(`it belongs to the user ${uid}, and we are ${own}`), { code: 'EOWNER' });
  }
}

function words(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EACCES':
    case 'EPERM':
      return 'we may not write there';
    case 'EROFS':
      return 'the file system is read-only';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full';
    case 'ENOENT':
      return 'no folder can be made there';
    case 'ENOTDIR':
    case 'EEXIST':
      return 'a part of the path is no folder';
    default:
      return error.message;
  }
}

function remedy({ code }: NodeJS.ErrnoException): string {
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return 'make room there, or set data_dir to a folder on another disk, or to none';
  return 'set data_dir to a folder that we may write to, or to none';
}
