/**
 * What containers take on disk: one walk after the other over their writable layers (and, if told so, their volumes), resting after
 * each. The longer a container's walk takes the more seldom it is walked; one that is beyond the budget has no number.
 */
import { join } from 'node:path';
import type { Clock } from '../../src/run/clock.ts';
import type { Container } from '../container.ts';
import { readOnce } from '../kernel/files.ts';
import { type Asking, HELD_UP_MS } from './asking.ts';
import type { Losses } from '../kernel/losses.ts';
import { LocalDisk, TURN_MS } from './disk.ts';
import { isLocalName } from './local.ts';
import { hasForeignBelow, isServedMount, type Mount, mountOf, parseMountinfo, upperDirIn } from './mounts.ts';
import type { Answer, Where } from './space.ts';
import type { Usage } from './sum.ts';
import { type Ask, type WalkBudget, walk } from './walk.ts';

/** A volume by its name and its directory on the host. */
export interface VolumeDir {
  readonly name: string;
  readonly path: string;
}

export interface UsageOptions {
  readonly procRoot: string;
  readonly rootfs: string;
  readonly containers: () => Iterable<Container>;
  readonly clock: Clock;
  /** The writable layer as the engine names it; where it says nothing the container's own mounts are asked. */
  readonly upperDirOf?: (container: Container) => string | undefined;
  /** Directories that belong to the container beside its layer, for example the one with its log. */
  readonly otherDirsOf?: (container: Container) => readonly string[];
  /** Given to have volumes measured. */
  readonly volumesOf?: (container: Container) => readonly VolumeDir[];
  readonly budget?: WalkBudget;
  /** The least time between two walks of a container, in milliseconds. */
  readonly periodMs: number;
  readonly spaceOf: (path: string, where: Where) => Promise<Answer | undefined>;
  readonly asking: Asking;
  readonly mounts: () => Mount[];
  readonly losses: Losses;
}

export interface ContainerUsage {
  /** The source of the mount that the layer is on; undefined when the layer is not known. */
  readonly device: string | undefined;
  /** Undefined when it could not be measured. */
  readonly layer: Usage | undefined;
  /** Bytes that the file system below has; NaN when it did not say. */
  readonly limit: number;
  /** The same of its inodes, and how many of them are free. */
  readonly inodes: number;
  readonly inodesFree: number;
  readonly volumes: ReadonlyMap<string, Usage>;
}

export interface UsageRun {
  run(signal: AbortSignal): Promise<void>;
  /** Of the containers that run now and could be measured lately. */
  results(): { container: Container; found: ContainerUsage }[];
}

interface Held {
  readonly startMs: number;
  found: ContainerUsage | undefined;
  /** By the monotonic clock. */
  dueMs: number;
  goodUntilMs: number;
  /** By how much longer than usual to wait after failures. */
  penalty: number;
}

interface Pass {
  readonly mounts: readonly Mount[];
  readonly signal: AbortSignal;
  /** Volumes that were walked for another container in this run. */
  readonly volumes: Map<string, Usage | undefined>;
  /** The disks that layers are on, by their numbers. */
  readonly disks: Map<string, LocalDisk>;
  /** How long was waited in vain, in milliseconds: that is no work, and nothing to rest from. */
  hungMs: number;
  /** How long there is to rest yet. */
  owedMs: number;
}

const BUDGET: WalkBudget = { maxInodes: 200_000, maxMs: 20_000 };
/** The share of time in which one container may be walked: one that takes 3 s is walked every 150 s. */
const SHARE_EACH = 0.02;
/** The share of time in which any may be walked while a run is on its way. */
const SHARE_ALL = 0.1;
/** Rested from a disk's turn at once, not from each container: to be woken costs as much as a small layer. */
const REST_MS = TURN_MS * (1 / SHARE_ALL - 1);
const MAX_PENALTY = 16;
/** How many failed renewals a value survives. */
const GOOD_FOR = 3;

