/** Deleting by hand: parts that have something of it are written anew without it, each in its place, and all at once as far as a crash can tell. */
import type { Matcher } from '../../query/source.ts';
import type { Folder, Replaced } from '../folder.ts';
import { PartDamage } from '../part/damage.ts';
import { mergeParts } from '../part/merge.ts';
import type { PartReader } from '../part/part.ts';
import { writePart } from '../part/write.ts';
import type { Tombstone } from '../types.ts';
import { watchDamage } from './aside.ts';
import { breathing } from './breathing.ts';

/** Answers how many samples went. */
export function eraseIn(folder: Folder, tombstone: Tombstone, breathe: () => void): number {
  const replaced: Replaced[] = [];
  const damaged = watchDamage(folder);
  let samples = 0;
  for (const one of folder.parts) {
    const { kind, resolutionMs, tier, madeMs, part } = one;
    if (one.maxMs < tombstone.fromMs || one.minMs > tombstone.toMs) continue;
    if (!mayHave(part, tombstone.matchers)) continue;
    const tables = mergeParts([part], { tombstones: [tombstone], onDamage: damaged.onDamage });
    const info = writePart(folder.files, folder.newName(kind, resolutionMs), breathing(tables, breathe), {
      resolutionMs,
    });
    samples += one.samples - info.samples;
    replaced.push({ removed: [one], added: info.rows > 0 ? [{ ...info, kind, tier, madeMs }] : [] });
  }
  damaged.keep();
  if (replaced.length > 0) folder.commit({ replaced });
  return samples;
}

/** Whether there is a series of it in the part; where that cannot be read, there may be. */
function mayHave(part: PartReader, matchers: readonly Matcher[]): boolean {
  try {
    for (const _ of part.labelSets(matchers)) return true;
    return false;
  } catch (error) {
    if (error instanceof PartDamage) return true;
    throw error;
  }
}
