/** One schedule from beginning to end: everything is started, all is well for some windows, the faults happen, all is well again, and the stores are asked. */
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../support/wait.ts';
import { type Cast, endOf } from './arithmetic.ts';
import type { Counts } from './counts.ts';
import { type Evidence, trueTime } from './evidence.ts';
import { judge, logsOf, type Result, SINKS, standOf, tooLate } from './judge.ts';
import { play } from './play.ts';
import { randomOf } from './random.ts';
import type { Reader } from './readers/reader.ts';
import type { Schedule } from './schedule.ts';
import { readersOf, type Servers } from './servers.ts';
import { type Stage, startStage } from './stage.ts';

export interface RunOptions {
  readonly schedule: Schedule;
  readonly servers: Servers;
  /** The generator's file. */
  readonly agentFile: string;
  /** What makes the databases' names new. */
  readonly salt: string;
}

/** Windows that all stores must have before anything goes wrong, and after. */
const CALM_WINDOWS = 2;
const CALM_MS = 90_000;
/** Nothing is read before so many ticks after zero, so that every counter has something in it. */
const ZERO_TICKS = 10;

export async function runSchedule(options: RunOptions): Promise<Result> {
  const { schedule, servers, agentFile, salt } = options;
  const random = randomOf(schedule.seed + 1_000_003);
  const run = `s${schedule.seed}_${salt}`;
  const stage = await startStage({ run, cast: castOf(schedule), servers, agentFile, random });
  const looking = lookAllTheWhile(stage.counts);
  try {
    const times = [performance.now()];
    const readers = readersOf(run, servers, stage.collectorUrl);
    const from = tickNow(stage.cast) + 1;
    await reached(readers, { tick: from + CALM_WINDOWS, stage });
    times.push(performance.now());
    await stage.counts.look();
    const lateBefore = tooLate(stage.counts);
    const played = await play(schedule, { stage, servers, random });
    times.push(performance.now());
    const calm = tickNow(stage.cast) + 1;
    const to = await settled({ stage, readers, tick: calm + CALM_WINDOWS, collectorClock: collectorClock(schedule) });
    times.push(performance.now());
    await stage.counts.look();
    const result = await judge({ ...options, stage, readers, played, lateBefore, looked: { from: from + 1, to } });
    return { ...result, summary: `${result.summary}; ${durationsOf(times)}` };
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return { failures: [words], summary: standOf(stage), logs: logsOf(stage) };
  } finally {
    await looking.stop();
    await Promise.all([stage.collector, ...stage.agents].map(({ server }) => server.end('SIGKILL')));
    await stage.stop();
  }
}

function durationsOf(times: readonly number[]): string {
  const seconds = times.slice(1).map((time, i) => ((time - (times[i] as number)) / 1000).toFixed(1));
  return `beginning, faults, calm ${seconds.join(' + ')} s`;
}

function castOf({ nodes, containers, windowMs }: Schedule): Cast {
  return {
    ...{ windowMs, containers, nodes: Array.from({ length: nodes }, (_, i) => `n${i}`) },
    zero: Math.floor(Date.now() / windowMs) - ZERO_TICKS,
  };
}

function tickNow({ windowMs }: Cast): number {
  return Math.floor(Date.now() / windowMs);
}

function collectorClock({ faults }: Schedule): boolean {
  return faults.some((fault) => fault.kind === 'clock' && fault.of.is === 'collector');
}

const LOOK_MS = 200;

function lookAllTheWhile(counts: Counts): { stop(): Promise<void> } {
  let over = false;
  const looking = (async () => {
    while (!over) {
      await counts.look();
      await delay(LOOK_MS);
    }
  })();
  return {
    async stop() {
      over = true;
      await looking;
    },
  };
}

/** Waits until every store has the window of that tick, with all nodes in it. */
async function reached(readers: readonly Reader[], { tick, stage }: { tick: number; stage: Stage }): Promise<void> {
  const endMs = endOf(tick, stage.cast);
  for (const reader of readers)
    await waitFor(
      async () => {
        const nodes = await reader.series('node', 'gauge');
        const there = nodes.filter(({ points }) => points.some(([timeMs]) => timeMs >= endMs));
        return there.length === stage.cast.nodes.length;
      },
      { timeoutMs: CALM_MS, everyMs: 200, what: `${reader.name} to have all nodes at the beginning` },
    );
}

interface Settling {
  readonly stage: Stage;
  readonly readers: readonly Reader[];
  readonly tick: number;
  readonly collectorClock: boolean;
}

/** Waits until what all agents had read by that tick is durable, and every store has its window; answers the tick. */
async function settled({ stage, readers, tick, collectorClock: isOff }: Settling): Promise<number> {
  const { cast, counts } = stage;
  await waitFor(() => tickNow(cast) > tick + 1, { timeoutMs: CALM_MS, what: 'calm' });
  await counts.look();
  const due = stage.agents.map((_, node) => counts.agent(node));
  for (const [node, then] of due.entries())
    await waitFor(
      () => {
        const now = counts.agent(node);
        if (now === undefined || then === undefined) return false;
        // Another session begins its books with what was left to it.
        if (now.session !== then.session) throw new Error(`agent ${node} was started anew in the calm`);
        return now.offered - now.queued >= then.offered;
      },
      { timeoutMs: CALM_MS, everyMs: 100, what: `agent ${node} to have everything durable` },
    );
  await sinksEmptied(counts);
  // A window more: where a busy machine made somebody late in the last, levels that span nodes have what it used in the next.
  const endMs = endOf(tickNow(cast) + CALM_WINDOWS, cast);
  const looked = { from: tick, to: tick };
  for (const reader of readers)
    await waitFor(
      async () => {
        const [cluster] = await reader.series('cluster', 'counter');
        const evidence = {
          cast,
          looked,
          clocks: { agents: new Set<number>(), collector: isOff },
        } as unknown as Evidence;
        return cluster?.points.some(([timeMs]) => trueTime(timeMs, evidence) >= endMs);
      },
      { timeoutMs: CALM_MS, everyMs: 200, what: `${reader.name} to have the last window` },
    );
  return tick;
}

/** What is durable has to get to the sinks still: late windows come behind those of now. */
async function sinksEmptied(counts: Counts): Promise<void> {
  const of = (sink: string, what: string): number =>
    counts.page?.sum(`plimsoll_sink_samples_${what}_total`, { sink }) ?? 0;
  await counts.look();
  for (const sink of SINKS) {
    const received = of(sink, 'received');
    await waitFor(() => of(sink, 'delivered') + of(sink, 'dropped') >= received, {
      ...{ timeoutMs: CALM_MS, everyMs: 100, what: `${sink} to be given all that is durable` },
    });
  }
}
