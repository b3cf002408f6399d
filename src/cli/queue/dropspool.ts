/** `plimsoll queue drop --agent`: batches go from the agent's spool, only while no agent has the folder. What stays keeps its bytes and its order. */
import { open, readFile, rename, unlink } from 'node:fs/promises';
import type { Found } from '../../../agents/send/records.ts';
import { whileOurs } from './ours.ts';
import { readSpool, type SpoolFile } from './read/spool.ts';

export interface DroppedBatches {
  readonly batches: number;
  readonly samples: number;
  /** Batches that stay. */
  readonly left: number;
}

/** Those whose tick began by then; all if undefined. Undefined if there is no such folder. Rejects with a QueueError if an agent has it. */
export function dropBatches(path: string, untilMs: number | undefined): Promise<DroppedBatches | undefined> {
  return whileOurs(path, 'agent', async () => {
    const goes = ({ about }: Found): boolean => untilMs === undefined || about.timeMs <= untilMs;
    let batches = 0;
    let samples = 0;
    let left = 0;
    for (const file of (await readSpool(path))?.files ?? []) {
      const gone = file.batches.filter(goes);
      const stay = file.batches.filter((batch) => !goes(batch));
      if (stay.length === 0) await unlink(file.path);
      else if (gone.length > 0) await rewrite(file, stay);
      batches += gone.length;
      samples += gone.reduce((sum, { about }) => sum + about.samples, 0);
      left += stay.length;
    }
    return { batches, samples, left };
  });
}

/** Beside, and then in its place, so that there is always one of them whole. */
async function rewrite({ path }: SpoolFile, stay: readonly Found[]): Promise<void> {
  const bytes = await readFile(path);
  const beside = `${path}.new`;
  const file = await open(beside, 'w', 0o600);
  try {
    for (const { offset, length } of stay) await file.writeFile(bytes.subarray(offset, offset + length));
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
}
