/** After a schedule was played: what the stores hold, the books of the sinks, and what was refused or came too late, into failures in words. */
import { type Cast, PER_CONTAINER } from './arithmetic.ts';
import type { Counts } from './counts.ts';
import { check, type Holdings } from './check.ts';
import type { Evidence, Ticks } from './evidence.ts';
import { lettersIn, samplesOf, withLetters, wrongLetters } from './letters.ts';
import type { Played } from './play.ts';
import { LEVELS, type Reader } from './readers/reader.ts';
import type { Schedule } from './schedule.ts';
import type { Stage } from './stage.ts';

export interface Result {
  readonly failures: readonly string[];
  /** What was seen, for the record. */
  readonly summary: string;
  /** What the processes said, for a schedule that failed. */
  readonly logs: string;
}

/** By the names that the configuration gives them. */
export const SINKS = ['influx', 'prom', 'victoria'] as const;

export interface Judging {
  readonly schedule: Schedule;
  readonly stage: Stage;
  readonly readers: readonly Reader[];
  readonly played: Played;
  readonly looked: Ticks;
  /** Samples that had come too late before anything went wrong. */
  readonly lateBefore: number;
}

export async function judge({ schedule, stage, readers, played, looked, lateBefore }: Judging): Promise<Result> {
  const { cast, counts } = stage;
  const sum = (by: ReadonlyMap<string, number>): number => [...by.values()].reduce((all, one) => all + one, 0);
  // The agents go on reading: what they have read is looked at last.
  const all: [Reader, Holdings][] = [];
  const { refused } = stage.proxies.influx;
  for (const reader of readers) {
    const holdings = await holdingsOf(reader);
    const isInflux = reader.name === 'influx';
    all.push([reader, isInflux ? withLetters(holdings, lettersIn(stage.letters), refused) : holdings]);
  }
  const clocks = schedule.faults.flatMap((fault) => (fault.kind === 'clock' ? [fault.of] : []));
  const evidence: Evidence = {
    ...{ cast, looked, unkept: played.unkept, forgotten: played.forgotten },
    journals: cast.nodes.map((_, node) => stage.journal(node)),
    // A flip costs a batch, which is a tick of all containers.
    dropped: sum(counts.dropped()) + counts.damagedSpools() * cast.containers * PER_CONTAINER,
    wasAway: isAway(schedule),
    sinkDropped: new Map(
      readers.map(({ name, isOwn }) => [name, isOwn ? lostBy(counts, cast) : droppedBy(counts, name)]),
    ),
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
  failures.push(
    ...badLetters(stage, schedule),
    ...badBooks(counts, readers),
    ...lateLosses(schedule, tooLate(counts) - lateBefore),
  );
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

export function tooLate(counts: Counts): number {
  return counts.dropped().get('too_late') ?? 0;
}

/** Whoever was away comes into the windows that it missed; only where the collector was away as well, or a clock wrong, may that be too late. */
function lateLosses({ faults }: Schedule, samples: number): string[] {
  const isExcused = faults.some(({ kind }) => kind === 'clock') || isAway({ faults }, 'stop');
  return samples > 0 && !isExcused
    ? [`${samples} samples came too late, and the collector was there all the while`]
    : [];
}

/** Whether the collector was ended, or only stood still. */
function isAway({ faults }: Pick<Schedule, 'faults'>, besides?: 'stop'): boolean {
  return faults.some((fault) => {
    if (fault.kind === 'damage' || fault.kind === 'read-only') return fault.of.is === 'collector';
    return 'target' in fault && fault.target.is === 'collector' && (fault.kind !== 'stop' || besides === 'stop');
  });
}

/** Lines that were refused are looked for one by one. */
const REJECTED = 'rejected';

function droppedBy(counts: Counts, sink: string): number {
  const reasons = [...counts.sinkDropped(sink)].filter(([reason]) => reason !== REJECTED);
  return reasons.reduce((sum, [, samples]) => sum + samples, 0);
}

/** The store counts windows: each has a tick of every node at most. */
function lostBy({ page }: Counts, { nodes, containers }: Cast): number {
  return (page?.sum('plimsoll_store_windows_lost_total') ?? 0) * nodes.length * containers * PER_CONTAINER;
}

/** What InfluxDB refused is counted, number by number, where it says which lines those are; and nothing else is put aside. */
function badLetters({ counts, proxies, letters }: Stage, schedule: Schedule): string[] {
  const { refused } = proxies.influx;
  const failures = wrongLetters(lettersIn(letters), refused);
  const counted = counts.sinkDropped('influx').get(REJECTED) ?? 0;
  const lost = refused.reduce((sum, { line }) => sum + samplesOf(line), 0);
  const isExact = !isAway(schedule) && refused.every(({ says }) => says === 'quoted');
  if (isExact && counted !== lost) failures.push(`influx: ${lost} samples were refused, and ${counted} are counted`);
  return failures;
}

export function standOf({ counts, agents }: Stage): string {
  const dropped = [...counts.dropped()].map(([reason, samples]) => `${reason} ${samples}`).join(', ') || 'nothing';
  const sinks = SINKS.flatMap((sink) =>
    [...counts.sinkDropped(sink)].map(([reason, samples]) => `${sink} ${reason} ${samples}`),
  );
  const queues = agents.map((_, node) => counts.agent(node)?.queuedBatches ?? '?').join(' ');
  return `dropped: ${dropped}${sinks.length === 0 ? '' : `; sinks: ${sinks.join(', ')}`}; agents hold ${queues}`;
}

const LOG_LINES = 40;

export function logsOf({ collector, agents }: Stage): string {
  return [collector, ...agents]
    .map(({ server }) => `--- ${server.name}\n${server.log().split('\n').slice(-LOG_LINES).join('\n')}`)
    .join('\n');
}
