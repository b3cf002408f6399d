/** One schedule from beginning to end: everything is started, all is well for some windows, the faults happen, all is well again, and the stores are asked. */
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../support/wait.ts';
import { type Cast, endOf } from './arithmetic.ts';
import { check, type Holdings } from './check.ts';
import type { Counts } from './counts.ts';
import { type Evidence, type Ticks, trueTime } from './evidence.ts';
import { type Played, play } from './play.ts';
import { randomOf } from './random.ts';
import { LEVELS, type Reader } from './readers/reader.ts';
import type { Schedule } from './schedule.ts';
import { readersOf, type Servers } from './servers.ts';
import { type Stage, startStage } from './stage.ts';

export interface Result {
  readonly failures: readonly string[];
  /** What was seen, for the record. */
  readonly summary: string;
  /** What the processes said, for a schedule that failed. */
  readonly logs: string;
}

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
  const endMs = endOf(tick, cast);
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

interface Judging extends RunOptions {
  readonly stage: Stage;
  readonly readers: readonly Reader[];
  readonly played: Played;
  readonly looked: Ticks;
  /** Samples that had come too late before anything went wrong. */
  readonly lateBefore: number;
}

async function judge({ schedule, stage, readers, played, looked, lateBefore }: Judging): Promise<Result> {
  const { cast, counts } = stage;
  const sum = (by: ReadonlyMap<string, number>): number => [...by.values()].reduce((all, one) => all + one, 0);
  // The agents go on reading: what they have read is looked at last.
  const all: [Reader, Holdings][] = [];
  for (const reader of readers) all.push([reader, await holdingsOf(reader)]);
  const clocks = schedule.faults.flatMap((fault) => (fault.kind === 'clock' ? [fault.of] : []));
  const evidence: Evidence = {
    ...{ cast, looked, unkept: played.unkept, forgotten: played.forgotten },
    journals: cast.nodes.map((_, node) => stage.journal(node)),
    dropped: sum(counts.dropped()),
    stateLost: played.notes.some((note) => note.includes('.log at')),
    sinkDropped: new Map(readers.map(({ name }) => [name, sum(counts.sinkDropped(name))])),
    clocks: {
      agents: new Set(clocks.flatMap((of) => (of.is === 'agent' ? [of.node] : []))),
      collector: clocks.some(({ is }) => is === 'collector'),
    },
  };
  const failures: string[] = [];
  const words: string[] = [];
  const held: string[] = [];
  for (const [reader, holdings] of all) {
    const verdict = check(reader.name, holdings, evidence);
    if (verdict.failures.length > 0) held.push(`--- ${reader.name}`, ...heldIn(holdings));
    failures.push(...verdict.failures.map((failure) => `${reader.name}: ${failure}`));
    words.push(`${reader.name} lacks ${verdict.missing} ticks, ${verdict.missingWindows} windows`);
  }
  failures.push(...badBooks(counts, readers), ...lateLosses(schedule, tooLate(counts) - lateBefore));
  const ticks = evidence.journals.reduce((all, lines) => all + lines.length, 0);
  const notes = played.notes.length === 0 ? '' : `; ${played.notes.join(', ')}`;
  const summary = `${ticks} ticks read, ${looked.to - looked.from + 1} windows; ${words.join('; ')}; ${standOf(stage)}${notes}`;
  return { failures, summary, logs: failures.length > 0 ? `${held.join('\n')}\n${logsOf(stage)}` : '' };
}

/** The nodes' and the cluster's totals, for whoever looks into a failure. */
function heldIn(holdings: Holdings): string[] {
  return [...holdings.node.counter, ...holdings.cluster.counter].map(
    ({ labels, points }) => `${labels.node ?? 'cluster'} ${points.map((point) => point.join(' ')).join(', ')}`,
  );
}

async function holdingsOf(reader: Reader): Promise<Holdings> {
  const levels = LEVELS.map(async (level) => {
    const counter = await reader.series(level, 'counter');
    // What has come meanwhile is in the second only: for each counter its gauge is there.
    const gauge = await reader.series(level, 'gauge');
    return [level, { counter, gauge }] as const;
  });
  return Object.fromEntries(await Promise.all(levels)) as unknown as Holdings;
}

/** Per sink: received = delivered + dropped + waiting. */
function badBooks({ page }: Counts, readers: readonly Reader[]): string[] {
  if (page === undefined) return ['the collector’s page was never seen'];
  const sinks = readers.filter(({ isOwn }) => !isOwn);
  return sinks.flatMap(({ name: sink }) => {
    const of = (what: string): number => page.sum(`plimsoll_sink_${what}`, { sink }) ?? 0;
    const received = of('samples_received_total');
    const known = of('samples_delivered_total') + of('samples_dropped_total') + of('queue_samples');
    return received === known ? [] : [`${sink}: ${received} samples were received, and ${known} are accounted for`];
  });
}

function tooLate(counts: Counts): number {
  return counts.dropped().get('too_late') ?? 0;
}

/** Whoever was away comes into the windows that it missed; only where the collector was away as well, or a clock wrong, may that be too late. */
function lateLosses({ faults }: Schedule, samples: number): string[] {
  const isExcused = faults.some((fault) => {
    if (fault.kind === 'clock') return true;
    if (fault.kind === 'damage' || fault.kind === 'read-only') return fault.of.is === 'collector';
    return 'target' in fault && fault.target.is === 'collector';
  });
  return samples > 0 && !isExcused
    ? [`${samples} samples came too late, and the collector was there all the while`]
    : [];
}

function standOf({ counts, agents }: Stage): string {
  const dropped = [...counts.dropped()].map(([reason, samples]) => `${reason} ${samples}`).join(', ') || 'nothing';
  const sinks = ['influx', 'prom', 'victoria'].flatMap((sink) =>
    [...counts.sinkDropped(sink)].map(([reason, samples]) => `${sink} ${reason} ${samples}`),
  );
  const queues = agents.map((_, node) => counts.agent(node)?.queuedBatches ?? '?').join(' ');
  return `dropped: ${dropped}${sinks.length === 0 ? '' : `; sinks: ${sinks.join(', ')}`}; agents hold ${queues}`;
}

const LOG_LINES = 40;

function logsOf({ collector, agents }: Stage): string {
  return [collector, ...agents]
    .map(({ server }) => `--- ${server.name}\n${server.log().split('\n').slice(-LOG_LINES).join('\n')}`)
    .join('\n');
}
