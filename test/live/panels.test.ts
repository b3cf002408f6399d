/**
 * Every query of every dashboard, as Grafana would send it, to a Prometheus that has scraped an agent and a collector over real
 * containers: no error, an answer wherever there must be one, the labels that legends and tables name, and the true values where
 * these are known.
 */
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Asked, type Board, boards, queriesOf } from '../support/boards.ts';
import { type Filled, fillBoard, type LabelSource } from '../support/boardvalues.ts';
import { engineAt } from '../support/engine.ts';
import { grafana } from '../support/grafana.ts';
import { type Influx, startInflux } from '../support/influxdb.ts';
import { type Program, startProgram } from '../support/program.ts';
import { type Prometheus, type Range, startPrometheus } from '../support/prometheus.ts';
import { CLUSTER, NODE } from '../support/stage.ts';
import { waitFor } from '../support/wait.ts';
import {
  ENDED,
  FAILED_WITH,
  HELD,
  HOLDER_LIMIT,
  MIB,
  QUOTA,
  RESTARTER,
  RUNNING,
  startZoo,
  THREADS_LIMIT,
} from '../support/zoo.ts';

const engine = engineAt(inject('dockerSocket'));
/** As at the first look: half an hour on a wide screen, with data scraped every second. */
const TIMES = { range: 1800, interval: 2, scrapeInterval: 1 };
const SCRAPES = 15;
const all = boards('prometheus');
const asked = queriesOf(all);

/** What counts only what went wrong has no series until something has. */
const NOTHING_WRONG = 'nothing of the kind has happened here';
const PSI = existsSync('/sys/fs/cgroup/cgroup.controllers') || existsSync('/sys/fs/cgroup/unified/cgroup.controllers');
const NO_PSI = 'the kernel tells no pressure of containers on this machine';
/** Queries that may answer nothing, by what they ask for, and why. */
const MAY_BE_EMPTY: readonly (readonly [asks: RegExp, why: string])[] = [
  [/plimsoll_source_losses_total|plimsoll_engine_errors_total/, NOTHING_WRONG],
  [/plimsoll_collector_(samples_dropped|groups_refused|evictions)_total/, NOTHING_WRONG],
  [/plimsoll_sink_samples_dropped_total|plimsoll_http_refused_total/, NOTHING_WRONG],
  ...(PSI ? [] : ([[/pressure_/, NO_PSI]] as const)),
];

let agent: Program;
let collector: Program;
let prometheus: Prometheus;
let influx: Influx;
let end: number;
const filled = new Map<Board, Filled>();

beforeAll(async () => {
  influx = await startInflux({ databases: ['plimsoll'] });
  await startZoo(engine);
  collector = await startProgram({
    command: 'collector',
    config: {
      cluster: CLUSTER,
      collector: { window: '1s', lateness: '500ms' },
      sinks: { influx: { kind: 'influxdb1', url: influx.url, database: 'plimsoll' } },
    },
  });
  agent = await startProgram({
    command: 'agent',
    config: {
      node: NODE,
      agent: {
        interval: '1s',
        engines: [`unix://${engine.socket}`],
        filesystem: { interval: '1s' },
        push: { url: collector.collectorUrl },
      },
    },
  });
  prometheus = await startPrometheus({
    scrapes: [
      { job: 'plimsoll', url: `${collector.collectorUrl}/metrics` },
      { job: 'plimsoll-containers', url: `${collector.collectorUrl}/metrics/containers` },
      { job: 'plimsoll-agents', url: `${agent.agentUrl}/metrics`, keep: '(plimsoll|process|nodejs)_.*' },
    ],
    rules: JSON.stringify({
      groups: [
        {
          name: 'one',
          rules: [{ alert: 'ContainerRuns', expr: 'container_state{name="burner", state="running"} == 1' }],
        },
      ],
    }),
  });
  const seen = `min(count_over_time(service_containers[1m])) >= ${SCRAPES}`;
  await waitFor(async () => (await prometheus.query(seen))[0], { timeoutMs: 90_000, everyMs: 500, what: seen });
  end = Math.floor(Date.now() / 1000);
  const source: LabelSource = {
    labelValues: grafana(prometheus).labelValues,
    query: (expr) => prometheus.query(expr, end),
  };
  for (const board of all) filled.set(board, await fillBoard(board, source, { times: TIMES }));
});

afterAll(async () => {
  await prometheus?.stop();
  await agent?.stop();
  await collector?.stop();
  await influx?.stop();
  await engine.remove();
});

/** The answer as Grafana asks for it: now, or over the time shown. */
async function answer({ board, target }: Pick<Asked, 'board' | 'target'>): Promise<Range[]> {
  const expr = filled.get(board)!.fill(target.expr ?? '');
  if (target.instant) {
    const found = await prometheus.query(expr, end);
    return found.map(({ labels, value, time }) => ({ labels, points: [[time, value] as const] }));
  }
  return prometheus.queryRange(expr, { start: end - TIMES.range, end, step: TIMES.interval });
}

