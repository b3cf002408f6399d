/** What the parts need from time to time: merging, downsamples, letting go. One step of it at a time, the folder being whole between any two. */
import type { Log } from '../../../src/log.ts';
import { RESOLUTIONS } from '../choose.ts';
import type { Folder } from '../folder.ts';
import type { PartEntry } from '../manifest.ts';
import { downsampleParts } from '../part/downsample.ts';
import { mergeParts } from '../part/merge.ts';
import { openPart, type PartReader } from '../part/part.ts';
import { writePart } from '../part/write.ts';
import { watchDamage } from './aside.ts';
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
  const { kind, tier, replaces, rawGone = false } = merge;
  const damaged = watchDamage(folder);
  const { onDamage } = damaged;
  const added: PartEntry[] = [];
  const write = (resolutionMs: number, tables: Tables): PartEntry => {
    const name = folder.newName(kind, resolutionMs);
    return {
      ...writePart(folder.files, name, breathing(tables, breathe), { resolutionMs }),
      kind,
      tier,
      madeMs: nowMs,
    };
  };
  const make = (resolutionMs: number, tables: Tables): void => {
    const entry = write(resolutionMs, tables);
    if (entry.rows > 0) added.push(entry);
  };
  const parts = openedOf(folder, merge.parts);
  if (!rawGone) make(0, mergeParts(parts, { onDamage }));
  for (const resolutionMs of tier === 2 ? RESOLUTIONS : []) {
    const before = rawGone ? openedOf(folder, replaces, resolutionMs) : [];
    if (before.length === 0) make(resolutionMs, downsampleParts(parts, resolutionMs, { onDamage }));
    else {
      // Behind those of before; it is named by no manifest, and goes with the next.
      const { name } = write(resolutionMs, downsampleParts(parts, resolutionMs, { onDamage }));
      const late = openPart(folder.files, name, folder.cache);
      try {
        make(resolutionMs, mergeParts([...before, late], { onDamage }));
      } finally {
        late.close();
      }
    }
  }
  damaged.keep();
  folder.commit({ replaced: [{ removed: [...merge.parts, ...replaces], added }] });
}

type Tables = Parameters<typeof breathing>[0];

/** In the order of the entries. */
function openedOf(folder: Folder, entries: readonly PartEntry[], resolutionMs?: number): PartReader[] {
  return entries
    .filter((entry) => resolutionMs === undefined || entry.resolutionMs === resolutionMs)
    .flatMap(({ name }) => folder.parts.filter((one) => one.name === name))
    .map(({ part }) => part);
}
