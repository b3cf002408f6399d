/**
 * A reading close to a container's end. Docker tells of it (`die`) only after the cgroup was removed, but when the last process exits
 * the kernel changes `cgroup.events` (`populated 0`) some milliseconds before the cgroup is removed: that file is watched. systemd
 * watches it too and often is the faster one, and cgroup v1 has no such file: so young containers are read often as well. An old one
 * loses little by its last moments; a short-lived one would lose all.
 */
import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../../src/log.ts';
import type { Clock } from '../../src/run/clock.ts';
import type { CgroupDirs } from './locate.ts';

export interface FinalWatchOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Reads a container again. */
  readonly readAgain: (id: string) => void;
}

/** Containers are young for so long, and are read so often then. */
const YOUNG_MS = 15_000;
const YOUNG_EVERY_MS = 250;

/** More than this are not watched; the kernel's limit for all of a user's programs is often 8192. */
const MAX_WATCHED = 2048;

export class FinalWatch {
  readonly #options: FinalWatchOptions;
  readonly #watched = new Map<string, FSWatcher>();
  /** Until when a container is young, on the monotonic clock; in the order in which they came. */
  readonly #young = new Map<string, number>();
  #cancelTimer: (() => void) | undefined;
  /** Containers that could not be watched. */
  unwatched = 0;

  constructor(options: FinalWatchOptions) {
    this.#options = options;
  }

  /** Begins to watch for the end of a container that started `ageMs` ago. */
  follow(id: string, { unified }: CgroupDirs, ageMs = 0): void {
    if (unified !== undefined) this.#watch(id, join(unified, 'cgroup.events'));
    if (ageMs >= YOUNG_MS) return;
    this.#young.set(id, this.#options.clock.monotonic() + Math.min(YOUNG_MS, YOUNG_MS - ageMs));
    this.#arm();
  }

  forget(id: string): void {
    this.#watched.get(id)?.close();
    this.#watched.delete(id);
    this.#young.delete(id);
  }

  close(): void {
    for (const id of [...this.#watched.keys(), ...this.#young.keys()]) this.forget(id);
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #watch(id: string, path: string): void {
    if (this.#watched.size >= MAX_WATCHED) {
      this.#cannot(path, undefined);
      return;
    }
    try {
      // Read first, asked never: the file tells of freezing as well, but by the time that is known the cgroup may be gone.
      const watcher = watch(path, { persistent: false }, () => this.#options.readAgain(id));
      watcher.on('error', (error) => {
        this.#cannot(path, error);
        this.forget(id);
      });
      this.#watched.set(id, watcher);
    } catch (error) {
      this.#cannot(path, error);
    }
  }

  #cannot(path: string, error: unknown): void {
    const { log } = this.#options;
    if (this.unwatched++ === 0) log.warn({ path, err: error }, 'a cgroup cannot be watched for its end');
  }

  #arm(): void {
    if (this.#young.size === 0 || this.#cancelTimer !== undefined) return;
    this.#cancelTimer = this.#options.clock.after(YOUNG_EVERY_MS, () => {
      this.#cancelTimer = undefined;
      this.#readYoung();
      this.#arm();
    });
  }

  #readYoung(): void {
    const nowMs = this.#options.clock.monotonic();
    for (const [id, untilMs] of [...this.#young]) {
      if (nowMs < untilMs) this.#options.readAgain(id);
      else this.#young.delete(id);
    }
  }
}
