/** What the parts need from time to time: merging, downsamples, letting go. One step of it at a time, the folder being whole between any two. */
import type { Log } from '../../../src/log.ts';
import { RESOLUTIONS } from '../choose.ts';
import type { Folder } from '../folder.ts';
import type { PartEntry } from '../manifest.ts';
import { PartDamage } from '../part/damage.ts';
import { downsampleParts } from '../part/downsample.ts';
import { mergeParts } from '../part/merge.ts';
import { openPart, type PartReader } from '../part/part.ts';
import { writePart } from '../part/write.ts';
import { type Damaged, watchDamage } from './aside.ts';
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

/** Mostly nothing is damaged, and rows are passed on as the bytes that they are; else all is read, and what cannot be is told. */
function mergeNow(folder: Folder, merge: Merge, options: UpkeepOptions): void {
  try {
    mergeOf(folder, merge, options);
  } catch (error) {
    if (!(error instanceof PartDamage)) throw error;
    mergeOf(folder, merge, options, watchDamage(folder));
  }
}

function mergeOf(folder: Folder, merge: Merge, { breathe, nowMs }: UpkeepOptions, damaged?: Damaged): void {
  const { kind, tier, replaces, rawGone = false } = merge;
  const onDamage = damaged?.onDamage;
  const added: PartEntry[] = [];
  const write = (resolutionMs: number, tables: Tables): PartEntry => {
    const name = folder.newName(kind, resolutionMs);
    const written = writePart(folder.files, name, breathing(tables, breathe), { resolutionMs });
    return { ...written, kind, tier, madeMs: nowMs };
  };
  const make = (resolutionMs: number, tables: Tables): void => {
    const entry = write(resolutionMs, tables);
    if (entry.rows > 0) added.push(entry);
  };
  const within = ({ name }: PartEntry, use: (part: PartReader) => void): void => {
    const part = openPart(folder.files, name, folder.cache);
    try {
      use(part);
    } finally {
      part.close();
    }
  };
  const parts = openedOf(folder, merge.parts);
  if (!rawGone) {
    make(0, mergeParts(parts, { onDamage, copies: damaged === undefined }));
    // Each of what has just been made: the whole day is one part by now, and an hour is the same from five minutes as from raw samples.
    for (const resolutionMs of tier === 2 ? RESOLUTIONS : []) {
      const finer = added.at(-1);
      if (finer !== undefined) within(finer, (part) => make(resolutionMs, downsampleParts([part], resolutionMs)));
    }
  }
  for (const resolutionMs of tier === 2 && rawGone ? RESOLUTIONS : []) {
    const before = openedOf(folder, replaces, resolutionMs);
    const late = downsampleParts(parts, resolutionMs, { onDamage });
    if (before.length === 0) make(resolutionMs, late);
    // Behind those of before; it is named by no manifest, and goes with the next.
    else within(write(resolutionMs, late), (part) => make(resolutionMs, mergeParts([...before, part], { onDamage })));
  }
  damaged?.keep();
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
