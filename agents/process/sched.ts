/**
 * Source `sched`: how long each container's threads ran and waited for a CPU. Off by default. The kernel has the numbers per
 * thread and forgets them with it, so the increases are added up here: the total never falls while the agent runs, and
 * begins with what the living threads have when the container is first seen.
 */
import { join } from 'node:path';
import { sched } from '../../src/catalog/sched.ts';
import type { FamilyTable } from '../../src/model/batch.ts';
import { TableBuilder } from '../../src/model/builder.ts';
import type { Entity, EntityRow } from '../../src/model/table.ts';
import type { Container } from '../container.ts';
import { namesIn, readOnce } from '../kernel/files.ts';
import type { Source, Tick } from '../source.ts';
import { Lines } from '../kernel/lines.ts';
import { Losses } from '../kernel/losses.ts';
import { membersOf } from './members.ts';
import { pacer } from '../kernel/pace.ts';
import type { ProcessOptions } from './process.ts';
import { Rows } from '../kernel/rows.ts';

export interface SchedSource extends Source {
  /** `too_many_threads`, `pid_namespace`. */
  readonly losses: ReadonlyMap<string, number>;
}

/** A container that was not to be read for so long begins anew. */
const KEPT_MS = 300_000;

/** Nanoseconds, nanoseconds, count. */
type Numbers = readonly [run: number, queue: number, periods: number];

interface Totals {
  readonly entity: Entity;
  /** When it was last read, by the monotonic clock. */
  seenMs: number;
  run: number;
  queue: number;
  periods: number;
  /** Each living thread's last reading. */
  last: Map<number, Numbers>;
}

/** A container with more threads than this is left out. */
const MAX_THREADS = 20_000;
/** Threads read before other work gets its turn: about three milliseconds. */
const SLICE = 200;
const NANOSECONDS = 1e9;

export function createSchedSource(options: ProcessOptions): SchedSource {
  const { procRoot, containers, clock } = options;
  const losses = new Losses();
  const rows = new Rows();
  const pace = pacer(SLICE);
  const totals = new Map<string, Totals>();

  async function read({ signal }: Tick): Promise<FamilyTable[]> {
    const builder = new TableBuilder<typeof sched, EntityRow>(sched);
    const nested = options.nested?.();
    for (const container of [...containers()]) {
      const pids = membersOf(container, options, losses);
      const row = pids.length > 0 ? rows.of(container.entity, '', nested?.has(container.id)) : undefined;
      const sum = row && (await summed(container, pids, signal));
      if (!row || !sum) continue;
      sum.seenMs = clock.monotonic();
      totals.set(container.id, sum);
      builder.add(row, clock.now());
      builder.set(sched.at.run, sum.run / NANOSECONDS);
      builder.set(sched.at.queue, sum.queue / NANOSECONDS);
      builder.set(sched.at.periods, sum.periods);
    }
    forget();
    rows.sweep();
    return [builder.build()];
  }

  /** One that misses a reading or two keeps its totals: a counter that began anew would look like a restart. */
  function forget(): void {
    const oldestMs = clock.monotonic() - KEPT_MS;
    for (const [id, { seenMs }] of totals) if (seenMs < oldestMs) totals.delete(id);
  }

  /** The totals with what the threads did since the last reading; undefined when there are too many to ask. */
  async function summed(
    { id, entity }: Container,
    pids: readonly number[],
    signal: AbortSignal,
  ): Promise<Totals | undefined> {
    const known = totals.get(id);
    // Another start means other processes: the kernel began anew, and so do we.
    const sum =
      known?.entity.startMs === entity.startMs
        ? known
        : { entity, seenMs: 0, run: 0, queue: 0, periods: 0, last: new Map() };
    const now = new Map<number, Numbers>();
    for (const pid of pids) {
      signal.throwIfAborted();
      const tasks = join(procRoot, String(pid), 'task');
      for (const tid of namesIn(tasks)) {
        const numbers = schedstatOf(join(tasks, tid, 'schedstat'));
        if (numbers) now.set(Number(tid), numbers);
        const pause = pace(1);
        if (pause) await pause;
      }
      if (now.size > MAX_THREADS) {
        losses.count('too_many_threads');
        return undefined;
      }
    }
    addIncreases(sum, now);
    return sum;
  }

  return {
    name: 'sched',
    losses: losses.counts,
    read,
    async close() {
      totals.clear();
    },
  };
}

function addIncreases(sum: Totals, now: Map<number, Numbers>): void {
  for (const [tid, numbers] of now) {
    const before = sum.last.get(tid);
    // Lower than before: the number belongs to a new thread by now, all of whose time is new.
    const [run, queue, periods] = before && numbers[0] >= before[0] && numbers[2] >= before[2] ? before : [0, 0, 0];
    sum.run += numbers[0] - run;
    sum.queue += Math.max(0, numbers[1] - queue);
    sum.periods += numbers[2] - periods;
  }
  sum.last = now;
}

/** The text of a schedstat file, `1215187 23412 87`; undefined when it is something else. */
export function parseSchedstat(bytes: Buffer): Numbers | undefined {
  const lines = new Lines(bytes);
  lines.next();
  const numbers: Numbers = [lines.number(), lines.number(), lines.number()];
  return numbers.some(Number.isNaN) ? undefined : numbers;
}

function schedstatOf(path: string): Numbers | undefined {
  const bytes = readOnce(path);
  return bytes && parseSchedstat(bytes);
}
