/** The judge of the fault harness, judged: stores made by arithmetic, and each thing that must not be in them. */
import { describe, expect, test } from 'vitest';
import type { JournalLine } from './agent.ts';
import { type Cast, counterOf, endOf, gaugeOf, nameOf, serviceOf, timeOf } from './arithmetic.ts';
import { check, type Holdings } from './check.ts';
import type { Evidence } from './evidence.ts';
import type { Point, Series } from './readers/reader.ts';
import { scheduleOf, wordsOf } from './schedule.ts';

const cast: Cast = { windowMs: 500, nodes: ['n0', 'n1'], containers: 3, zero: 1000 };
const TICKS = Array.from({ length: 10 }, (_, i) => 1010 + i);
const FIRST = 1010;

const journals = cast.nodes.map(() =>
  TICKS.map((tick, i): JournalLine => ({ tick, stampMs: timeOf(tick, cast), session: 's', seq: i + 1 })),
);
const evidence: Evidence = {
  ...{ cast, journals, looked: { from: 1012, to: 1019 }, wasAway: false, dropped: 0 },
  ...{ unkept: [[], []], forgotten: new Map(), sinkDropped: new Map() },
  clocks: { agents: new Set(), collector: false },
};

const containers = cast.nodes.flatMap((name, node) =>
  Array.from({ length: cast.containers }, (_, container) => ({ name, node, container })),
);
type Member = (typeof containers)[number];

/** A group of those, with each value summed over them. */
function group(labels: Series['labels'], members: readonly Member[], of: (member: Member, tick: number) => number) {
  const points = TICKS.map((tick): Point => [endOf(tick, cast), members.reduce((sum, m) => sum + of(m, tick), 0)]);
  return { labels, points };
}
const single = (of: (member: Member, tick: number) => number): Series[] =>
  containers.map((member) => ({
    labels: { name: nameOf(member.name, member.container) },
    points: TICKS.map((tick): Point => [timeOf(tick, cast), of(member, tick)]),
  }));
const grown = (member: Member, tick: number): number =>
  counterOf({ ...member, tick }, cast) - counterOf({ ...member, tick: FIRST }, cast);
const held = (member: Member, tick: number): number => gaugeOf({ ...member, tick });

function holdings(): Holdings {
  const level = (by: (member: Member) => Record<string, string>) => {
    const groups = new Map(containers.map((member) => [JSON.stringify(by(member)), by(member)]));
    const make = (of: (member: Member, tick: number) => number): Series[] =>
      [...groups].map(([key, labels]) =>
        group(
          labels,
          containers.filter((m) => JSON.stringify(by(m)) === key),
          of,
        ),
      );
    return { counter: make(grown), gauge: make(held) };
  };
  return {
    container: { counter: single((m, tick) => counterOf({ ...m, tick }, cast)), gauge: single(held) },
    service: level(({ name, container }) => serviceOf(name, container)),
    node: level(({ name }) => ({ node: name })),
    cluster: level(() => ({ cluster: 'c' })),
  };
}

/** The truth with the points of some series changed. */
function spoilt(levels: readonly (keyof Holdings)[], change: (points: readonly Point[]) => Point[]): Holdings {
  const all = holdings();
  const spoil = (series: readonly Series[]): Series[] => series.map((one) => ({ ...one, points: change(one.points) }));
  const entries = Object.entries(all).map(([level, { counter, gauge }]) =>
    levels.includes(level as keyof Holdings)
      ? [level, { counter: spoil(counter), gauge: spoil(gauge) }]
      : [level, { counter, gauge }],
  );
  return Object.fromEntries(entries) as Holdings;
}

const EVERY = ['container', 'service', 'node', 'cluster'] as const;
const failures = (of: Holdings, more: Partial<Evidence> = {}) => check('store', of, { ...evidence, ...more }).failures;
/** Without a window: its tick and its end. */
const without = (tick: number) => (points: readonly Point[]) =>
  points.filter(([ms]) => ms !== timeOf(tick, cast) && ms !== endOf(tick, cast));

