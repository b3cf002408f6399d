/**
 * Whether a store holds the truth minus what is counted as dropped: each container's readings, each window's sums at every level, no tick twice, no
 * counter that ever fell. Pure: the store's points and the evidence come in, failures go out in words.
 */
import { endOf, gaugeOf, PER_CONTAINER } from './arithmetic.ts';
import { type Evidence, hoursOff, LEARNT_MS, OPEN_MS, type Ticks, within } from './evidence.ts';
import { Group } from './group.ts';
import type { Level, Series, What } from './readers/reader.ts';
import { sightingsIn, totalOf } from './sighting.ts';

export type Holdings = Readonly<Record<Level, Readonly<Record<What, readonly Series[]>>>>;

export interface Verdict {
  readonly failures: readonly string[];
  /** Ticks that are not there, those that were lost uncounted (a killed agent's memory) not among them. */
  readonly missing: number;
  /** Windows that are not there at all. */
  readonly missingWindows: number;
}

const GROUPS: readonly Level[] = ['service', 'node', 'cluster'];
const MOST_FAILURES = 12;

export function check(store: string, holdings: Holdings, evidence: Evidence): Verdict {
  const { cast, journals, looked, unkept, dropped } = evidence;
  const forgotten = evidence.forgotten.get(store) ?? [];
  const seen = sightingsIn(holdings.container.counter, holdings.container.gauge, evidence);
  const failures = [...seen.failures];
  let missing = 0;
  let before = 0;
  journals.forEach((lines, node) => {
    for (const { tick } of lines) {
      if (tick > looked.to || seen.ticks[node]?.has(tick)) continue;
      if (tick < looked.from) before++;
      else if (!within(tick, unkept[node] ?? []) && !within(tick, forgotten)) missing++;
    }
  });
  const sinkDropped = evidence.sinkDropped.get(store) ?? 0;
  const explained = dropped + sinkDropped;
  const perTick = cast.containers * PER_CONTAINER;
  if (missing * perTick > explained)
    failures.push(`${missing} ticks are not there, and only ${explained} samples are counted as dropped`);
  // A sink that drops a window drops groups with it: by its samples nobody can tell how many ticks.
  const isExact = !evidence.wasAway && sinkDropped === 0 && [...unkept, forgotten].every((spans) => spans.length === 0);
  if (isExact && (missing + before) * perTick < dropped)
    failures.push(`${missing + before} ticks are not there, and ${dropped} samples are counted as dropped`);
  const windows = windowsOf(holdings, evidence, { seen: seen.ticks, forgotten });
  failures.push(...windows.failures);
  const lostWindows = windows.absent.filter((tick) => !within(tick, forgotten)).length;
  // Of which all rows were dropped, and counted, there may be none.
  if (lostWindows > 0 && explained === 0)
    failures.push(`${lostWindows} windows are not there, and nothing is counted as dropped`);
  for (const level of [...GROUPS, 'container'] as const)
    for (const series of holdings[level].counter) failures.push(...falls(level, series, evidence));
  return { failures: failures.slice(0, MOST_FAILURES), missing, missingWindows: lostWindows };
}

interface Windows {
  readonly failures: string[];
  readonly absent: number[];
}

/** What a store has. */
interface Stored {
  /** By node: the ticks that are there. */
  readonly seen: readonly ReadonlySet<number>[];
  readonly forgotten: readonly Ticks[];
}

