/** What the charts of a thing ask: a thing comes in, charts with their PromQL go out. Pure, and all of it can be copied. */
import { quoted } from '../api/prom.ts';
import type { Subject } from '../state/address.ts';
import type { Unit } from '../units/figures.ts';

export interface Question {
  /** What its series are called; `{{interface}}` is a label of theirs. */
  readonly name: string;
  readonly expr: string;
  /** A limit: a line of dashes, without a name of its own among the values. */
  readonly limit?: true;
  /** Drawn below the line of zero. */
  readonly below?: true;
}

export interface ChartSpec {
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  readonly questions: readonly Question[];
}

export interface MarkQuestion {
  readonly what: 'start' | 'end' | 'oom';
  readonly expr: string;
}

/** Which series are a thing's. */
interface Whose {
  /** What its metrics begin with: `container`, `service`. */
  readonly prefix: string;
  readonly labels: readonly (readonly [string, string])[];
}

function whose(subject: Subject): Whose {
  switch (subject.kind) {
    case 'container':
      return {
        prefix: 'container',
        labels: known([
          ['node', subject.node],
          ['id', subject.id],
        ]),
      };
    case 'host':
      return {
        prefix: 'container',
        labels: known([
          ['node', subject.node],
          ['id', '/'],
        ]),
      };
    case 'service':
      return {
        prefix: 'service',
        labels: known([
          ['project', subject.project],
          ['service', subject.service],
        ]),
      };
    case 'project':
      return { prefix: 'service', labels: [['project', subject.project]] };
    case 'namespace':
      return { prefix: 'namespace', labels: [['namespace', subject.namespace]] };
  }
}

function known(labels: Whose['labels']): Whose['labels'] {
  return labels.filter(([, value]) => value !== '');
}

/** A rate needs several windows; no shorter than a step, or a chart would leave readings out. */
export function rateWindow(step: number, window: number): number {
  return Math.max(4 * window, step);
}

interface Asking {
  readonly metric: (stem: string, more?: string) => string;
  readonly rate: (stem: string, more?: string) => string;
  readonly sum: (inner: string, by?: string) => string;
}

/** `step` and `window` in seconds. */
export function chartsOf(subject: Subject, { step, window }: { step: number; window: number }): readonly ChartSpec[] {
  const { prefix, labels } = whose(subject);
  const matchers = labels.map(([name, value]) => `${name}=${quoted(value)}`).join(',');
  const metric = (stem: string, more = ''): string =>
    `${prefix}_${stem}{${[matchers, more].filter(Boolean).join(',')}}`;
  const rate = (stem: string, more = ''): string => `rate(${metric(stem, more)}[${rateWindow(step, window)}s])`;
  const sum = (inner: string, by = ''): string => (by === '' ? `sum(${inner})` : `sum by (${by}) (${inner})`);
  const asking: Asking = { metric, rate, sum };
  const single = prefix === 'container';
  return [
    cpu(asking, subject),
    memory(asking, subject),
    ...(single ? [pressure(asking)] : [nearest(asking)]),
    network(asking, single),
    io(asking, single),
    ...(subject.kind === 'host' ? [] : [threads(asking)]),
  ];
}

function cpu({ metric, rate, sum }: Asking, { kind }: Subject): ChartSpec {
  const limit =
    kind === 'host' ? metric('cores').replace('container_cores', 'machine_cpu_cores') : metric('spec_cpu_limit_cores');
  return {
    id: 'cpu',
    title: 'CPU',
    unit: 'cores',
    questions: [
      { name: 'used', expr: sum(rate('cpu_usage_seconds_total')) },
      { name: 'user', expr: sum(rate('cpu_user_seconds_total')) },
      { name: 'system', expr: sum(rate('cpu_system_seconds_total')) },
      ...(kind === 'host' ? [] : [{ name: 'throttled', expr: sum(rate('cpu_cfs_throttled_seconds_total')) }]),
      { name: kind === 'host' ? 'cores' : 'limit', expr: sum(limit), limit: true },
    ],
  };
}

function memory({ metric, sum }: Asking, { kind }: Subject): ChartSpec {
  const limit =
    kind === 'host' ? metric('x').replace('container_x', 'machine_memory_bytes') : metric('spec_memory_limit_bytes');
  return {
    id: 'memory',
    title: 'Memory',
    unit: 'bytes',
    questions: [
      { name: 'working set', expr: sum(metric('memory_working_set_bytes')) },
      { name: 'cache', expr: sum(metric('memory_cache')) },
      { name: 'swap', expr: sum(metric('memory_swap')) },
      { name: kind === 'host' ? 'of the machine' : 'limit', expr: sum(limit), limit: true },
    ],
  };
}

function pressure({ rate, sum }: Asking): ChartSpec {
  const waiting = (what: string) => ({
    name: `waits for ${what}`,
    expr: sum(rate(`pressure_${what}_waiting_seconds_total`)),
  });
  return {
    id: 'pressure',
    title: 'Pressure: the share of time spent waiting',
    unit: 'share',
    questions: ['cpu', 'memory', 'io'].map(waiting),
  };
}

/** Of a group: the member that waits most. */
function nearest({ metric }: Asking): ChartSpec {
  const waiting = (what: string) => ({
    name: `waits for ${what}`,
    expr: `max(${metric(`pressure_${what}_waiting_max_ratio`)})`,
  });
  return {
    id: 'pressure',
    title: 'Pressure of the one that waits most',
    unit: 'share',
    questions: ['cpu', 'memory', 'io'].map(waiting),
  };
}

function network({ rate, sum }: Asking, single: boolean): ChartSpec {
  const [by, of] = single ? ['interface', '{{interface}} '] : ['', ''];
  return {
    id: 'network',
    title: 'Network: in above, out below',
    unit: 'bytes/s',
    questions: [
      { name: `${of}in`, expr: sum(rate('network_receive_bytes_total'), by) },
      { name: `${of}out`, expr: sum(rate('network_transmit_bytes_total'), by), below: true },
    ],
  };
}

function io({ rate, sum }: Asking, single: boolean): ChartSpec {
  const [by, of] = single ? ['device', '{{device}} '] : ['', ''];
  return {
    id: 'io',
    title: 'Disks: read above, written below',
    unit: 'bytes/s',
    questions: [
      { name: `${of}read`, expr: sum(rate('fs_reads_bytes_total'), by) },
      { name: `${of}written`, expr: sum(rate('fs_writes_bytes_total'), by), below: true },
    ],
  };
}

function threads({ metric, sum }: Asking): ChartSpec {
  return {
    id: 'threads',
    title: 'Threads',
    unit: 'count',
    questions: [
      { name: 'threads', expr: sum(metric('threads')) },
      { name: 'limit', expr: sum(metric('threads_max')), limit: true },
    ],
  };
}

/** When it was started, when it ended, when memory was short; only of what is one container. */
export function marksOf(subject: Subject, step: number): readonly MarkQuestion[] {
  if (subject.kind !== 'container') return [];
  const { labels } = whose(subject);
  const matchers = labels.map(([name, value]) => `${name}=${quoted(value)}`).join(',');
  return [
    { what: 'start', expr: `max(container_start_time_seconds{${matchers}})` },
    { what: 'end', expr: `max(container_finished_time_seconds{${matchers}})` },
    { what: 'oom', expr: `sum(increase(container_oom_events_total{${matchers}}[${Math.max(step, 60)}s])) > 0` },
  ];
}
