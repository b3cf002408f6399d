/**
 * Every query of every dashboard, as Grafana would send it, to a Prometheus that has scraped an agent and a collector over real
 * containers, and to an InfluxDB that the collector has fed: no error, an answer wherever there must be one, the labels that legends and
 * tables name, and the true values where these are known.
 */
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Asked, type Board, boards, queriesOf } from '../support/boards.ts';
import { type Filled, fillBoard, influxVariables, prometheusVariables } from '../support/boardvalues.ts';
import { engineAt } from '../support/engine.ts';
import type { InfluxSeries } from '../support/influxdb.ts';
import { DATABASE, type PanelStage, startPanelStage } from '../support/panelstage.ts';
import type { Range } from '../support/prometheus.ts';
import { CLUSTER, NODE } from '../support/stage.ts';
import {
  ENDED,
  FAILED_WITH,
  HELD,
  HOLDER_LIMIT,
  MIB,
  QUOTA,
  RESTARTER,
  RUNNING,
  SERVICES,
  THREADS_LIMIT,
} from '../support/zoo.ts';

const engine = engineAt(inject('dockerSocket'));
/** As at the first look: half an hour on a wide screen, with data scraped every second. */
const TIMES = { range: 1800, interval: 2, scrapeInterval: 1 };
const all = boards('prometheus');
const ofInflux = boards('influxql');
const asked = queriesOf(all);
const ALL_CONTAINERS = RUNNING.length + ENDED.length + 1;

/** What counts only what went wrong has no series until something has. */
const NOTHING_WRONG = 'nothing of the kind has happened here';
const PSI = existsSync('/sys/fs/cgroup/cgroup.controllers') || existsSync('/sys/fs/cgroup/unified/cgroup.controllers');
const NO_PSI = 'the kernel tells no pressure of containers on this machine';
/** Queries that may answer nothing, by what they ask for, and why. */
const MAY_BE_EMPTY: readonly (readonly [asks: RegExp, why: string])[] = [
  [/plimsoll_source_losses_total|plimsoll_engine_errors_total|plimsoll_agent_read_errors_total/, NOTHING_WRONG],
  [/plimsoll_collector_(samples_dropped|groups_refused|evictions)_total/, NOTHING_WRONG],
  [/plimsoll_sink_samples_dropped_total|plimsoll_http_refused_total/, NOTHING_WRONG],
  ...(PSI ? [] : ([[/pressure_/, NO_PSI]] as const)),
];

let stage: PanelStage;
/** Both ways of scraping that README.md shows, as servers of the stage. */
const SETUPS = ['prometheus', 'withAgents'] as const;
type Setup = (typeof SETUPS)[number];
const filled: Record<Setup | 'influx', Map<Board, Filled>> = {
  prometheus: new Map(),
  withAgents: new Map(),
  influx: new Map(),
};

beforeAll(async () => {
  stage = await startPanelStage(engine);
  for (const setup of SETUPS) {
    const source = prometheusVariables(stage[setup], stage.end);
    for (const board of all) filled[setup].set(board, await fillBoard(board, source, { times: TIMES }));
  }
  const source = influxVariables(stage.influx, DATABASE);
  for (const board of ofInflux) filled.influx.set(board, await fillBoard(board, source, { times: TIMES }));
}, 300_000);

afterAll(async () => {
  await stage?.stop();
  await engine.remove();
});

