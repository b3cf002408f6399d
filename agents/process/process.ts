/**
 * Source `process`: the processes of each container, what their threads do, their open descriptors and sockets, and the first one's limits. Off by
 * default. Descriptors are looked at a slice at a time, with other work in between.
 */
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { processes, ulimit } from '../../src/catalog/process.ts';
import type { FamilyTable } from '../../src/model/batch.ts';
import { TableBuilder } from '../../src/model/builder.ts';
import type { EntityRow } from '../../src/model/table.ts';
import type { Clock } from '../../src/run/clock.ts';
import type { Container } from '../container.ts';
import { isNoData, readOnce } from '../kernel/files.ts';
import type { Source, Tick } from '../source.ts';
import { parseLimits } from './limits.ts';
import { Losses } from '../kernel/losses.ts';
import { type MemberOptions, membersOf } from './members.ts';
import { pacer } from '../kernel/pace.ts';
import { type Tasks, tasksOf } from './tasks.ts';
import { Rows } from '../kernel/rows.ts';

/** For sources that look at single processes. */
export interface ProcessOptions extends MemberOptions {
  readonly containers: () => Iterable<Container>;
  /** The ids of those whose processes another container's cgroup holds too. Default: none. */
  readonly nested?: () => ReadonlySet<string>;
  readonly clock: Clock;
}

export interface ProcessSource extends Source {
  /** `too_many_descriptors`, `too_many_threads`, `no_permission`, `read_error`, `pid_namespace`. */
  readonly losses: ReadonlyMap<string, number>;
}

interface Open {
  descriptors: number;
  sockets: number;
}

/** A container with more descriptors than this has them left out; the number of its processes stays. */
const MAX_DESCRIPTORS = 100_000;
/** Descriptors looked at before other work gets its turn: about two milliseconds. */
const SLICE = 1000;
/** What listing a directory costs, in descriptors. */
const LISTING = 10;
/** What opening, reading and closing a file costs. */
const THREAD = 5;
const TASKS = ['sleeping', 'running', 'stopped', 'uninterruptible'] as const satisfies readonly (keyof Tasks)[];

export function createProcessSource(options: ProcessOptions): ProcessSource {
  const { procRoot, containers, clock } = options;
  const losses = new Losses();
  const rows = new Rows();
  const limitRows = new Rows('ulimit');
  const pace = pacer(SLICE);

  async function read({ signal }: Tick): Promise<FamilyTable[]> {
    const counts = new TableBuilder<typeof processes, EntityRow>(processes);
    const limits = new TableBuilder<typeof ulimit, EntityRow>(ulimit);
    const nested = options.nested?.();
    for (const container of [...containers()]) {
      const pids = membersOf(container, options, losses);
      const row = pids.length > 0 ? rows.of(container.entity, '', nested?.has(container.id)) : undefined;
      if (!row) continue;
      const open = await openOf(pids, signal);
      const found = await tasksOf(procRoot, pids, (threads) => pace(threads * THREAD));
      signal.throwIfAborted();
      if (found === 'too_many') losses.count('too_many_threads');
      const tasks = found === 'too_many' ? undefined : found;
      counts.add(row, clock.now());
      for (const state of TASKS) counts.set(processes.at[state], tasks?.[state] ?? Number.NaN);
      counts.set(processes.at.processes, pids.length);
      counts.set(processes.at.descriptors, open?.descriptors ?? Number.NaN);
      counts.set(processes.at.sockets, open?.sockets ?? Number.NaN);
      addLimits(limits, container);
    }
    rows.sweep();
    limitRows.sweep();
    return [counts.build(), limits.build()];
  }

  /** Undefined when there are too many to count or we may not look. */
  async function openOf(pids: readonly number[], signal: AbortSignal): Promise<Open | undefined> {
    const open: Open = { descriptors: 0, sockets: 0 };
    for (const pid of pids) {
      const dir = join(procRoot, String(pid), 'fd');
      const names = listed(dir, losses);
      if (!names) return undefined;
      open.descriptors += names.length;
      if (open.descriptors > MAX_DESCRIPTORS) {
        losses.count('too_many_descriptors');
        return undefined;
      }
      await pace(LISTING);
      for (const name of names) {
        if (isSocket(join(dir, name))) open.sockets++;
        const pause = pace(1);
        if (pause) await pause;
      }
      signal.throwIfAborted();
    }
    return open;
  }

  function addLimits(builder: TableBuilder<typeof ulimit, EntityRow>, container: Container): void {
    const bytes = readOnce(join(procRoot, String(container.pid), 'limits'));
    const timeMs = clock.now();
    for (const [name, soft] of bytes ? parseLimits(bytes) : []) {
      const row = limitRows.of(container.entity, name);
      if (!row) continue;
      builder.add(row, timeMs);
      builder.set(ulimit.at.soft, soft);
    }
  }

  return { name: 'process', losses: losses.counts, read, close: async () => {} };
}

/** The names in a directory of procfs: none when the process has gone, undefined when we may not look. */
function listed(dir: string, losses: Losses): string[] | undefined {
  try {
    return readdirSync(dir);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ESRCH') return [];
    losses.count(code === 'EACCES' || code === 'EPERM' ? 'no_permission' : 'read_error');
    return undefined;
  }
}

function isSocket(link: string): boolean {
  try {
    return readlinkSync(link).startsWith('socket:');
  } catch (error) {
    if (isNoData(error)) return false;
    throw error;
  }
}
