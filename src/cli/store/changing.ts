/** What changes the store's folder by hand: deleting, repairing; and copying it. The folder is ours alone meanwhile, as far as it is changed. */
import { linkSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { diskFolder } from '../../../collector/log/disk.ts';
import { examine, firstSeqOf, type Segment } from '../../../collector/log/segment.ts';
import type { Matcher } from '../../../collector/query/source.ts';
import { StoreCore } from '../../../collector/store/core.ts';
import { storeFiles } from '../../../collector/store/files.ts';
import { mendParts } from '../../../collector/store/life/mend.ts';
import { findManifest, manifestName } from '../../../collector/store/manifest.ts';
import { openPart } from '../../../collector/store/part/part.ts';
import { receivedNumber } from '../../../collector/store/received/journal.ts';
import { LogTail } from '../../../collector/store/thread/logtail.ts';
import type { Log } from '../../log.ts';
import { QueueError } from '../queue/failure.ts';

const ATTEMPTS = 5;

/** Nothing goes by age or number while it is changed by hand. */
const EVER = 1e15;

export interface Opened {
  readonly path: string;
  /** The log's folder, above the store's. */
  readonly logPath: string;
  readonly instance: string;
  readonly log: Log;
}

/** The store as a collector would have it: with what is in the log and not yet in its files. */
export async function withStore<T>({ path, logPath, instance, log }: Opened, use: (core: StoreCore) => T): Promise<T> {
  const core = new StoreCore({
    files: storeFiles(path),
    log,
    instance,
    retention: { single: [EVER, EVER, EVER], group: [EVER, EVER, EVER], maxBytes: EVER },
    taking: { acceptAgeMs: EVER, maxSeries: Number.MAX_SAFE_INTEGER },
    breathe: () => undefined,
    onNoted: () => undefined,
  });
  const folder = diskFolder(logPath);
  const tail = new LogTail(folder, core.firstSeq);
  const segments: Segment[] = [];
  for (const file of await folder.list()) {
    const firstSeq = firstSeqOf(file.name);
    if (firstSeq !== undefined) segments.push((await examine(folder, file, firstSeq)).segment);
  }
  tail.tell(segments);
  try {
    for (let found = await tail.take(); found !== undefined; found = await tail.take()) {
      if (found.seq < core.nextSeq) core.prime(found.frame);
      else core.push(found.seq, found.frame);
    }
    return use(core);
  } finally {
    await tail.close();
    core.close();
  }
}

export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
  readonly nowMs: number;
}

/** Answers how many samples went. */
export async function deleteSamples(opened: Opened, matchers: readonly Matcher[], range: Range): Promise<number> {
  return withStore(opened, (core) => core.erase(matchers, range));
}

/** What was wrong, and has been written anew or set aside, in words. */
export async function repair(opened: Opened): Promise<string[]> {
  return withStore(opened, (core) => [
    ...(core.folder.damaged > 0
      ? [`${core.folder.damaged} files could not be opened, and are set aside as .damaged`]
      : []),
    ...mendParts(core.folder),
  ]);
}

/** What is wrong with its files, in words. */
export function checkStore(path: string): string[] {
  const files = storeFiles(path);
  const { manifest, damaged } = findManifest(files);
  const problems = damaged.map(([name, reason]) => `${name}: ${reason}`);
  for (const { name } of manifest.parts) {
    try {
      const part = openPart(files, name);
      problems.push(...part.check());
      part.close();
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  return problems;
}

/** Files are never changed once they are written, so that a second name for each is a copy. Answers how many there are; rejects with a QueueError. */
export function snapshot(path: string, to: string): number {
  // A running program may merge parts while they are listed here.
  for (let attempt = 1; ; attempt++) {
    try {
      return copied(path, to);
    } catch (error) {
      const { code, syscall } = error as NodeJS.ErrnoException;
      if (!(code === 'ENOENT' && syscall === 'link' && attempt < ATTEMPTS)) throw snapshotFailure(to, error);
    }
  }
}

function snapshotFailure(to: string, error: unknown): unknown {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (syscall === undefined) return error;
  if (code === 'EEXIST')
    return new QueueError(`${to} is there already: a snapshot needs a new folder`, { cause: error });
  const why =
    code === 'EXDEV'
      ? 'is on another file system, where files cannot have a second name: choose a folder beside data_dir'
      : message;
  return new QueueError(`${to}: ${why}`, { cause: error });
}

function copied(path: string, to: string): number {
  const files = storeFiles(path);
  const { manifest } = findManifest(files);
  const received = files.list().filter((name) => (receivedNumber(name) ?? 0) >= manifest.nextReceived);
  const names = [
    ...manifest.parts.map(({ name }) => name),
    ...received,
    ...(manifest.number > 0 ? [manifestName(manifest.number)] : []),
  ];
  mkdirSync(to, { mode: 0o700 });
  try {
    for (const name of names) linkSync(join(path, name), join(to, name));
  } catch (error) {
    rmSync(to, { recursive: true });
    throw error;
  }
  return names.length;
}