test('the truth is the truth', () => {
  // Two nodes with containers of 1, 4, 7 and 18, 21, 24 a tick: in the last window, nine ticks on, 9 × 75 in all.
  expect(holdings().cluster.counter[0]?.points.at(-1)).toEqual([endOf(1019, cast), 675]);
  expect(check('store', holdings(), evidence)).toEqual({ failures: [], missing: 0, missingWindows: 0 });
});

test('a window that is not there is a failure, unless as many samples are counted as dropped', () => {
  const lacking = spoilt(EVERY, without(1015));
  expect(failures(lacking).join()).toMatch(/2 ticks are not there, and only 0 samples.*1 windows are not there/);
  // Two ticks of three containers with two numbers each.
  expect(failures(lacking, { dropped: 11 }).join()).toMatch(/only 11 samples/);
  expect(failures(lacking, { dropped: 12 })).toEqual([]);
  expect(failures(lacking, { sinkDropped: new Map([['store', 12]]) })).toEqual([]);
  expect(failures(lacking, { sinkDropped: new Map([['other', 12]]) })).not.toEqual([]);
});

test('what is counted as dropped and is there is a failure, where the counting can be exact', () => {
  expect(failures(holdings(), { dropped: 6 }).join()).toMatch(/0 ticks are not there, and 6 samples are counted/);
  const lacking = spoilt(EVERY, without(1015));
  expect(failures(lacking, { dropped: 18 }).join()).toMatch(/2 ticks are not there, and 18 samples are counted/);
  // Before all was well, too: the first tick of both nodes.
  expect(failures(spoilt(['container'], without(FIRST)), { dropped: 12 })).toEqual([]);
  // A collector that was ended may have counted what came again as well; what a killed agent had may have been dropped before.
  expect(failures(lacking, { dropped: 18, wasAway: true })).toEqual([]);
  expect(failures(lacking, { dropped: 18, unkept: [[], [{ from: 1010, to: 1011 }]] })).toEqual([]);
  expect(failures(lacking, { dropped: 12, sinkDropped: new Map([['store', 5]]) })).toEqual([]);
});