function windowsOf(holdings: Holdings, evidence: Evidence, stored: Stored): Windows {
  const { seen } = stored;
  const { looked, cast } = evidence;
  const failures: string[] = [];
  const absent: number[] = [];
  const groups = GROUPS.flatMap((level) =>
    holdings[level].counter.map((series) => new Group(level, series, { gauges: holdings[level].gauge, evidence })),
  );
  const nodes = cast.nodes.map((name) => groups.find(({ level, labels }) => level === 'node' && labels.node === name));
  const reached = cast.nodes.map(() => 0);
  const afterStep = cast.nodes.map(() => 0);
  for (let tick = looked.from; tick <= looked.to; tick++) {
    const present = groups.filter((group) => group.counter(tick) !== undefined);
    if (present.length === 0) {
      if (!groups.some(({ wrongTime }) => wrongTime.has(tick))) absent.push(tick);
      continue;
    }
    // For which nobody had sent anything again in time: all of it is late.
    const noGroups = evidence.wasAway && present.every(({ level }) => level === 'node');
    for (const group of groups)
      if (
        group.counter(tick) === undefined &&
        !(noGroups && group.level !== 'node') &&
        !mayBeAbsent(group, tick, { evidence, seen })
      )
        failures.push(`${group.name} has no total at ${endOf(tick, cast)}`);
    nodes.forEach((group, node) => {
      const at = lastTick(group, group?.counter(tick), { node, evidence });
      const wrong = [...(group?.wrongTime ?? [])];
      const upTo = (last: number): number[] =>
        wrong.filter(([then]) => then <= last).map(([, total]) => lastTick(group, total, { node, evidence }) ?? 0);
      const own = groups.filter(({ level, members }) => level === 'service' && isAlone(members, node));
      const hidden = at === undefined ? inForgotten(own, { node, tick }, { evidence, stored }) : [];
      const before = upTo(tick + slackOf(node, evidence));
      const inWrong = upTo(Number.POSITIVE_INFINITY);
      failures.push(...badTick(at, { node, tick, seen: seen[node] as ReadonlySet<number>, inWrong }, evidence));
      reached[node] = at ?? Math.max(reached[node] as number, ...before, ...hidden);
      afterStep[node] = at ?? Math.max(reached[node] as number, ...inWrong);
    });
    for (const group of present) failures.push(...badSums(group, { tick, reached, afterStep, seen }, evidence));
  }
  nodes.forEach((group, node) => {
    for (const [tick, total] of group?.wrongTime ?? []) {
      const at = lastTick(group, total, { node, evidence });
      failures.push(...badTick(at, { node, tick, seen: seen[node] as ReadonlySet<number> }, evidence));
    }
  });
  return { failures, absent };
}

/**
 * By how many ticks a node's total may be off from its window. Where a clock was set, offsets are learnt to a second, and windows that are open when ours is
 * set forward are closed before the first of the new time, which is as much behind as they were open.
 */
function slackOf(node: number, { cast, clocks }: Evidence): number {
  if (clocks.collector) return Math.ceil((LEARNT_MS + OPEN_MS) / cast.windowMs) + 1;
  return clocks.agents.has(node) ? Math.ceil(LEARNT_MS / cast.windowMs) : 0;
}

/** A node's groups are not there for windows in which it was away: what they are comes late, if it comes. */
function mayBeAbsent(
  { level, labels, wrongTime }: Group,
  tick: number,
  { evidence, seen }: { evidence: Evidence; seen: readonly ReadonlySet<number>[] },
): boolean {
  const { cast } = evidence;
  // What windows that were open had when the clock was set is in windows of the other time.
  if ([...wrongTime.keys()].some((other) => Math.abs(other - tick) <= slackOf(0, evidence))) return true;
  if (level !== 'node') return false;
  const node = cast.nodes.indexOf(labels.node ?? '');
  // Where its clock was set a reading may lie in a window beside its own, and leave that empty if what would have been there is lost.
  const slack = slackOf(node, evidence);
  for (let other = tick - slack; other <= tick + slack; other++) if (!(seen[node]?.has(other) ?? false)) return true;
  return false;
}

function isAlone(members: Group['members'], node: number): boolean {
  return members.every((containers, other) => containers.length > 0 === (other === node));
}

/**
 * A node without a total counts up to the last that it has, in windows of either time. Where the store has forgotten such windows (a damaged log), totals of later
 * ones hold what was counted in them: services that are the node's alone say up to which tick, and that must be one that was read, is forgotten, and is not there.
 */
function inForgotten(
  own: readonly Group[],
  { node, tick }: { node: number; tick: number },
  { evidence, stored }: { evidence: Evidence; stored: Stored },
): number[] {
  const ticks = own.map((group) => lastTick(group, group.counter(tick), { node, evidence }));
  return ticks.filter((at): at is number => {
    if (at === undefined || at > tick + slackOf(node, evidence)) return false;
    const wasRead = evidence.journals[node]?.some((line) => line.tick === at) ?? false;
    return wasRead && within(at, stored.forgotten) && !stored.seen[node]?.has(at);
  });
}

/** Up to which of the node's ticks a total of it counts. */
function lastTick(
  group: Group | undefined,
  total: number | undefined,
  { node, evidence }: { node: number; evidence: Evidence },
): number | undefined {
  if (total === undefined) return undefined;
  const containers = (group as Group).members[node] as readonly number[];
  const perTick = totalOf(1, { node, containers }, evidence) - totalOf(0, { node, containers }, evidence);
  const first = evidence.journals[node]?.[0]?.tick ?? 0;
  return first + total / perTick;
}

