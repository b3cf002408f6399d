/** Deleting by hand: parts that have something of it are written anew without it, each in its place, and all at once as far as a crash can tell. */
import type { Folder, Replaced } from '../folder.ts';
import { mergeParts } from '../part/merge.ts';
import { writePart } from '../part/write.ts';
import type { Tombstone } from '../types.ts';
import { breathing } from './breathing.ts';

/** Answers how many samples went. */
export function eraseIn(folder: Folder, tombstone: Tombstone, breathe: () => void): number {
  const replaced: Replaced[] = [];
  let samples = 0;
  for (const one of folder.parts) {
    const { kind, resolutionMs, tier, madeMs, part } = one;
    if (one.maxMs < tombstone.fromMs || one.minMs > tombstone.toMs) continue;
    if ([...part.labelSets(tombstone.matchers)].length === 0) continue;
    const tables = mergeParts([part], { tombstones: [tombstone] });
    const info = writePart(folder.files, folder.newName(kind, resolutionMs), breathing(tables, breathe), {
      resolutionMs,
    });
    samples += one.samples - info.samples;
    replaced.push({ removed: [one], added: info.rows > 0 ? [{ ...info, kind, tier, madeMs }] : [] });
  }
  if (replaced.length > 0) folder.commit({ replaced });
  return samples;
}