/** The answer as Grafana asks for it: now, or over the time shown. */
async function answer(
  { board, target }: Pick<Asked, 'board' | 'target'>,
  setup: Setup = 'prometheus',
): Promise<Range[]> {
  const expr = filled[setup].get(board)!.fill(target.expr ?? '');
  if (target.instant) {
    const found = await stage[setup].query(expr, stage.end);
    return found.map(({ labels, value, time }) => ({ labels, points: [[time, value] as const] }));
  }
  const { end } = stage;
  return stage[setup].queryRange(expr, { start: end - TIMES.range, end, step: TIMES.interval });
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
    filled.prometheus.get(all.find((board) => board.file === file)!)!.options.get(name) ?? [];

  test('offer what is there', () => {
    expect(options('prometheus/fleet.json', 'cluster')).toEqual([CLUSTER]);
    expect(options('prometheus/fleet.json', 'host')).toEqual([NODE]);
    expect(options('prometheus/fleet.json', 'project')).toEqual(['shop', 'stack', 'traffic']);
    expect(options('prometheus/fleet.json', 'service')).toEqual(SERVICES);
    expect(options('prometheus/fleet.json', 'container')).toEqual([...RUNNING, ...ENDED, RESTARTER].sort());
    expect(options('prometheus/kubernetes.json', 'namespace')).toEqual(['prod']);
    expect(options('prometheus/kubernetes.json', 'pod')).toEqual(['web-0']);
    expect(options('prometheus/pipeline.json', 'job')).toEqual(['plimsoll', 'plimsoll-agent-self']);
    expect(options('prometheus/pipeline.json', 'instance')).toEqual(
      [stage.collector.collectorUrl, stage.agent.agentUrl].map((url) => new URL(url).host).sort(),
    );
  });

  test('follow each other: the containers of a project, of Compose or of Swarm, and of a service', async () => {
    const source = prometheusVariables(stage.prometheus, stage.end);
    const containers = async (chosen: Record<string, string[]>): Promise<readonly string[]> =>
      (await fillBoard(all[0]!, source, { times: TIMES, chosen })).options.get('container') ?? [];
    expect(await containers({ project: ['traffic'] })).toEqual(['receiver', 'sender']);
    expect(await containers({ project: ['stack'] })).toEqual(['swarmed']);
    expect(await containers({ project: ['shop'], service: ['web'] })).toEqual(['sick', 'well']);
    expect(await containers({ cluster: ['elsewhere'] })).toEqual([]);
  });
});