interface NodeMoment {
  readonly node: number;
  readonly tick: number;
  /** Ticks of it that are there. */
  readonly seen: ReadonlySet<number>;
  /** Up to which ticks windows of the wrong time count: one that was closed after them has that as well. */
  readonly inWrong?: readonly number[];
}

function badTick(at: number | undefined, { node, tick, seen, inWrong = [] }: NodeMoment, evidence: Evidence): string[] {
  if (at === undefined) return [];
  const { cast, journals } = evidence;
  // In the last window all clocks are right again: nothing is lost for good.
  const slack = tick === evidence.looked.to ? 0 : slackOf(node, evidence);
  const where = `${cast.nodes[node]} at ${endOf(tick, cast)}`;
  if (!journals[node]?.some((line) => line.tick === at)) return [`${where} counts up to ${at}, which is no tick of it`];
  if (at > tick + slack && at > Math.max(...inWrong))
    return [`${where} counts what was read later: up to ${at}, not ${tick}`];
  const newest = Math.max(...[...seen].filter((one) => one <= tick - slack));
  return at < newest ? [`${where} counts up to ${at}, and tick ${newest} is there`] : [];
}

interface Moment {
  readonly tick: number;
  /** By node. */
  readonly reached: readonly number[];
  /**
   * The same for a window that was closed after the clock was put right, for batches that agents had kept: with all that was counted in windows of the wrong
   * time, those of later moments too. When a window was closed nobody can tell from the store.
   */
  readonly afterStep: readonly number[];
  readonly seen: readonly ReadonlySet<number>[];
}

function badSums(group: Group, { tick, reached, afterStep, seen }: Moment, evidence: Evidence): string[] {
  const { cast, clocks } = evidence;
  const where = `${group.name} at ${endOf(tick, cast)}`;
  const failures: string[] = [];
  const total = group.counter(tick) as number;
  // A node that was away comes late: what it used is in levels that span nodes when it is back, what it held is not. At the end all are there.
  const mayLag = group.level !== 'node' && (tick < evidence.looked.to || catchesUp(group, evidence));
  const dueBy = (ticks: readonly number[]): number =>
    group.members.reduce(
      (sum, containers, node) => sum + totalOf(ticks[node] as number, { node, containers }, evidence),
      0,
    );
  const due = dueBy(reached);
  if (total !== due && total !== dueBy(afterStep) && !(mayLag && total < due))
    failures.push(`${where} counts ${total}, not ${due}`);
  const there = group.members.flatMap((containers, node) => {
    const isThere = containers.length > 0 && (seen[node]?.has(tick) ?? false);
    return isThere ? [containers.reduce((sum, container) => sum + gaugeOf({ node, container, tick }), 0)] : [];
  });
  const isExact = !clocks.collector && clocks.agents.size === 0;
  const held = group.gauge(tick);
  const all = there.reduce((sum, value) => sum + value, 0);
  const isRight = (held ?? 0) === all || (mayLag && sumsOfSome(there).has(held ?? 0));
  if (isExact && !isRight) failures.push(`${where} holds ${held}, not ${there.length === 0 ? undefined : all}`);
  return failures;
}

/** Whether a window after the last that is looked at has all of the group that was read up to it. */
function catchesUp(group: Group, evidence: Evidence): boolean {
  const { looked, journals } = evidence;
  return group.ticks.some((tick) => {
    if (tick <= looked.to) return false;
    const due = group.members.reduce((sum, containers, node) => {
      const newest = Math.max(...(journals[node] ?? []).map((line) => line.tick).filter((one) => one <= tick));
      return sum + totalOf(newest, { node, containers }, evidence);
    }, 0);
    return group.counter(tick) === due;
  });
}

/** The sums of each choice of them, nothing among them. */
function sumsOfSome(parts: readonly number[]): ReadonlySet<number> {
  return new Set(parts.reduce<number[]>((sums, part) => sums.flatMap((sum) => [sum, sum + part]), [0]));
}

/** In the order of time. Where a clock was set, the windows before and after overlap in true time: each of its times is looked at by itself. */
function falls(level: Level, { labels, points }: Series, evidence: Evidence): string[] {
  const before = new Map<number, number>();
  return points.flatMap(([timeMs, value]) => {
    const hours = hoursOff(timeMs, evidence);
    const last = before.get(hours) ?? 0;
    before.set(hours, value);
    return value < last ? [`${level} ${JSON.stringify(labels)} fell from ${last} to ${value} at ${timeMs}`] : [];
  });
}