/** Labels that the legend names, or that tell a table's rows apart. */
function wanted({ panel, target }: Asked): string[] {
  const legend = [...(target.legendFormat ?? '').matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
  const renamed = panel.transformations?.find(({ id }) => id === 'organize')?.options.renameByName ?? {};
  const keys = Object.keys(renamed).filter((name) =>
    ['name', 'node', 'service', 'project', 'namespace', 'pod', 'source', 'sink', 'instance'].includes(name),
  );
  return [...legend, ...keys];
}

describe('variables', () => {
  const options = (file: string, name: string): readonly string[] =>
    filled.get(all.find((board) => board.file === file)!)!.options.get(name) ?? [];

  test('offer what is there', () => {
    expect(options('prometheus/fleet.json', 'cluster')).toEqual([CLUSTER]);
    expect(options('prometheus/fleet.json', 'host')).toEqual([NODE]);
    expect(options('prometheus/fleet.json', 'project')).toEqual(['shop', 'stack', 'traffic']);
    expect(options('prometheus/fleet.json', 'service')).toEqual([
      'leaky',
      'stack_api',
      'store',
      'stream',
      'web',
      'worker',
      'writer',
    ]);
    expect(options('prometheus/fleet.json', 'container')).toEqual([...RUNNING, ...ENDED, RESTARTER].sort());
    expect(options('prometheus/kubernetes.json', 'namespace')).toEqual(['prod']);
    expect(options('prometheus/kubernetes.json', 'pod')).toEqual(['web-0']);
    expect(options('prometheus/pipeline.json', 'job')).toEqual(['plimsoll', 'plimsoll-agents']);
    expect(options('prometheus/pipeline.json', 'instance')).toEqual(
      [collector.collectorUrl, agent.agentUrl].map((url) => new URL(url).host).sort(),
    );
  });

  test('follow each other: the containers of a project, of Compose or of Swarm, and of a service', async () => {
    const source: LabelSource = {
      labelValues: grafana(prometheus).labelValues,
      query: (expr) => prometheus.query(expr, end),
    };
    const containers = async (chosen: Record<string, string[]>): Promise<readonly string[]> =>
      (await fillBoard(all[0]!, source, { times: TIMES, chosen })).options.get('container') ?? [];
    expect(await containers({ project: ['traffic'] })).toEqual(['receiver', 'sender']);
    expect(await containers({ project: ['stack'] })).toEqual(['swarmed']);
    expect(await containers({ project: ['shop'], service: ['web'] })).toEqual(['sick', 'well']);
    expect(await containers({ cluster: ['elsewhere'] })).toEqual([]);
  });
});

describe('every query', () => {
  test.each(all.map((board) => [board.file, board] as const))('%s', async (_file, board) => {
    const wrong: string[] = [];
    for (const one of asked.filter((each) => each.board === board)) {
      const found = await answer(one).catch((error: unknown) => String(error));
      if (typeof found === 'string') wrong.push(`${one.where}: ${found}`);
      else wrong.push(...faults(one, found));
    }
    expect(wrong).toEqual([]);
  });

  function faults(one: Asked, found: readonly Range[]): string[] {
    const { where, target, panel } = one;
    if (found.length === 0)
      return MAY_BE_EMPTY.some(([asks]) => asks.test(target.expr ?? ''))
        ? []
        : [`${where}: nothing for ${filled.get(one.board)!.fill(target.expr ?? '')}`];
    const labels = wanted(one);
    const unnamed = found.flatMap((series) =>
      labels
        .filter((label) => !series.labels[label])
        .map((label) => `${where}: no ${label} in ${JSON.stringify(series.labels)}`),
    );
    const odd = found.flatMap(({ labels: l, points }) =>
      points
        .filter(([, value]) => !Number.isFinite(value))
        .map(([, value]) => `${where}: ${value} for ${JSON.stringify(l)}`),
    );
    // What nobody can read: more lines than were asked for.
    const many =
      panel.type === 'timeseries' && target.expr?.includes('$top') && found.length > 10
        ? [`${where}: ${found.length} lines`]
        : [];
    return [...unnamed, ...odd, ...many];
  }

  test('annotations: starts at their own times, kills, restarts, alerts', async () => {
    for (const board of all) {
      for (const { name, expr = '' } of board.annotations.list ?? []) {
        const found = await answer({ board, target: { refId: 'A', expr } });
        const empty = board.file.includes('pipeline') || (board.file.includes('kubernetes') && name === 'Restarts');
        if (!empty) expect(found.length, `${board.file}, ${name}`).toBeGreaterThan(0);
        if (name !== 'Starts') continue;
        const burner = found.find(({ labels }) => labels.name === 'burner');
        expect(burner?.points.at(-1)?.[1]).toBeCloseTo(
          Date.parse(await engine.field('burner', '.State.StartedAt')),
          -1,
        );
      }
    }
  });
});

/** The value of a stat, or of a table's or a graph's row at its end. */
async function value(
  file: string,
  panel: string,
  { column, of = {} }: { column?: string; of?: Record<string, string> } = {},
): Promise<number> {
  const found = asked.filter((one) => one.board.file === `prometheus/${file}.json` && one.panel.title === panel);
  const renamed = found[0]?.panel.transformations?.find(({ id }) => id === 'organize')?.options.renameByName ?? {};
  const field = Object.entries(renamed).find(([, title]) => title === column)?.[0];
  const one = column === undefined ? found[0] : found.find(({ target }) => field === `Value #${target.refId}`);
  if (!one) throw new Error(`${file} has no ${panel} ${column ?? ''}`);
  const series = (await answer(one)).filter(({ labels }) =>
    Object.entries(of).every(([name, text]) => labels[name] === text),
  );
  expect(series, `${one.where} of ${JSON.stringify(of)}`).toHaveLength(1);
  return series[0]!.points.at(-1)![1];
}

describe('known values', () => {
  const cores = (readFileSync('/proc/stat', 'utf8').match(/^cpu\d+ /gm) ?? []).length;
  const memory = Number(/^MemTotal: +(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024;
  const burner = { column: 'CPU', of: { name: 'burner' } };
  const holder = (column: string) => ({ column, of: { name: 'holder' } });

  test('how many there are', async () => {
    expect(await value('fleet', 'Hosts')).toBe(1);
    const restarts = (await engine.field(RESTARTER, '.State.Status')) === 'running' ? 1 : 0;
    const running = await value('fleet', 'Running');
    // The one that restarts may be in either state.
    expect([RUNNING.length, RUNNING.length + 1], `${restarts}`).toContain(running);
    expect(running + (await value('fleet', 'Not running'))).toBe(RUNNING.length + ENDED.length + 1);
    expect(await value('fleet', 'Unhealthy')).toBe(1);
    expect(await value('service', 'Services')).toBe(7);
    expect(await value('kubernetes', 'Pods')).toBe(1);
    expect(
      await value('service', 'Services', { column: 'Containers', of: { service: 'web' } }).catch(() => Number.NaN),
    ).toBeNaN();
  });

  test('the machine', async () => {
    expect(await value('host', 'CPUs')).toBe(cores);
    expect(await value('host', 'Memory')).toBe(memory);
    expect(await value('fleet', 'Hosts', { column: 'CPUs' }).catch(() => cores)).toBe(cores);
  });

  test('CPU of a container with a quota, wherever it is shown', async () => {
    for (const file of ['fleet', 'host', 'service', 'container']) {
      const used = await value(file, 'Containers', burner);
      expect(used, file).toBeGreaterThan(QUOTA * 0.75);
      expect(used, file).toBeLessThan(QUOTA * 1.25);
    }
    expect(await value('container', 'What they are', { column: 'CPU limit', of: { name: 'burner' } })).toBe(QUOTA);
    const share = await value('container', 'Containers', { column: 'of limit', of: { name: 'burner' } });
    expect(share).toBeGreaterThan(0.75);
    expect(share).toBeLessThan(1.25);
    const throttled = await value('container', 'Containers', { column: 'throttled', of: { name: 'burner' } });
    expect(throttled).toBeGreaterThan(0.5);
    expect(throttled).toBeLessThanOrEqual(1);
  });

  test('memory and its limit', async () => {
    expect(await value('container', 'What they are', holder('Memory limit'))).toBe(HOLDER_LIMIT);
    expect(await value('container', 'What they are', holder('Threads limit'))).toBe(THREADS_LIMIT);
    const used = await value('container', 'Containers', holder('Memory'));
    expect(used).toBeGreaterThanOrEqual(HELD);
    expect(used).toBeLessThan(HELD + 16 * MIB);
    expect(await value('container', 'Containers', holder('of its limit'))).toBeCloseTo(used / HOLDER_LIMIT, 6);
  });

  test('what went wrong is counted', async () => {
    expect(await value('container', 'What they are', { column: 'Exit code', of: { name: 'ended' } })).toBe(FAILED_WITH);
    expect(
      await value('container', 'Containers', { column: 'OOM kills', of: { name: 'leaky' } }),
    ).toBeGreaterThanOrEqual(2);
    expect(await value('container', 'Containers', { column: 'OOM kills', of: { name: 'holder' } })).toBe(0);
    expect(
      await value('container', 'Containers', { column: 'Restarts', of: { name: RESTARTER } }),
    ).toBeGreaterThanOrEqual(1);
    expect(await value('service', 'OOM kills')).toBeGreaterThanOrEqual(2);
  });

  test('the pipeline itself', async () => {
    expect(await value('pipeline', 'Agents')).toBe(1);
    expect(await value('pipeline', 'Sessions')).toBe(1);
    expect(await value('pipeline', 'Sinks down')).toBe(0);
    expect(await value('pipeline', 'Sources down')).toBe(0);
    expect(await value('pipeline', 'Oldest tick')).toBeLessThan(5);
  });
});
