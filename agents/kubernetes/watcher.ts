/**
 * Tells of changes in folders (inotify), and of a full look every so often, because a change can be missed and a folder can come later than we do.
 * Watches hold no right and no mount; a folder that has gone is watched again when it is back.
 */
import { type FSWatcher, statSync, watch } from 'node:fs';
import type { Log } from '../../src/log.ts';
import type { Clock } from '../../src/run/clock.ts';

export interface WatcherOptions {
  /** Asked before each full look. */
  folders(): readonly string[];
  onName(name: string): void;
  onLook(): void;
  readonly clock: Clock;
  readonly log: Log;
  /** Between two full looks. */
  readonly lookEveryMs: number;
}

export interface Watcher {
  /** How many changes were told. */
  readonly events: number;
  /** Watches folders that have come since. */
  refresh(): void;
  close(): void;
}

export function startWatcher({ folders, onName, onLook, clock, log, lookEveryMs }: WatcherOptions): Watcher {
  const watches = new Map<string, { readonly watcher: FSWatcher; readonly inode: number }>();
  let events = 0;
  let refused = false;
  let cancel = (): void => undefined;
  let closed = false;

  function drop(folder: string): void {
    watches.get(folder)?.watcher.close();
    watches.delete(folder);
  }

  function add(folder: string): void {
    try {
      const inode = inodeOf(folder);
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        events++;
        if (name !== null) onName(name);
      });
      // The folder itself was removed, or moved away.
      watcher.on('error', () => drop(folder));
      watches.set(folder, { watcher, inode });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Not there yet: the next look tries again. Without a watch (too many of them on this machine) the looks are all there is.
      if (code === 'ENOENT' || code === 'ENOTDIR' || refused) return;
      refused = true;
      log.warn(
        { folder, error: String(error) },
        'changes in a folder are not told; it is looked at now and then instead',
      );
    }
  }

  function refresh(): void {
    const wanted = new Set(folders());
    // One that was made anew under its old name is another folder.
    for (const [folder, { inode }] of watches) if (!wanted.has(folder) || inodeOf(folder) !== inode) drop(folder);
    for (const folder of wanted) if (!watches.has(folder)) add(folder);
  }

  function arm(): void {
    if (closed) return;
    cancel = clock.after(lookEveryMs, () => {
      refresh();
      onLook();
      arm();
    });
  }

  refresh();
  arm();
  return {
    get events() {
      return events;
    },
    refresh,
    close() {
      closed = true;
      cancel();
      for (const folder of [...watches.keys()]) drop(folder);
    },
  };
}

function inodeOf(folder: string): number {
  return statSync(folder, { throwIfNoEntry: false })?.ino ?? 0;
}