describe('a collector whose clock was set', () => {
  const HOUR = 3_600_000;
  const set = { clocks: { agents: new Set<number>(), collector: true } };
  /** From tick 1013 to 1015 its clock was an hour ahead. */
  const ahead = (points: readonly Point[]): Point[] =>
    points
      .map(([ms, value]): Point => [ms > endOf(1012, cast) && ms <= endOf(1015, cast) ? ms + HOUR : ms, value])
      .sort(([a], [b]) => a - b);

  test('has all that was counted, in windows of one time or of the other', () => {
    expect(failures(spoilt(EVERY, ahead), set)).toEqual([]);
  });

  test('loses nothing that counters grew by: not even across the step', () => {
    // After the step it goes on as if the first reading had been a baseline: one tick behind for ever.
    const lost = spoilt(['node', 'cluster', 'service'], (points) =>
      ahead(
        points.map(([ms, value], i) => [
          ms,
          i < 6 ? value : value - ((points[6] as Point)[1] - (points[5] as Point)[1]),
        ]),
      ),
    );
    expect(failures(lost, set).join()).toMatch(/n0 at \d+ counts up to 1018, and tick 1019 is there/);
  });

  test('counts nothing twice in windows of the wrong time', () => {
    const twice = spoilt(['node'], (points) =>
      ahead(points.map(([ms, value], i) => [ms, i === 4 ? value + 0.5 : value])),
    );
    expect(failures(twice, set).join()).toMatch(/which is no tick of it/);
  });

  /**
   * Seed 2: windows of the wrong time (1013 to 1015) lay in a damaged file of the log, and in the first after the step no node was there: the store's groups go on from
   * what was counted in windows that it has no more.
   */
  const behindTheStep = (more: (level: keyof Holdings, points: readonly Point[]) => Point[] = (_, all) => [...all]) => {
    const of = (level: keyof Holdings, what: 'counter' | 'gauge') =>
      spoilt(EVERY, (points) => {
        const kept = points.filter(([ms]) => ms <= endOf(1012, cast) || ms > endOf(1015, cast));
        const there = level === 'container' || level === 'node' || what === 'gauge' ? without(1016)(kept) : kept;
        const counted = points.find(([ms]) => ms === endOf(1015, cast))?.[1] ?? 0;
        return more(
          level,
          there.map(([ms, value]) => [ms, what === 'counter' && ms === endOf(1016, cast) ? counted : value]),
        );
      })[level][what];
    return Object.fromEntries(
      EVERY.map((level) => [level, { counter: of(level, 'counter'), gauge: of(level, 'gauge') }]),
    ) as unknown as Holdings;
  };
  const forgotten = (from: number, to: number) => ({ forgotten: new Map([['store', [{ from, to }]]]) });
  // Tick 1016 of both nodes, three containers with two numbers each, was dropped with the step.
  const dropped = 12;

  test('seed 2: goes on from what was counted in windows that a damaged log has lost, and from nothing else', () => {
    // 1015 is five ticks on: 5 × 75 in the cluster.
    expect(behindTheStep().cluster.counter[0]?.points[3]).toEqual([endOf(1016, cast), 375]);
    expect(failures(behindTheStep(), { ...set, ...forgotten(1000, 1015), dropped })).toEqual([]);
    // By a log that was not damaged, or not there, it would have been counted twice.
    expect(failures(behindTheStep(), { ...set, dropped: 100 }).join()).toMatch(/cluster {2}at \d+ counts 375, not 150/);
    expect(failures(behindTheStep(), { ...set, ...forgotten(1013, 1014), dropped: 100 }).join()).toMatch(
      /cluster {2}at \d+ counts 375, not 150/,
    );
  });

  test('seed 2: all groups go on from the same', () => {
    const change = (level: keyof Holdings, by: number) =>
      behindTheStep((own, points) =>
        points.map(([ms, value]) => [ms, own === level && ms === endOf(1016, cast) && value > 0 ? value + by : value]),
      );
    const more = { ...set, ...forgotten(1000, 1015), dropped };
    expect(failures(change('cluster', 1), more).join()).toMatch(/cluster {2}at \d+ counts 376, not 375/);
    // One of a service's containers of 7 a tick counts what no tick is: then it is no witness either.
    expect(failures(change('service', 1), more).join()).toMatch(/service n0\/s2 at \d+ counts 36, not 14/);
  });

  test('seed 53: a window that was closed when the clock was right again holds what was counted meanwhile, and no more', () => {
    // Of 1012 no node is there, of 1013 to 1016 nothing: dropped, and counted. 1017 and 1018 are in the wrong time: eight ticks on, 8 × 75 in the cluster.
    const closedLate = (more: number): Holdings => {
      const of = (level: keyof Holdings, what: 'counter' | 'gauge') =>
        spoilt(EVERY, (points) => {
          const before = points.find(([ms]) => ms === endOf(1018, cast))?.[1] ?? 0;
          const isAway = level === 'container' || level === 'node';
          return points
            .filter(([ms]) => ms <= endOf(isAway ? 1011 : 1012, cast) || ms > endOf(1016, cast))
            .map(([ms, value]): Point => {
              if (ms === endOf(1012, cast)) return [ms, what === 'counter' ? before + more : value];
              return [ms > endOf(1016, cast) && ms <= endOf(1018, cast) ? ms + HOUR : ms, value];
            })
            .sort(([x], [y]) => x - y);
        })[level][what];
      const levels = EVERY.map((level) => [level, { counter: of(level, 'counter'), gauge: of(level, 'gauge') }]);
      return Object.fromEntries(levels) as unknown as Holdings;
    };
    expect(closedLate(0).cluster.counter[0]?.points[2]).toEqual([endOf(1012, cast), 600]);
    // Five ticks of two nodes, three containers with two numbers each.
    expect(failures(closedLate(0), { ...set, dropped: 60 })).toEqual([]);
    // With 1019 as well, which was read after the last of the wrong time, or with anything twice.
    expect(failures(closedLate(75), { ...set, dropped: 60 }).join()).toMatch(/cluster {2}at \d+ counts 675, not 525/);
  });

  test('lacks no window that is not counted', () => {
    const lacking = spoilt(EVERY, (points) => ahead(without(1017)(points)));
    expect(failures(lacking, set).join()).toMatch(/2 ticks are not there.*1 windows are not there/);
  });
});

