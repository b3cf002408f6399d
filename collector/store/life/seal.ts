/** Heads into parts, and the parts into the manifest: one step, as far as a crash can tell. */
import type { Frozen } from '../head/frozen.ts';
import type { Folder } from '../folder.ts';
import type { PartEntry } from '../manifest.ts';
import { writePart } from '../part/write.ts';
import { breathing } from './breathing.ts';
import { partsOf } from './tables.ts';

export interface Sealed {
  readonly parts: number;
  readonly samples: number;
  readonly bytes: number;
}

export function sealHeads(
  folder: Folder,
  { frames, loose, ...places }: Frozen,
  { breathe, nowMs }: { readonly breathe: () => void; readonly nowMs: number },
): Sealed {
  const added: PartEntry[] = [];
  for (const { kind, isWhole, tables } of partsOf(frames, loose)) {
    const info = writePart(folder.files, folder.newName(kind, 0), breathing(tables, breathe), { deflates: isWhole });
    if (info.rows > 0) added.push({ ...info, kind, tier: isWhole ? 1 : 0, madeMs: nowMs });
  }
  folder.commit({ added, ...places });
  const sum = (of: (entry: PartEntry) => number): number => added.reduce((total, entry) => total + of(entry), 0);
  return { parts: added.length, samples: sum(({ samples }) => samples), bytes: sum(({ bytes }) => bytes) };
}
