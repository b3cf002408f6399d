/**
 * What questions cost the PromQL engine: eight hours of 100 containers at 10 s in memory, so that nothing is read or unpacked. Prints the median time of each and
 * the samples it read; BENCH_CONTAINERS and BENCH_RUNS change the load.
 */
import { createEngine, DEFAULT_LIMITS } from '../../collector/query/engine.ts';
import { systemClock } from '../../src/run/clock.ts';
import { MemorySource } from '../support/memorysource.ts';
import { printTable } from './process.ts';

const CONTAINERS = Number(process.env.BENCH_CONTAINERS ?? 100);
const RUNS = Number(process.env.BENCH_RUNS ?? 25);
const HOUR = 3_600_000;
const TICK = 10_000;
const END = 1_750_000_000_000;
const HOURS = 8;

interface Question {
  readonly query: string;
  readonly hours: number;
  readonly stepS: number;
  /** Three times what VictoriaMetrics 1.145 took for it on the same machine, in ms, from its disk. */
  readonly target: string;
}

const at = (query: string, target = '', hours = 0, stepS = 0): Question => ({ query, hours, stepS, target });

const QUESTIONS: readonly Question[] = [
  at('sum(rate(container_cpu_usage_seconds_total[5m]))', '16.5'),
  at('topk(5, rate(container_cpu_usage_seconds_total[5m]))', '13.2'),
  at('container_memory_working_set_bytes / container_spec_memory_limit_bytes > 0.8', '28.8'),
  at('sum by (name) (rate(container_cpu_usage_seconds_total[1m]))', '43.2', 1, 15),
  at('sum by (service) (rate(container_network_receive_bytes_total[5m]))', '30.3', 6, 60),
  at('sum(container_memory_working_set_bytes)', '18.3', 8, 60),
  at('sum by (service) (rate(container_cpu_usage_seconds_total[5m]))', '27.6', 8, 60),
  at('container_memory_working_set_bytes{name="proj-svc7-7"}', '1.8', 1, 15),
  at('rate(container_cpu_usage_seconds_total{name="proj-svc7-7"}[1m])', '', 8, 30),
  at('max_over_time(container_memory_working_set_bytes{service="svc3"}[10m])', '3.3', 8, 300),
  at('topk(5, sum by (name) (rate(container_network_transmit_bytes_total[5m])))', '36', 6, 120),
  at('{name="proj-svc7-7"}', '25.5', 1, 15),
  at('avg_over_time(container_memory_working_set_bytes[2h])', '', 8, 60),
  at('quantile_over_time(0.95, container_memory_working_set_bytes[1h])', '', 8, 60),
  at('container_memory_working_set_bytes / on (name) container_spec_memory_limit_bytes', '', 8, 60),
  at('max_over_time(sum by (service) (rate(container_cpu_usage_seconds_total[5m]))[1h:1m])', '', 8, 300),
];

const COUNTERS = ['cpu_usage_seconds_total', 'network_receive_bytes_total', 'network_transmit_bytes_total'];
const GAUGES = [
  'memory_working_set_bytes',
  'spec_memory_limit_bytes',
  ...Array.from({ length: 70 }, (_, i) => `other_${i}`),
];

/** Of the many others only one container has them: one question asks for all of it. */
function world(): MemorySource {
  const source = new MemorySource();
  let seed = 1;
  const random = (): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return seed / 0x7fffffff;
  };
  for (let c = 0; c < CONTAINERS; c++) {
    const pairs = [
      ['name', `proj-svc${c % 20}-${c}`],
      ['service', `svc${c % 20}`],
      ['id', `/system.slice/docker-${c.toString(16).padStart(64, '0')}.scope`],
      ['image', `registry.example.com/team/app-${c % 20}:1.${c % 7}`],
      ['node', 'node-1'],
    ] as const;
    for (const metric of [...COUNTERS, ...GAUGES.slice(0, c === 7 ? GAUGES.length : 2)]) {
      let value = 1e6 * random();
      const samples = Array.from({ length: (HOURS * HOUR) / TICK }, (_, i) => {
        if (metric.endsWith('_total')) value += random() < 0.8 ? Math.floor(random() * 1000) : 0;
        else if (!metric.startsWith('spec')) value += random() - 0.5;
        return { ms: END - HOURS * HOUR + i * TICK + 12 + Math.floor(random() * 20), value };
      });
      source.add([['__name__', `container_${metric}`], ...pairs], samples);
    }
  }
  return source;
}

export async function benchQuery(): Promise<void> {
  const source = world();
  const engine = createEngine(DEFAULT_LIMITS, () => systemClock.monotonic());
  const rows = QUESTIONS.map(({ query, hours, stepS, target }) => {
    const times: number[] = [];
    let samples = 0;
    for (let run = 0; run < RUNS; run++) {
      const began = performance.now();
      ({ samples } = engine.query({ query, startMs: END - hours * HOUR, endMs: END, stepMs: stepS * 1000 }, source));
      times.push(performance.now() - began);
    }
    times.sort((a, b) => a - b);
    const median = times[times.length >> 1] as number;
    return {
      what: `${query}${hours > 0 ? ` ${hours} h / ${stepS} s` : ''}, ms (${samples} samples)`,
      value: median.toFixed(2),
      target,
    };
  });
  printTable(`Questions over ${CONTAINERS} containers, median of ${RUNS}`, rows);
}