test('late in the last window that is looked at: the next has it', () => {
  const looked = { from: 1012, to: 1018 };
  const late = (points: readonly Point[], ends: readonly number[]): Point[] =>
    points.map(([ms, value]) => [ms, ends.includes(ms) ? value - 63 : value]);
  const change = (ends: readonly number[]): Holdings => {
    const { cluster, ...others } = holdings();
    return {
      ...others,
      cluster: { ...cluster, counter: cluster.counter.map((one) => ({ ...one, points: late(one.points, ends) })) },
    };
  };
  const [last, next] = [endOf(1018, cast), endOf(1019, cast)];
  expect(failures(change([last]), { looked })).toEqual([]);
  expect(failures(change([last, next]), { looked }).join()).toMatch(/cluster {2}at \d+ counts 537, not 600/);
});

test('groups that span nodes may lack a window for which nobody had sent anything again in time, after the collector was away', () => {
  const late = spoilt(['service', 'cluster'], without(1015));
  expect(failures(late).join()).toMatch(/cluster {2}has no total/);
  expect(failures(late, { wasAway: true })).toEqual([]);
  // One of them alone does not.
  expect(failures(spoilt(['service'], without(1015)), { wasAway: true }).join()).toMatch(
    /service shop\/web has no total/,
  );
});

test('what a killed agent had in memory alone may be missing, and no more', () => {
  const gone = spoilt(EVERY, without(1015));
  const unkept = [[{ from: 1015, to: 1015 }], [{ from: 1014, to: 1015 }]];
  expect(check('store', gone, { ...evidence, unkept, dropped: 1 })).toMatchObject({ failures: [], missing: 0 });
});

test('a reading that was counted twice, never made, or moved is found', () => {
  const twice = spoilt(['cluster'], (points) => points.map(([ms, value], i) => [ms, i < 5 ? value : value + 1]));
  expect(failures(twice).join()).toMatch(/cluster {2}at .* counts 376, not 375/);
  const moved = spoilt(['container'], (points) => points.map(([ms, value]) => [ms + 1, value]));
  expect(failures(moved).join()).toMatch(/tick 1010 of 505250 stands at 505251/);
  const again = spoilt(['container'], (points) => [...points, [timeOf(1019, cast) + 3, (points[0] as Point)[1]]]);
  expect(failures(again).join()).toMatch(/stands at/);
  const invented = spoilt(['container'], (points) => points.map(([ms, value]) => [ms, value + 0.5]));
  expect(failures(invented).join()).toMatch(/which was never read/);
});

test('a total that is behind what is there, or that fell, is found', () => {
  const behind = spoilt(['node'], (points) => points.map(([ms], i) => [ms, (points[Math.max(0, i - 1)] as Point)[1]]));
  expect(failures(behind).join()).toMatch(/n0 at .* counts up to 1011, and tick 1012 is there/);
  const fallen = spoilt(['service'], (points) => points.map(([ms, value], i) => [ms, i === 9 ? 0 : value]));
  expect(failures(fallen).join()).toMatch(/fell from \d+ to 0/);
});

