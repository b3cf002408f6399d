/** What the parts need from time to time: letting go of the oldest. */
import type { Log } from '../../../src/log.ts';
import type { Folder } from '../folder.ts';
import { outlived, type Retention } from './plan.ts';

export interface UpkeepOptions {
  readonly retention: Retention;
  readonly breathe: () => void;
  readonly log: Log;
  readonly nowMs: number;
}

/** Answers whether there was anything to do; throws nothing: what the disk refuses is told to the folder. */
export function upkeep(folder: Folder, { retention, nowMs }: UpkeepOptions): boolean {
  const gone = outlived(folder.parts, retention, nowMs);
  if (gone.length > 0) folder.commit({ replaced: [{ removed: gone, added: [] }] });
  return gone.length > 0;
}
