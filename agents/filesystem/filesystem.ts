/**
 * Source `filesystem`: how full the machine's file systems are, and what each container takes on disk. A reading gives what the
 * last slow run found; the run itself is only set going by the tick. A value is stated again at each tick, with the tick's time,
 * until three more runs have failed to renew it.
 */
import { join } from 'node:path';
import { filesystem, volume } from '../../src/catalog/filesystem.ts';
import type { FamilyTable } from '../../src/model/batch.ts';
import type { Entity } from '../../src/model/table.ts';
import type { Clock } from '../../src/run/clock.ts';
import type { Container } from '../container.ts';
import { readOnce } from '../kernel/files.ts';
import type { Source } from '../source.ts';
import { createAsking, HELD_UP_MS } from './asking.ts';
import { addCells, builderOf } from '../kernel/cells.ts';
import { Losses } from '../kernel/losses.ts';
import { isNetworkMount, isServedMount, type Mount, parseMountinfo, realMounts } from './mounts.ts';
import { Rows } from '../kernel/rows.ts';
import { createSlow } from '../kernel/slow.ts';
import { createSpace, type Space, type SpaceOptions } from './space.ts';
import { type ContainerUsage, createUsage, type UsageOptions } from './usage.ts';

export interface FilesystemOptions extends Omit<UsageOptions, 'spaceOf' | 'asking' | 'losses' | 'mounts' | 'periodMs'> {
  readonly procRoot: string;
  /** Where the host's file system is to be seen: `/`, or `/rootfs` inside a container. */
  readonly rootfs: string;
  readonly containers: () => Iterable<Container>;
  /** The host's entity; without it the machine's file systems have no rows. */
  readonly host?: Entity;
  readonly clock: Clock;
  /** Between two runs, in milliseconds. */
  readonly periodMs?: number;
  /** The system calls, for tests. */
  readonly ask?: SpaceOptions['ask'];
}

export interface FilesystemSource extends Source {
  /** `hung`, `unreadable`, `elsewhere`, `too_many_mounts`, `walk_budget`, `walk_unreadable`, `walk_hung`, `failed`. */
  readonly losses: ReadonlyMap<string, number>;
}

interface Found<T> {
  readonly value: T;
  readonly atMs: number;
}

const PERIOD_MS = 60_000;
const MAX_MOUNTS = 256;

export function createFilesystemSource(options: FilesystemOptions): FilesystemSource {
  const { procRoot, rootfs, clock, host, periodMs = PERIOD_MS } = options;
  const losses = new Losses();
  const rows = new Rows('device');
  const volumeRows = new Rows('volume');
  const count = (reason: string): void => losses.count(reason);
  const asking = createAsking({ clock });
  const spaceOf = createSpace({ asking, count, ...(options.ask && { ask: options.ask }) });
  const mounts = (): Mount[] => parseMountinfo(readOnce(join(procRoot, '1/mountinfo'))?.toString('utf8') ?? '');
  const spaces = new Map<string, Found<Space>>();
  const usage = createUsage({ ...options, periodMs, spaceOf, asking, losses, mounts });

  /** The mounts are listed anew each time: what is mounted later appears, what is unmounted disappears. */
  async function askMounts(signal: AbortSignal): Promise<void> {
    const all = realMounts(mounts());
    losses.count('too_many_mounts', all.length - MAX_MOUNTS);
    const asked = all.slice(0, MAX_MOUNTS);
    const sources = new Set(asked.map(({ source }) => source));
    for (const source of spaces.keys()) if (!sources.has(source)) spaces.delete(source);
    for (const mount of asked) {
      signal.throwIfAborted();
      const answer = await spaceOf(join(rootfs, mount.point), { served: isServedMount(mount) });
      // A path that leads to another device is another file system: the host's is not to be seen from here.
      const elsewhere = answer !== undefined && isElsewhere(mount, answer.numbers);
      if (elsewhere) losses.count('elsewhere');
      if (answer && !elsewhere) spaces.set(mount.source, { value: answer, atMs: clock.monotonic() });
      else spaces.delete(mount.source);
    }
  }

  const failed = (): void => losses.count('failed');
  const jobs = [
    ...(host ? [createSlow({ clock, periodMs, run: askMounts, failed })] : []),
    createSlow({ clock, periodMs, run: (signal) => usage.run(signal), failed }),
  ];

  return {
    name: 'filesystem',
    losses: losses.counts,
    async read() {
      for (const job of jobs) job.poke();
      const timeMs = clock.now();
      const oldestMs = clock.monotonic() - 3 * periodMs - HELD_UP_MS;
      const fs = builderOf(filesystem);
      const volumes = builderOf(volume);
      for (const [source, { value, atMs }] of spaces) {
        const row = host && atMs >= oldestMs ? rows.of(host, source) : undefined;
        if (row) addCells(fs, { row, timeMs }, spaceCells(value));
      }
      for (const { container, found } of usage.results()) {
        const row = found.device === undefined ? undefined : rows.of(container.entity, found.device);
        if (row) addCells(fs, { row, timeMs }, usageCells(found));
        for (const [name, { bytes, inodes }] of found.volumes) {
          const volumeRow = volumeRows.of(container.entity, name);
          if (volumeRow) addCells(volumes, { row: volumeRow, timeMs }, { usage: bytes, inodes });
        }
      }
      rows.sweep();
      volumeRows.sweep();
      return [fs.build(), volumes.build()].filter((table: FamilyTable) => table.rows.length > 0);
    },
    async close() {
      for (const job of jobs) job.stop();
    },
  };
}

/** btrfs has numbers of its own for each subvolume, which mountinfo does not have; servers likewise for what they export. */
function isElsewhere(mount: Mount, numbers: string): boolean {
  return mount.type !== 'btrfs' && !isNetworkMount(mount) && numbers !== mount.numbers;
}

function spaceCells({ size, used, inodes, inodesFree }: Space) {
  return { usage: used, limit: size, inodesTotal: inodes, inodesFree, inodesUsed: inodes - inodesFree };
}

function usageCells({ layer, limit, inodes, inodesFree }: ContainerUsage) {
  const { bytes = Number.NaN, inodes: inodesUsed = Number.NaN } = layer ?? {};
  return { usage: bytes, inodesUsed, limit, inodesTotal: inodes, inodesFree };
}
