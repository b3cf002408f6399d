/**
 * The segment that is being written, twice: a file beside it of the same bytes. The state of a restart is its last frame, so that a bad place in one of
 * the two costs nothing: a start takes the one that holds more. When the next segment has a frame, the copy goes.
 */
import type { Log } from '../../src/log.ts';
import type { FileFacts, Folder, LogFile } from './files.ts';
import { emptySegment, examine, firstSeqOf, type Segment } from './segment.ts';

const LOG = '.log';
const COPY = '.copy';

/** The copy's name by its segment's. */
export function copyName(segment: string): string {
  return segment.slice(0, -LOG.length) + COPY;
}

/** One file of two. The first is never behind the second while the machine runs. */
export function inTwo(first: LogFile, second: LogFile): LogFile {
  return {
    async append(bytes) {
      await first.append(bytes);
      await second.append(bytes);
    },
    readAt: (at, length) => first.readAt(at, length),
    async sync() {
      await Promise.all([first.sync(), second.sync()]);
    },
    async close() {
      await Promise.all([first.close(), second.close()]);
    },
  };
}

/** Lets go of the copies of all segments but one. What cannot be removed goes another time. */
export async function dropCopies(folder: Folder, segment: string): Promise<void> {
  try {
    for (const { name } of await folder.list())
      if (name.endsWith(COPY) && name !== copyName(segment)) await folder.remove(name);
  } catch {
    // A copy too many costs room, and a start does with it what it does with any.
  }
}

/** Puts copies in the place of segments that hold less than they do. Answers how many of those were damaged. */
export async function takeCopies(
  files: readonly FileFacts[],
  { folder, log }: { readonly folder: Folder; readonly log: Log },
): Promise<number> {
  let damaged = 0;
  for (const copy of files) {
    const segmentFile = copy.name.slice(0, -COPY.length) + LOG;
    const firstSeq = copy.name.endsWith(COPY) ? firstSeqOf(segmentFile) : undefined;
    if (firstSeq === undefined) continue;
    const held = (await examine(folder, copy, firstSeq)).segment;
    const segment = await segmentIn(files, segmentFile, { folder, firstSeq });
    if (held.lastSeq <= segment.lastSeq) continue;
    const { damage } = segment;
    const words = { file: segmentFile, damage: damage ?? `ends before the frame ${segment.lastSeq + 1}` };
    log.error(words, 'a segment of the log is damaged: its copy holds more, and takes its place');
    damaged++;
    if (files.some(({ name }) => name === segmentFile)) await folder.rename(segmentFile, `${segmentFile}.damaged`);
    await folder.rename(copy.name, segmentFile);
    await folder.sync();
  }
  return damaged;
}

/** What a segment's file holds; nothing if it is not there. */
async function segmentIn(
  files: readonly FileFacts[],
  name: string,
  { folder, firstSeq }: { readonly folder: Folder; readonly firstSeq: number },
): Promise<Segment> {
  const file = files.find((one) => one.name === name);
  return file === undefined ? emptySegment(firstSeq) : (await examine(folder, file, firstSeq)).segment;
}
