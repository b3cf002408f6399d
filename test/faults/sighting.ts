/** The containers' points of one store: which tick of which node each is, by its value, and whether it is what the arithmetic says, at the right time, once. */
import { counterOf, gaugeOf, nameOf, rateOf, timeOf } from './arithmetic.ts';
import { type Evidence, LEARNT_MS, trueTime } from './evidence.ts';
import type { Series } from './readers/reader.ts';

export interface Sightings {
  /** By node: the ticks that are there. */
  readonly ticks: readonly ReadonlySet<number>[];
  readonly failures: readonly string[];
}

export function sightingsIn(counters: readonly Series[], gauges: readonly Series[], evidence: Evidence): Sightings {
  const { cast, journals } = evidence;
  const failures: string[] = [];
  const stamps = journals.map((lines) => new Map(lines.map(({ tick, stampMs }) => [tick, stampMs])));
  const ticks = cast.nodes.map((name, node) => {
    const each = Array.from({ length: cast.containers }, (_, container) => {
      const own = ({ labels }: Series): boolean => labels.name === nameOf(name, container);
      const counted = pointsOf(counters.filter(own), (timeMs, value) => {
        const tick = cast.zero + value / rateOf(node, container);
        return fault({ tick, timeMs, stampMs: stamps[node]?.get(tick), node }, evidence) ?? tick;
      });
      const held = new Map(
        gauges.filter(own).flatMap(({ points }) => points.map(([timeMs, value]) => [timeMs, value] as const)),
      );
      for (const [tick, timeMs] of counted.ticks)
        if (held.get(timeMs) !== gaugeOf({ node, container, tick }))
          failures.push(`${nameOf(name, container)} at tick ${tick} holds ${held.get(timeMs)}`);
      failures.push(...counted.failures.map((words) => `${nameOf(name, container)}: ${words}`));
      return new Set(counted.ticks.keys());
    });
    const all = new Set(each.flatMap((one) => [...one]));
    for (const tick of all)
      if (isLooked(tick, evidence) && each.some((one) => !one.has(tick)))
        failures.push(`tick ${tick} of ${name} is there for some of its containers only`);
    return all;
  });
  return { ticks, failures };
}

function isLooked(tick: number, { looked }: Evidence): boolean {
  return tick >= looked.from && tick <= looked.to;
}

interface Counted {
  readonly ticks: ReadonlyMap<number, number>;
  readonly failures: readonly string[];
}

function pointsOf(series: readonly Series[], tickOf: (timeMs: number, value: number) => number | string): Counted {
  const ticks = new Map<number, number>();
  const failures: string[] = [];
  for (const { points } of series)
    for (const [timeMs, value] of points) {
      const tick = tickOf(timeMs, value);
      if (typeof tick === 'string') failures.push(tick);
      else if ((ticks.get(tick) ?? timeMs) !== timeMs)
        failures.push(`tick ${tick} is there twice, at ${ticks.get(tick)} and ${timeMs}`);
      else ticks.set(tick, timeMs);
    }
  return { ticks, failures };
}

interface Seen {
  readonly tick: number;
  readonly timeMs: number;
  readonly stampMs: number | undefined;
  readonly node: number;
}

function fault({ tick, timeMs, stampMs, node }: Seen, evidence: Evidence): string | undefined {
  const { cast, clocks } = evidence;
  if (stampMs === undefined) return `the value at ${timeMs} is of tick ${tick}, which was never read`;
  const isOff = clocks.collector || clocks.agents.has(node);
  const offMs = Math.abs(trueTime(timeMs, evidence) - timeOf(tick, cast));
  if (offMs > (isOff ? LEARNT_MS : 0)) return `tick ${tick} of ${timeOf(tick, cast)} stands at ${timeMs}`;
  return undefined;
}

/** By node: the counter of its containers, or of some of them, since the node's first tick. */
export function totalOf(
  tick: number,
  { node, containers }: { node: number; containers: readonly number[] },
  { cast, journals }: Evidence,
): number {
  const first = journals[node]?.[0]?.tick ?? tick;
  return containers.reduce((sum, container) => {
    const at = (when: number): number => counterOf({ node, container, tick: when }, cast);
    return sum + at(tick) - at(first);
  }, 0);
}