export function createUsage(options: UsageOptions): UsageRun {
  const { clock, periodMs } = options;
  const held = new Map<string, Held>();

  async function run(signal: AbortSignal): Promise<void> {
    const running = [...options.containers()].filter(({ pid }) => pid > 0);
    forget(running);
    const mounts = options.mounts();
    const pass: Pass = { mounts, signal, volumes: new Map(), disks: new Map(), hungMs: 0, owedMs: 0 };
    for (const container of running) {
      signal.throwIfAborted();
      const one = heldOf(container);
      if (clock.monotonic() >= one.dueMs) await measure(container, one, pass);
    }
  }

  function forget(running: readonly Container[]): void {
    const alive = new Set(running.map(({ id }) => id));
    for (const id of held.keys()) if (!alive.has(id)) held.delete(id);
  }

  function heldOf({ id, entity }: Container): Held {
    const known = held.get(id);
    if (known?.startMs === entity.startMs) return known;
    const fresh: Held = {
      startMs: entity.startMs,
      found: undefined,
      dueMs: Number.NEGATIVE_INFINITY,
      goodUntilMs: 0,
      penalty: 1,
    };
    held.set(id, fresh);
    return fresh;
  }

  async function measure(container: Container, one: Held, pass: Pass): Promise<void> {
    const startedMs = clock.monotonic();
    const hungBefore = pass.hungMs;
    const upper = upperDir(options, container);
    const dirs = upper === undefined ? [] : [upper, ...(options.otherDirsOf?.(container) ?? [])];
    const layer = await sumOf(dirs, pass, { ...options, diskOf: diskOfLayer });
    const layerHung = pass.hungMs > hungBefore;
    const volumes = await volumesOf(container, pass);
    const tookMs = clock.monotonic() - startedMs - (pass.hungMs - hungBefore);
    const mount = upper === undefined ? undefined : mountOf(upper, pass.mounts);
    const space = layer && upper !== undefined ? await spaceOf(upper, mount, pass) : undefined;
    one.penalty = layer || layerHung || upper === undefined ? 1 : Math.min(MAX_PENALTY, one.penalty * 2);
    const intervalMs = Math.max(periodMs, tookMs / SHARE_EACH) * one.penalty;
    // Half a period early, so that the run that comes one interval later does not find it not quite due.
    one.dueMs = startedMs + intervalMs - periodMs / 2;
    one.goodUntilMs = clock.monotonic() + GOOD_FOR * intervalMs + HELD_UP_MS;
    const { size = Number.NaN, inodes = Number.NaN, inodesFree = Number.NaN } = space ?? {};
    one.found = { device: mount?.source, layer, limit: size, inodes, inodesFree, volumes };
    await rest(tookMs * (1 / SHARE_ALL - 1), pass);
  }

  function spaceOf(upper: string, mount: Mount | undefined, pass: Pass): Promise<Answer | undefined> {
    const served = mount !== undefined && isServedMount(mount);
    return options.spaceOf(join(options.rootfs, upper), { served, disk: mount && pass.disks.get(mount.numbers) });
  }

  async function rest(ms: number, pass: Pass): Promise<void> {
    pass.owedMs += ms;
    if (pass.owedMs < REST_MS) return;
    const owedMs = pass.owedMs;
    pass.owedMs = 0;
    await clock.sleep(owedMs, pass.signal);
  }

  async function volumesOf(container: Container, pass: Pass): Promise<Map<string, Usage>> {
    const { volumes } = pass;
    const found = new Map<string, Usage>();
    for (const { name, path } of options.volumesOf?.(container) ?? []) {
      if (!volumes.has(path)) volumes.set(path, await sumOf([path], pass, { ...options, diskOf: diskOfVolume }));
      const usage = volumes.get(path);
      if (usage) found.set(name, usage);
    }
    return found;
  }

  return {
    run,
    results() {
      const nowMs = clock.monotonic();
      return [...options.containers()].flatMap((container) => {
        const one = container.pid > 0 ? held.get(container.id) : undefined;
        const fresh = one?.found && one.startMs === container.entity.startMs && nowMs <= one.goodUntilMs;
        return fresh && one.found ? [{ container, found: one.found }] : [];
      });
    },
  };
}

interface SumOptions extends UsageOptions {
  readonly diskOf: (mount: Mount, pass: Pass, clock: Clock) => LocalDisk;
}

/** One for all that is on it. Only engines put something where layers are; and where the kind is not known each one is asked. */
function diskOfLayer(mount: Mount, pass: Pass, clock: Clock): LocalDisk {
  if (!isLocalName(mount.type)) return new LocalDisk(clock);
  const disk = pass.disks.get(mount.numbers) ?? new LocalDisk(clock);
  pass.disks.set(mount.numbers, disk);
  return disk;
}

/** One of its own: a server's file system may have been mounted there since the mounts were read, so each is asked first. */
function diskOfVolume(_mount: Mount, _pass: Pass, clock: Clock): LocalDisk {
  return new LocalDisk(clock);
}

/** The directories together, or undefined if one of them could not be measured. */
async function sumOf(dirs: readonly string[], pass: Pass, options: SumOptions): Promise<Usage | undefined> {
  const { clock, budget = BUDGET, losses, rootfs } = options;
  let bytes = 0;
  let inodes = 0;
  for (const dir of dirs) {
    const startedMs = clock.monotonic();
    const mount = mountOf(dir, pass.mounts);
    const at = { place: join(rootfs, dir), served: mount !== undefined && isServedMount(mount) };
    const ask: Ask = (work) => options.asking(at, work);
    const local = mount !== undefined && !at.served && !hasForeignBelow(dir, pass.mounts);
    const disk = local ? options.diskOf(mount, pass, clock) : undefined;
    const result = await walk(at.place, { ...budget, clock, signal: pass.signal, ask, disk });
    if (typeof result === 'string') {
      // At least something, even if it was not asked at all.
      if (result === 'hung') pass.hungMs += Math.max(1, clock.monotonic() - startedMs);
      if (result !== 'gone') losses.count(`walk_${result}`);
      return undefined;
    }
    bytes += result.bytes;
    inodes += result.inodes;
  }
  return dirs.length === 0 ? undefined : { bytes, inodes };
}

function upperDir({ procRoot, upperDirOf }: UsageOptions, container: Container): string | undefined {
  const told = upperDirOf?.(container);
  if (told !== undefined) return told;
  const bytes = readOnce(join(procRoot, String(container.pid), 'mountinfo'));
  return bytes && upperDirIn(parseMountinfo(bytes.toString('utf8')));
}
