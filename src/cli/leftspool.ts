/** What an earlier `plimsoll agent` left behind: batches on the disk that nobody sends while `plimsoll run` runs in its place. */
import { readdirSync } from 'node:fs';

/** The end of the names of a spool's files, see agents/send/disk.ts. */
const SPOOLED = '.spool';

/** `folder` is the agent's, undefined where nothing is kept. In words; undefined where nothing waits. */
export function leftSpool(folder: string | undefined): string | undefined {
  const files = folder === undefined ? [] : namesIn(folder).filter((name) => name.endsWith(SPOOLED));
  if (files.length === 0) return undefined;
  return (
    `batches that a plimsoll agent has not sent wait in ${folder} (${files.length === 1 ? '1 file' : `${files.length} files`}), ` +
    'and plimsoll run sends none: plimsoll agent with its agent.push.url does, and plimsoll queue shows them or gives them up'
  );
}

/** None of a folder that is not there, or that we may not read. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (_notThere) {
    return [];
  }
}
