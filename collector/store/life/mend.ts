/** Repairing by hand: parts with damaged blocks are written anew with all that can be read in them; the damaged files stay aside. */
import type { Folder, Replaced } from '../folder.ts';
import { writePart } from '../part/write.ts';
import { keepAside } from './aside.ts';

/** What was wrong, in words. */
export function mendParts(folder: Folder): string[] {
  const words: string[] = [];
  const replaced: Replaced[] = [];
  for (const one of folder.parts) {
    const { kind, resolutionMs, tier, madeMs, part } = one;
    const problems = part.check();
    if (problems.length === 0) continue;
    keepAside(folder.files, one.name);
    const tables = part.tables(() => undefined);
    const info = writePart(folder.files, folder.newName(kind, resolutionMs), tables, { resolutionMs });
    words.push(...problems, `${one.name}: ${info.samples} of ${one.samples} samples are in ${info.name} now`);
    replaced.push({ removed: [one], added: info.rows > 0 ? [{ ...info, kind, tier, madeMs }] : [] });
  }
  if (replaced.length > 0) folder.commit({ replaced });
  return words;
}
