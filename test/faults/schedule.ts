/** What goes wrong and when: made of a seed alone, so that a schedule can be played again. Which parts it concerns is said by each fault. */
import type { Says } from './partial.ts';
import type { Behaviour } from './proxy.ts';
import { type Random, randomOf } from './random.ts';

export const SERVERS = ['influx', 'prometheus', 'victoria'] as const;
export type ServerName = (typeof SERVERS)[number];

/** A process that can be ended or stopped. */
export type Target =
  | { readonly is: 'agent'; readonly node: number }
  | { readonly is: 'collector' }
  | { readonly is: 'server'; readonly name: ServerName };

export type Fault = { readonly atMs: number; readonly forMs: number } & (
  | { readonly kind: 'kill' | 'end' | 'stop'; readonly target: Target }
  | {
      readonly kind: 'proxy';
      readonly before: 'collector' | ServerName;
      readonly does: Behaviour;
      readonly percent: number;
    }
  | { readonly kind: 'disk full' | 'read-only'; readonly of: Exclude<Target, { readonly is: 'server' }> }
  /** Of a process that is ended meanwhile. */
  | {
      readonly kind: 'damage';
      readonly of: Exclude<Target, { readonly is: 'server' }>;
      readonly how: 'flip' | 'truncate';
    }
  | { readonly kind: 'clock'; readonly of: Exclude<Target, { readonly is: 'server' }>; readonly byMs: number }
);

export interface Schedule {
  readonly seed: number;
  readonly nodes: number;
  readonly containers: number;
  readonly windowMs: number;
  readonly faults: readonly Fault[];
  /** How long the faults may begin. */
  readonly lengthMs: number;
}

export const HOUR_MS = 3600_000;

/** `longestStopMs`: of a process that stands still. `long`: one more stands still for a minute. */
export interface ScheduleOptions {
  readonly lengthMs?: number;
  readonly longestStopMs?: number;
  readonly long?: boolean;
}

export function scheduleOf(seed: number, options: ScheduleOptions = {}): Schedule {
  const { lengthMs = 6000, longestStopMs = 4000, long = false } = options;
  const random = randomOf(seed);
  const nodes = random.whole(2, 4);
  const shape = { nodes, containers: random.whole(3, 5), windowMs: random.of([250, 500]), lengthMs };
  const faults = Array.from({ length: random.whole(2, 5) }, () => faultOf(random, { nodes, lengthMs, longestStopMs }));
  const all = [...withoutSecondClocks(faults), ...moreFaults(seed, { nodes, lengthMs, long })];
  return { seed, ...shape, faults: all.sort((a, b) => a.atMs - b.atMs) };
}

const PARTIAL_SHARE = 0.25;
const MINUTE_MS = 60_000;

/** By random numbers of their own: the faults above are what their seed has always made. */
function moreFaults(
  seed: number,
  { nodes, lengthMs, long }: Pick<Bounds, 'nodes' | 'lengthMs'> & { long: boolean },
): Fault[] {
  const random = randomOf(seed + 2_000_003);
  const faults: Fault[] = [];
  if (random.next() < PARTIAL_SHARE) {
    const says = random.of<Says>(['quoted', 'counted']);
    const does = { do: 'partial', lines: random.whole(1, 5), says } as const;
    const times = { atMs: random.whole(0, lengthMs), forMs: random.whole(500, 4000) };
    faults.push({ kind: 'proxy', ...times, before: 'influx', does, percent: random.of([30, 60, 100]) });
  }
  if (!long) return faults;
  const target: Target = random.of<Target>([
    { is: 'agent', node: random.whole(0, nodes - 1) },
    { is: 'collector' },
    { is: 'server', name: random.of(SERVERS) },
  ]);
  return [...faults, { kind: 'stop', atMs: random.whole(0, lengthMs), forMs: MINUTE_MS, target }];
}

interface Bounds {
  readonly nodes: number;
  readonly lengthMs: number;
  readonly longestStopMs: number;
}

const KINDS = [
  'kill',
  'kill',
  'end',
  'stop',
  'proxy',
  'proxy',
  'proxy',
  'disk full',
  'read-only',
  'damage',
  'clock',
] as const;

function faultOf(random: Random, { nodes, lengthMs, longestStopMs }: Bounds): Fault {
  const kind = random.of(KINDS);
  const times = { atMs: random.whole(0, lengthMs), forMs: random.whole(100, longestStopMs) };
  const own = (): Exclude<Target, { is: 'server' }> =>
    random.next() < 0.5 ? { is: 'collector' } : { is: 'agent', node: random.whole(0, nodes - 1) };
  switch (kind) {
    case 'kill':
    case 'end':
    case 'stop':
      return { kind, ...times, target: random.next() < 0.3 ? { is: 'server', name: random.of(SERVERS) } : own() };
    case 'proxy': {
      const before = random.next() < 0.4 ? 'collector' : random.of(SERVERS);
      return { kind, ...times, before, does: behaviourOf(random), percent: random.of([30, 60, 100]) };
    }
    case 'disk full':
    case 'read-only':
      return { kind, ...times, of: own() };
    case 'damage':
      return { kind, ...times, forMs: Math.min(times.forMs, 1500), of: own(), how: random.of(['flip', 'truncate']) };
    case 'clock':
      return { kind, ...times, of: own(), byMs: random.of([HOUR_MS, -HOUR_MS]) };
  }
}

function behaviourOf(random: Random): Behaviour {
  const what = random.of(['cut', 'delay', 'lose answer', 'truncate request', 'truncate answer', 'answer', 'limit']);
  if (what === 'delay') return { do: what, ms: random.whole(50, 1500) };
  if (what === 'limit') return { do: what, bytes: random.whole(800, 3000) };
  if (what !== 'answer') return { do: what } as Behaviour;
  const status = random.of([500, 503, 429]);
  const retryAfter = random.of([undefined, '0', '1', new Date(Date.UTC(2020, 0, 1)).toUTCString()]);
  return retryAfter === undefined ? { do: what, status } : { do: what, status, retryAfter };
}

/** Two clocks that are set in one schedule leave nothing that could be said of it. */
function withoutSecondClocks(faults: readonly Fault[]): Fault[] {
  const first = faults.find(({ kind }) => kind === 'clock');
  return faults.filter((fault) => fault.kind !== 'clock' || fault === first);
}

export function wordsOf(fault: Fault): string {
  const times = `${fault.atMs}+${fault.forMs}`;
  switch (fault.kind) {
    case 'kill':
    case 'end':
    case 'stop':
      return `${times} ${fault.kind} ${targetWords(fault.target)}`;
    case 'proxy': {
      const { do: does, ...more } = fault.does;
      const detail = Object.values(more).join(' ');
      return `${times} ${does}${detail === '' ? '' : ` ${detail}`} ${fault.percent} % before ${fault.before}`;
    }
    case 'damage':
      return `${times} ${fault.how} a file of ${targetWords(fault.of)}`;
    case 'clock':
      return `${times} clock of ${targetWords(fault.of)} ${fault.byMs > 0 ? '+' : '-'}1 h`;
    default:
      return `${times} ${fault.kind} of ${targetWords(fault.of)}`;
  }
}

export function targetWords(target: Target): string {
  if (target.is === 'agent') return `agent ${target.node}`;
  return target.is === 'collector' ? 'collector' : target.name;
}
