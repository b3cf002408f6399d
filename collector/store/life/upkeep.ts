/** What the parts need from time to time: merging, downsamples, letting go. One step of it at a time, the folder being whole between any two. */
import type { Log } from '../../../src/log.ts';
import { RESOLUTIONS } from '../choose.ts';
import type { Folder } from '../folder.ts';
import type { PartEntry } from '../manifest.ts';
import { downsampleParts } from '../part/downsample.ts';
import { mergeParts } from '../part/merge.ts';
import { writePart } from '../part/write.ts';
import { breathing } from './breathing.ts';
import { type Merge, nextMerge, outlived, type Retention } from './plan.ts';

export interface UpkeepOptions {
  readonly retention: Retention;
  readonly breathe: () => void;
  readonly log: Log;
  readonly nowMs: number;
}

/** Answers whether there was anything to do; throws nothing: what the disk refuses is told to the folder. */
export function upkeep(folder: Folder, options: UpkeepOptions): boolean {
  try {
    if (letGo(folder, options)) return true;
    const merge = nextMerge(folder.parts, options.nowMs);
    if (merge === undefined) return false;
    mergeNow(folder, merge, options);
    return true;
  } catch (error) {
    folder.refused(error as Error);
    return false;
  }
}

function letGo(folder: Folder, { retention, nowMs, log }: UpkeepOptions): boolean {
  const gone = outlived(folder.parts, retention, nowMs);
  if (gone.length === 0) return false;
  folder.commit({ replaced: [{ removed: gone, added: [] }] });
  const samples = gone.reduce((sum, part) => sum + part.samples, 0);
  log.debug({ parts: gone.length, samples }, 'the store has let go of its oldest samples');
  return true;
}

function mergeNow(folder: Folder, merge: Merge, { breathe, nowMs }: UpkeepOptions): void {
  const inputs = merge.parts.flatMap((entry) => folder.parts.filter(({ name }) => name === entry.name));
  const { kind, tier } = merge;
  const added: PartEntry[] = [];
  const make = (resolutionMs: number, tables: Parameters<typeof breathing>[0]): void => {
    const name = folder.newName(kind, resolutionMs);
    const info = writePart(folder.files, name, breathing(tables, breathe), { resolutionMs });
    if (info.rows > 0) added.push({ ...info, kind, tier, madeMs: nowMs });
  };
  const parts = inputs.map(({ part }) => part);
  make(0, mergeParts(parts));
  if (tier === 2) for (const resolutionMs of RESOLUTIONS) make(resolutionMs, downsampleParts(parts, resolutionMs));
  folder.commit({ replaced: [{ removed: [...merge.parts, ...merge.replaces], added }] });
}
