/** The log's folder into what is in it: segments with their windows, and the sinks' places. Reads only, also while a collector writes there. */
import { type SavedCursor, loadCursor, sinkOf } from '../../../../collector/log/cursorfile.ts';
import { diskFolder } from '../../../../collector/log/disk.ts';
import type { FileFacts, Folder } from '../../../../collector/log/files.ts';
import { firstSeqOf } from '../../../../collector/log/segment.ts';
import { folderFailure } from '../failure.ts';
import { type SegmentFacts, segmentFacts, type WindowFacts } from './windows.ts';

export interface LogFacts {
  readonly path: string;
  readonly folder: Folder;
  /** Oldest first. */
  readonly segments: readonly SegmentFacts[];
  /** Of each sink; or why it cannot be read, in words. */
  readonly cursors: ReadonlyMap<string, SavedCursor | string>;
  /** Files with damage in them, or that were set aside for it, and what it is. */
  readonly damaged: readonly string[];
}

/** A cursor is put in the old one's place while we look. */
const TRIES = 5;

/** Undefined if there is no such folder. Rejects with a QueueError where it cannot be read. */
export async function readLog(path: string): Promise<LogFacts | undefined> {
  const folder = diskFolder(path);
  try {
    const files = await folder.list();
    const segments: SegmentFacts[] = [];
    for (const file of files) {
      const firstSeq = firstSeqOf(file.name);
      const facts = firstSeq === undefined ? undefined : await unlessGone(segmentFacts(folder, file, firstSeq));
      if (facts !== undefined) segments.push(facts);
    }
    const cursors = new Map<string, SavedCursor | string>();
    for (const { name } of files) {
      const sink = sinkOf(name);
      const cursor = sink === undefined ? undefined : await cursorIn(folder, name);
      if (sink !== undefined && cursor !== undefined) cursors.set(sink, cursor);
    }
    return { path, folder, segments, cursors, damaged: damageOf(files, segments) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw folderFailure(path, error);
  }
}

export function windowsOf({ segments }: LogFacts): WindowFacts[] {
  return segments.flatMap(({ windows }) => windows);
}

/** What every sink has got goes meanwhile. */
export async function unlessGone<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function cursorIn(folder: Folder, name: string): Promise<SavedCursor | string | undefined> {
  let words = '';
  for (let tries = 0; tries < TRIES; tries++) {
    const file = (await folder.list()).find((found) => found.name === name);
    if (file === undefined) return undefined;
    try {
      return await loadCursor(folder, file);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'EACCES' || code === 'EPERM') throw error;
      words = message;
    }
  }
  return words;
}

function damageOf(files: readonly FileFacts[], segments: readonly SegmentFacts[]): string[] {
  const within = segments.flatMap(({ segment: { name, damage } }) =>
    damage === undefined ? [] : [`${name} ${damage}`],
  );
  const aside = files.filter(({ name }) => name.endsWith('.damaged')).map(({ name }) => `${name} was set aside`);
  return [...within, ...aside];
}
