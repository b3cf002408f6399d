/**
 * Cgroups that are no container: systemd units, slices, anything whose path fits a pattern of the configuration. The tree is
 * searched on a slow schedule of its own, in pieces; a tick only takes what the last search found.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../../src/log.ts';
import { labels } from '../../src/model/labels.ts';
import type { Entity } from '../../src/model/table.ts';
import { type CgroupDirs, directoriesAt } from './locate.ts';
import type { CgroupMounts } from './mounts.ts';
import { foldersIn } from './namespace.ts';
import { sameDirs } from './place.ts';

export interface CgroupUnit {
  readonly entity: Entity;
  readonly dirs: CgroupDirs;
  /** The container whose cgroup it is, or is in, as far as its path tells. */
  readonly containerId: string | undefined;
}

export interface Subtrees {
  /** What the last search found. */
  units(): Iterable<CgroupUnit>;
  /** To be called once a tick: begins a search when one is due. The first one is waited for, the others go on beside the ticks. */
  tick(): Promise<void>;
  /** Paths that fit and were left out because there are too many. */
  readonly leftOut: number;
  /** Waits for a search under way. */
  close(): Promise<void>;
}

export interface SubtreeOptions {
  readonly mounts: CgroupMounts;
  /** Paths with wildcards: `*` within a name, `**` across levels: `/system.slice/*.service`. */
  readonly patterns: readonly string[];
  readonly breathe: () => Promise<void>;
  readonly log: Log;
  /** A search every so many ticks. */
  readonly everyTicks?: number;
  readonly maxUnits?: number;
}

/** Folders looked at before others get a turn. */
const PIECE = 100;

/** Levels that `**` descends at most; deeper trees are not made by hand. */
const MAX_DEPTH = 32;

export function createSubtrees(options: SubtreeOptions): Subtrees {
  const { everyTicks = 6, maxUnits = 5000, log } = options;
  let units = new Map<string, CgroupUnit>();
  let ticks = 0;
  let leftOut = 0;
  let stopped = false;
  let searching: Promise<void> | undefined;

  async function search(): Promise<void> {
    const found = new Map<string, CgroupUnit>();
    let over = 0;
    for await (const path of matches(options)) {
      if (stopped) return;
      if (found.has(path)) continue;
      if (found.size < maxUnits) found.set(path, unitOf(path, options.mounts, units.get(path)));
      else over++;
    }
    if (over > 0 && leftOut === 0)
      log.warn({ leftOut: over, limit: maxUnits }, 'more cgroups fit the patterns than are read');
    leftOut = over;
    units = found;
  }

  return {
    units: () => units.values(),
    get leftOut() {
      return leftOut;
    },
    async tick() {
      const due = ticks++ % everyTicks === 0 && options.patterns.length > 0;
      if (due && searching === undefined) {
        searching = search()
          .catch((error: unknown) => log.warn({ err: error }, 'search for cgroups failed'))
          .finally(() => {
            searching = undefined;
          });
      }
      if (ticks === 1) await searching;
    },
    async close() {
      stopped = true;
      await searching;
    },
  };
}

function unitOf(path: string, mounts: CgroupMounts, before: CgroupUnit | undefined): CgroupUnit {
  const dirs = directoriesAt(mounts, path);
  if (before !== undefined && sameDirs(before.dirs, dirs)) return before;
  return { entity: before?.entity ?? entityOf(path), dirs, containerId: CONTAINER_ID.exec(path)?.[0] };
}

/** As engines make them, and put them in the paths of their containers. */
const CONTAINER_ID = /[0-9a-f]{64}/;

/** A unit's name is the last part of its path. An escape such as `\x2d` is part of the name: systemctl shows and takes it so. */
function entityOf(path: string): Entity {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return {
    key: path,
    kind: 'cgroup',
    startMs: 0,
    labels: labels([
      ['id', path],
      ['name', name],
    ]),
  };
}

/** The paths that fit, of every hierarchy; a path may come more than once. */
async function* matches({ mounts, patterns, breathe }: SubtreeOptions): AsyncGenerator<string> {
  const tops = new Set([mounts.unified, ...mounts.controllers.values()].map((hierarchy) => hierarchy?.mountPoint));
  let looked = 0;
  for (const top of tops) {
    if (top === undefined) continue;
    for (const pattern of patterns) {
      for (const path of expand(top, '', partsOf(pattern))) {
        if (path !== undefined) yield path;
        if (++looked % PIECE === 0) await breathe();
      }
    }
  }
}

function partsOf(pattern: string): string[] {
  return pattern.split('/').filter((part) => part !== '');
}

/** Walks down a pattern. Yields a path where it ends, and undefined for each folder on the way, so that the walk can be paused. */
function* expand(top: string, path: string, parts: readonly string[]): Generator<string | undefined> {
  yield undefined;
  const [part, ...rest] = parts;
  if (part === undefined) {
    if (path !== '') yield path;
    return;
  }
  if (part === '**') yield* expand(top, path, rest);
  if (path.split('/').length > MAX_DEPTH) return;
  for (const name of namesFor(part, join(top, path))) {
    yield* expand(top, `${path}/${name}`, part === '**' ? parts : rest);
  }
}

function namesFor(part: string, dir: string): string[] {
  if (part === '**') return foldersIn(dir);
  // A pattern may not lead out of the hierarchy.
  if (part === '.' || part === '..') return [];
  if (!/[*?]/.test(part)) return existsSync(join(dir, part)) ? [part] : [];
  const pattern = wildcard(part);
  return foldersIn(dir).filter((name) => pattern.test(name));
}

function wildcard(part: string): RegExp {
  const source = part
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replace(/\*/g, '[^/]*')
    .replace(/\?/g, '[^/]');
  return new RegExp(`^${source}$`, 's');
}
