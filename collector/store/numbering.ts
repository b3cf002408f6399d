/**
 * How far the store in a collector's folder has read the log: the number that the log's next frame has at least. Where the log has lost its files, or their end,
 * it would else give numbers again that the store has passed, and what comes under them would be taken for known.
 */
import { join } from 'node:path';
import { findManifest } from './manifest.ts';
import { partFiles } from './part/disk.ts';

/** Below the collector's own folder. */
export const STORE_FOLDER = 'store';

/** 0 where there is no store, or none that can be read. */
export function storedUpTo(dataDir: string): number {
  try {
    return findManifest(partFiles(join(dataDir, STORE_FOLDER))).manifest.nextSeq;
  } catch {
    // The store says itself what is wrong with it.
    return 0;
  }
}