test('a node that was away may be late in levels that span nodes, never at the end, and never by a part of it', () => {
  // Tick 1015 of n1, whose containers count 18, 21 and 24 a tick, came late: the cluster has 312 of the 375 that are due five ticks on.
  const late = (at: number, counts: number, holds: number): Holdings => {
    const { cluster, ...others } = holdings();
    const put = (series: readonly Series[], value: number): Series[] =>
      series.map((one) => ({ ...one, points: one.points.map(([ms, v]) => [ms, ms === endOf(at, cast) ? value : v]) }));
    return { ...others, cluster: { counter: put(cluster.counter, counts), gauge: put(cluster.gauge, holds) } };
  };
  const heldBy = (node: number, tick: number): number =>
    containers.filter((m) => m.node === node).reduce((sum, m) => sum + held(m, tick), 0);
  const alone = heldBy(0, 1015);
  expect(failures(late(1015, 375 - 63, alone))).toEqual([]);
  expect(failures(late(1015, 375 + 1, alone)).join()).toMatch(/cluster {2}at .* counts 376, not 375/);
  expect(failures(late(1015, 375 - 63, alone - 4096)).join()).toMatch(/cluster {2}at .* holds/);
  expect(failures(late(1019, 675 - 63, heldBy(0, 1019))).join()).toMatch(/counts 612, not 675.*holds/);
});

test('a schedule is made of its seed alone', () => {
  expect(scheduleOf(7)).toEqual(scheduleOf(7));
  expect(scheduleOf(7)).not.toEqual(scheduleOf(8));
  // A long one is the same, and one process more stands still.
  const long = scheduleOf(7, { long: true }).faults.filter(
    (fault) => !scheduleOf(7).faults.some((one) => wordsOf(one) === wordsOf(fault)),
  );
  expect(long).toEqual([expect.objectContaining({ kind: 'stop', forMs: 60_000 })]);
});

/**
 * Seed 21: the first reading after an agent's clock was set is put into the window beside its own, because offsets are learnt to a second, and the next is lost: the node
 * has a tick, and no total in that tick's window.
 */
test('seed 21: a node whose clock was set may have no total where its reading lies beside, and one that was not must have it', () => {
  // What n0 has in each window, by tick; nothing in that of 1015.
  const inWindow = (tick: number): number => (tick === 1016 ? 1015 : tick);
  const truth = holdings();
  const isOfN0 = ({ labels }: Series): boolean => labels.node === 'n0' || (labels.name ?? '').startsWith('n0');
  const moved = (of: (member: Member, tick: number) => number) => (one: Series) => ({
    ...one,
    points: TICKS.filter((tick) => tick !== 1015).map(
      (tick): Point => [
        endOf(tick, cast),
        containers.reduce((sum, m) => sum + (m.name === 'n0' ? of(m, inWindow(tick)) : 0), 0),
      ],
    ),
  });
  const node = {
    counter: truth.node.counter.map((one) => (isOfN0(one) ? moved(grown)(one) : one)),
    gauge: truth.node.gauge.map((one) => (isOfN0(one) ? moved(held)(one) : one)),
  };
  const absent = (clocks: Evidence['clocks']): string[] =>
    failures({ ...truth, node }, { clocks, dropped: 100 }).filter((words) => words.includes('has no total'));
  expect(absent({ agents: new Set([1]), collector: false })).toEqual([`node n0 has no total at ${endOf(1015, cast)}`]);
  const without1016 = (series: readonly Series[]): Series[] =>
    series.map((one) =>
      isOfN0(one) ? { ...one, points: one.points.filter(([ms]) => ms !== timeOf(1016, cast)) } : one,
    );
  const container = { counter: without1016(truth.container.counter), gauge: without1016(truth.container.gauge) };
  expect(
    failures(
      { ...truth, container, node },
      { clocks: { agents: new Set([0]), collector: false }, dropped: 100 },
    ).filter((words) => words.includes('has no total')),
  ).toEqual([]);
});