describe.each(SETUPS)('every query, %s', (setup) => {
  test.each(all.map((board) => [board.file, board] as const))('%s', async (_file, board) => {
    const wrong: string[] = [];
    for (const one of asked.filter((each) => each.board === board)) {
      const found = await answer(one, setup).catch((error: unknown) => String(error));
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
        : [`${where}: nothing for ${filled[setup].get(one.board)!.fill(target.expr ?? '')}`];
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
        const found = await answer({ board, target: { refId: 'A', expr } }, setup);
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

interface Cell {
  /** Of a table. */
  readonly column?: string;
  readonly of?: Readonly<Record<string, string>>;
}

/** The value of a stat, or of a table's cell. */
async function value(file: string, panel: string, { column, of = {} }: Cell = {}): Promise<number> {
  const type = column === undefined ? 'stat' : 'table';
  const found = asked.filter(
    (one) => one.board.file === `prometheus/${file}.json` && one.panel.title === panel && one.panel.type === type,
  );
  const one = column === undefined ? found[0] : found.find((each) => columnOf(each) === column);
  if (!one) throw new Error(`${file} has no ${panel} ${column ?? ''}`);
  const series = (await answer(one)).filter(({ labels }) => fits(labels, of));
  expect(series, `${one.where} of ${JSON.stringify(of)}`).toHaveLength(1);
  return series[0]!.points.at(-1)![1];
}

function fits(labels: Readonly<Record<string, string>>, of: Readonly<Record<string, string>>): boolean {
  return Object.entries(of).every(([name, text]) => labels[name] === text);
}

/** The title of the column that a table's query fills. */
function columnOf({ panel, target }: Asked): unknown {
  const organize = panel.transformations?.find(({ id }) => id === 'organize');
  return organize?.options.renameByName?.[`Value #${target.refId}`];
}

/** By the kernel; what is shown was read some seconds ago, and on a busy machine the container does not get its quota. */
function expectBurned(used: number, { where, last }: { where: string; last: number }): void {
  const { least, most } = stage.burnedIn(last);
  expect(used, where).toBeGreaterThan(least * 0.7);
  expect(used, where).toBeLessThan(most * 1.3);
  expect(used, where).toBeLessThan(QUOTA * 1.3);
}

const holder = (column: string): Cell => ({ column, of: { name: 'holder' } });
const burner = (column: string): Cell => ({ column, of: { name: 'burner' } });

describe('known values', () => {
  const cores = (readFileSync('/proc/stat', 'utf8').match(/^cpu\d+ /gm) ?? []).length;
  const memory = Number(/^MemTotal: +(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024;

  test('how many there are', async () => {
    expect(await value('fleet', 'Hosts')).toBe(1);
    const running = await value('fleet', 'Running');
    // The one that restarts may be in either state.
    expect([RUNNING.length, RUNNING.length + 1]).toContain(running);
    expect(running + (await value('fleet', 'Not running'))).toBe(ALL_CONTAINERS);
    expect(await value('fleet', 'Unhealthy')).toBe(1);
    expect(await value('fleet', 'Hosts', { column: 'Running' })).toBe(running);
    expect(await value('service', 'Services')).toBe(SERVICES.length);
    expect(await value('service', 'Services', { column: 'Containers', of: { service: 'web' } })).toBe(2);
    expect(await value('fleet', 'Services', { column: 'Unhealthy', of: { service: 'web' } })).toBe(1);
    expect(await value('kubernetes', 'Pods')).toBe(1);
    expect(await value('kubernetes', 'Pods', { column: 'Running', of: { pod: 'web-0', namespace: 'prod' } })).toBe(1);
  });

  test('the machine', async () => {
    expect(await value('host', 'CPUs')).toBe(cores);
    expect(await value('host', 'Memory')).toBe(memory);
    expect(await value('fleet', 'Hosts', { column: 'CPUs' })).toBe(cores);
    const used = await value('host', 'Memory used');
    expect(used).toBeGreaterThan(0);
    expect(used).toBeLessThan(1);
  });

  test('CPU of a container with a quota, wherever it is shown', async () => {
    for (const file of ['fleet', 'host', 'service', 'container'])
      expectBurned(await value(file, 'Containers', burner('CPU')), { where: file, last: 10 });
    expectBurned(await value('service', 'Services', { column: 'CPU', of: { service: 'worker' } }), {
      where: 'its service',
      last: 10,
    });
    expect(await value('container', 'What they are', burner('CPU limit'))).toBe(QUOTA);
    const used = await value('container', 'Containers', burner('CPU'));
    expect(await value('container', 'Containers', burner('of limit'))).toBeCloseTo(used / QUOTA, 9);
    const throttled = await value('container', 'Containers', burner('throttled'));
    expect(throttled).toBeGreaterThanOrEqual(0);
    expect(throttled).toBeLessThanOrEqual(1);
  });

  test('memory and its limit', async () => {
    expect(await value('container', 'What they are', holder('Memory limit'))).toBe(HOLDER_LIMIT);
    expect(await value('container', 'What they are', holder('Threads limit'))).toBe(THREADS_LIMIT);
    const used = await value('container', 'Containers', holder('Memory'));
    expect(used).toBeGreaterThanOrEqual(HELD);
    expect(used).toBeLessThan(HELD + 16 * MIB);
    expect(await value('container', 'Containers', holder('of its limit'))).toBeCloseTo(used / HOLDER_LIMIT, 6);
    const share = await value('service', 'Services', { column: 'nearest limit', of: { service: 'store' } });
    expect(share).toBeGreaterThanOrEqual(HELD / HOLDER_LIMIT);
  });

  test('what went wrong is counted', async () => {
    expect(await value('container', 'What they are', { column: 'Exit code', of: { name: 'ended' } })).toBe(FAILED_WITH);
    const kills = (name: string): Promise<number> =>
      value('container', 'Containers', { column: 'OOM kills', of: { name } });
    expect(await kills('leaky')).toBeGreaterThanOrEqual(2);
    expect(await kills('holder')).toBe(0);
    const restarts = (name: string): Promise<number> =>
      value('host', 'Containers', { column: 'Restarts', of: { name } });
    expect(await restarts(RESTARTER)).toBeGreaterThanOrEqual(1);
    expect(await restarts('holder')).toBe(0);
    expect(await value('service', 'OOM kills')).toBeGreaterThanOrEqual(2);
  });

  test('the pipeline itself', async () => {
    expect(await value('pipeline', 'Agents')).toBe(1);
    expect(await value('pipeline', 'Sessions')).toBe(1);
    expect(await value('pipeline', 'Sinks down')).toBe(0);
    expect(await value('pipeline', 'Sources down')).toBe(0);
    expect(await value('pipeline', 'Sink drops')).toBe(0);
    expect(await value('pipeline', 'Sinks', { column: 'Up', of: { sink: 'influx' } })).toBe(1);
    const containers = await value('pipeline', 'Agents', { column: 'Containers' });
    expect(containers).toBe(ALL_CONTAINERS);
  });
});

describe('InfluxQL', () => {
  const queries = queriesOf(ofInflux);

  /** As Grafana sends it; a panel may show only the end of the time. */
  function statement({ board, panel, target }: Asked): string {
    const range = panel.timeFrom === '1m' ? 60 : TIMES.range;
    const from = `time >= ${stage.end - range}s AND time <= ${stage.end}s`;
    return filled.influx
      .get(board)!
      .fill(target.query ?? '')
      .replaceAll('$timeFilter', from);
  }

  function ask(one: Asked): Promise<InfluxSeries[]> {
    return stage.influx.query(DATABASE, statement(one));
  }

  /** Tags that the legend names, or that tell a table's rows apart. */
  function tagsOf({ target, panel }: Asked): string[] {
    const named = [...(target.alias ?? '').matchAll(/\[\[tag_(\w+)\]\]/g)].map(([, tag = '']) => tag);
    if (target.resultFormat !== 'table' || panel.type === 'stat') return named;
    return [...(target.query ?? '').matchAll(/GROUP BY ((?:"\w+"(?:, )?)+)$/g)].flatMap(([, list = '']) =>
      list.replaceAll('"', '').split(', '),
    );
  }

  test('variables offer what is there', () => {
    const { options } = filled.influx.get(ofInflux.find(({ file }) => file === 'influxql/fleet.json')!)!;
    expect(options.get('host')).toEqual([NODE]);
    expect(options.get('project')).toEqual(['shop', 'stack', 'traffic']);
    expect(options.get('service')).toEqual(SERVICES);
    expect(options.get('container')).toEqual([...RUNNING, ...ENDED, RESTARTER].sort());
    const pods = filled.influx.get(ofInflux.find(({ file }) => file === 'influxql/kubernetes.json')!)!.options;
    expect(pods.get('namespace')).toEqual(['prod']);
    expect(pods.get('pod')).toEqual(['web-0']);
  });

  test('variables follow each other', async () => {
    const source = influxVariables(stage.influx, DATABASE);
    const containers = async (chosen: Record<string, string[]>): Promise<readonly string[]> =>
      (await fillBoard(ofInflux[0]!, source, { times: TIMES, chosen })).options.get('container') ?? [];
    expect(await containers({ project: ['traffic'] })).toEqual(['receiver', 'sender']);
    expect(await containers({ project: ['stack'] })).toEqual(['swarmed']);
    expect(await containers({ project: ['shop'], service: ['web'] })).toEqual(['sick', 'well']);
  });

  test.each(ofInflux.map((board) => [board.file, board] as const))('%s', async (_file, board) => {
    const wrong: string[] = [];
    for (const one of queries.filter((each) => each.board === board)) {
      const found = await ask(one).catch((error: unknown) => String(error));
      if (typeof found === 'string') wrong.push(`${one.where}: ${found}`);
      else if (found.length === 0) wrong.push(`${one.where}: nothing for ${statement(one)}`);
      else
        for (const { tags = {} } of found)
          wrong.push(
            ...tagsOf(one)
              .filter((tag) => !tags[tag])
              .map((tag) => `${one.where}: no ${tag} in ${JSON.stringify(tags)}`),
          );
    }
    expect(wrong).toEqual([]);
  });

  /** The last number of a stat, or of the row of a table. */
  async function number(file: string, panel: string, { column, of = {} }: Cell = {}): Promise<number> {
    const type = column === undefined ? 'stat' : 'table';
    const one = queries.find(
      ({ board, panel: each, target }) =>
        board.file === `influxql/${file}.json` &&
        each.title === panel &&
        each.type === type &&
        (column === undefined || target.query?.includes(`AS "${column}"`)),
    );
    if (!one) throw new Error(`${file} has no ${panel} ${column ?? ''}`);
    const series = (await ask(one)).filter(({ tags = {} }) => fits(tags, of));
    expect(series, statement(one)).toHaveLength(1);
    return series[0]!.values.at(-1)![1] as number;
  }

  test('known values', async () => {
    expect(await number('fleet', 'Hosts')).toBe(1);
    expect(await number('fleet', 'Containers')).toBe(ALL_CONTAINERS);
    expect(await number('fleet', 'Unhealthy')).toBe(1);
    expect(await number('fleet', 'OOM kills')).toBeGreaterThanOrEqual(2);
    expect(await number('fleet', 'Restarts')).toBeGreaterThanOrEqual(1);
    expectBurned(await number('container', 'Containers', burner('CPU')), { where: 'container', last: 60 });
    expectBurned(await number('service', 'Services', { column: 'CPU', of: { service: 'worker' } }), {
      where: 'service',
      last: 60,
    });
    expect(await number('container', 'Containers', burner('CPU limit'))).toBe(QUOTA);
    const used = await number('container', 'Containers', holder('Memory'));
    expect(used).toBeGreaterThanOrEqual(HELD);
    expect(await number('container', 'Containers', holder('of its limit'))).toBeCloseTo(used / HOLDER_LIMIT, 3);
    expect(await number('container', 'Containers', { column: 'Exit code', of: { name: 'ended' } })).toBe(FAILED_WITH);
    expect(await number('service', 'Services', { column: 'Running', of: { service: 'web' } })).toBe(2);
    expect(await number('kubernetes', 'Pods', { column: 'Containers', of: { pod: 'web-0' } })).toBe(1);
  });
});
