/**
 * The query API of the program itself, over real containers: asked as Grafana's datasource asks, one call after the other, by promtool, and by
 * `plimsoll query` and `plimsoll top --at`.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { plimsoll } from '../support/command.ts';
import { burn } from '../support/containers.ts';
import { engineAt } from '../support/engine.ts';
import { requirePrograms } from '../support/install.ts';
import { type Program, startProgram } from '../support/program.ts';
import { waitFor } from '../support/wait.ts';

const engine = engineAt(inject('dockerSocket'));
const run = promisify(execFile);
const NODE = 'host-1';
const MIB = 1024 * 1024;
/** Windows of a second, of which rates need some. */
const SECONDS = 20;

let program: Program;
let url: string;
/** Unix seconds: what there is of, at least. */
let start: number;
let end: number;

interface Envelope<T> {
  readonly status: string;
  readonly data: T;
}
interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}
interface Result {
  readonly resultType: string;
  readonly result: readonly Series[];
}

beforeAll(async () => {
  requirePrograms('promtool');
  await burn(engine, { name: 'busy', cores: 0.2 });
  await engine.run({ name: 'limited', flags: ['--memory', '64m'], script: 'sleep 100000' });
  program = await startProgram({
    command: 'run',
    config: {
      node: NODE,
      agent: { interval: '1s', engines: [`unix://${engine.socket}`] },
      collector: { window: '1s', lateness: '200ms' },
    },
  });
  url = program.collectorUrl;
  await program.ready();
  const count = 'count_over_time(container_memory_working_set_bytes{name="busy"}[5m])';
  await waitFor(
    async () => {
      const { data } = await call<Result>('POST', 'query', { query: count });
      return Number(data.result[0]?.value?.[1]) >= SECONDS;
    },
    { timeoutMs: 60_000, everyMs: 500, what: `${SECONDS} windows in the store` },
  );
  end = Math.floor(Date.now() / 1000);
  start = end - SECONDS + 5;
}, 120_000);

afterAll(async () => {
  await program?.stop();
  await engine.remove();
});

type Params = Readonly<Record<string, string | number>>;

/** With the headers and the form that the datasource sends. */
async function call<T>(method: 'GET' | 'POST', path: string, params: Params = {}): Promise<Envelope<T>> {
  const form = new URLSearchParams(Object.entries(params).map(([name, value]): [string, string] => [name, `${value}`]));
  const post = method === 'POST';
  const response = await fetch(`${url}/api/v1/${path}${post || form.size === 0 ? '' : `?${form}`}`, {
    method,
    headers: {
      'user-agent': 'Grafana/12.1.0',
      'x-datasource-uid': 'plimsoll-store',
      'accept-encoding': 'gzip',
      ...(post ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
    },
    ...(post ? { body: form.toString() } : {}),
  });
  const body = (await response.json()) as Envelope<T>;
  expect([response.status, body.status], `${method} ${path} ${form}`).toEqual([200, 'success']);
  return body;
}

describe('Grafana', () => {
  test('saves and tests the data source', async () => {
    const { data } = await call<Result>('POST', 'query', { query: '1+1', time: '4' });
    expect(data).toEqual({ resultType: 'scalar', result: [4, '2'] });
    const info = await call<{ version: string; features?: unknown }>('GET', 'status/buildinfo');
    expect(info.data.version).toMatch(/^3\.\d+\.\d+$/);
    expect(info.data.features).toBeUndefined();
  });

  test('opens the query editor: labels, names, metadata, rules', async () => {
    const span = { start, end };
    const labels = await call<string[]>('GET', 'labels', span);
    expect(labels.data).toEqual(expect.arrayContaining(['__name__', 'id', 'image', 'instance', 'job', 'name', 'node']));
    const limited = await call<string[]>('POST', 'labels', { ...span, 'match[]': 'up', limit: 40_000 });
    expect(limited.data).toEqual(['__name__', 'instance', 'job', 'node'].filter((name) => limited.data.includes(name)));
    const names = await call<string[]>('GET', 'label/__name__/values', { ...span, limit: 40_000 });
    expect(names.data).toEqual(
      expect.arrayContaining(['container_cpu_usage_seconds_total', 'machine_cpu_cores', 'up']),
    );
    expect(names.data).toEqual([...names.data].sort());
    const metadata = await call<Record<string, { type: string; help: string }[]>>('GET', 'metadata', { limit: 50_000 });
    expect(metadata.data.container_cpu_usage_seconds_total?.[0]?.type).toBe('counter');
    expect(metadata.data.container_memory_working_set_bytes?.[0]?.help).toMatch(/\w/);
    expect((await call('GET', 'rules')).data).toEqual({ groups: [] });
  });

  test('chooses labels for a metric, values for a label', async () => {
    const span = { start, end };
    const selector = 'container_memory_working_set_bytes{name!=""}';
    const series = await call<Record<string, string>[]>('POST', 'series', {
      ...span,
      'match[]': selector,
      limit: 40_000,
    });
    expect(series.data.map(({ name }) => name).sort()).toEqual(['busy', 'limited']);
    for (const one of series.data) expect(one).toMatchObject({ node: NODE, job: 'plimsoll-containers' });
    const values = await call<string[]>('GET', 'label/name/values', { ...span, 'match[]': selector });
    expect(values.data).toEqual(['busy', 'limited']);
    const escaped = await call<string[]>('GET', 'label/U__name/values', { ...span, 'match[]': selector });
    expect(escaped.data).toEqual(['busy', 'limited']);
  });

  test('draws a panel, with exemplars asked for beside it', async () => {
    const query = 'sum by (name) (rate(container_cpu_usage_seconds_total{name="busy"}[10s]))';
    const { data } = await call<Result>('POST', 'query_range', { query, start, end, step: 1 });
    expect(data.resultType).toBe('matrix');
    expect(data.result).toHaveLength(1);
    const values = data.result[0]!.values!.map(([, value]) => Number(value));
    // A quota of 0.2; over ten seconds it is off by a period of a tenth at either end, and a busy machine may give it less.
    for (const value of values.slice(10)) {
      expect(value).toBeGreaterThan(0.05);
      expect(value).toBeLessThan(0.23);
    }
    expect((await call('POST', 'query_exemplars', { query, start, end })).data).toEqual([]);
  });

  test('fills a stat and a table with instant queries', async () => {
    const limit = await call<Result>('POST', 'query', {
      query: 'container_spec_memory_limit_bytes{name="limited"}',
      time: end,
    });
    expect(limit.data.result[0]!.value).toEqual([end, String(64 * MIB)]);
    const up = await call<Result>('POST', 'query', { query: 'up{job="plimsoll-agent"}', time: end });
    expect(up.data.result.map(({ value }) => value?.[1])).toEqual(['1']);
  });

  test('formats and explains a query', async () => {
    const query = 'sum(rate(container_cpu_usage_seconds_total{name="busy"}[1m]))by(node)';
    const formatted = await call<string>('GET', 'format_query', { query });
    expect(formatted.data).toBe('sum by (node) (rate(container_cpu_usage_seconds_total{name="busy"}[1m]))');
    const tree = await call<{ type: string; op: string; grouping: string[] }>('GET', 'parse_query', { query });
    expect(tree.data).toMatchObject({ type: 'aggregation', op: 'sum', grouping: ['node'] });
  });

  test('asks about alerts, targets and status', async () => {
    expect((await call('GET', 'alerts')).data).toEqual({ alerts: [] });
    const targets = await call<{ activeTargets: { health: string; labels: Record<string, string> }[] }>(
      'GET',
      'targets',
    );
    expect(targets.data.activeTargets.length).toBeGreaterThan(0);
    expect(targets.data.activeTargets.every(({ health }) => health === 'up')).toBe(true);
    const tsdb = await call<{ headStats: { numSeries: number }; seriesCountByMetricName: unknown[] }>(
      'GET',
      'status/tsdb',
    );
    expect(tsdb.data.headStats.numSeries).toBeGreaterThan(50);
    expect(tsdb.data.seriesCountByMetricName).toHaveLength(10);
    for (const path of ['runtimeinfo', 'flags', 'config', 'walreplay']) await call('GET', `status/${path}`);
  });
});

describe('promtool query', () => {
  const promtool = async (...args: string[]): Promise<string> =>
    (await run('promtool', ['query', ...args], { encoding: 'utf8' })).stdout;

  test('instant', async () => {
    const out = await promtool('instant', `--time=${end}`, url, 'container_spec_memory_limit_bytes{name="limited"}');
    expect(out).toMatch(/name="limited".*=> 67108864 @\[/);
  });

  test('range', async () => {
    const out = await promtool(
      'range',
      `--start=${start}`,
      `--end=${end}`,
      '--step=5s',
      url,
      'count(up{job="plimsoll-agent"})',
    );
    expect(out.match(/^1 @\[/gm)?.length).toBe(Math.floor((end - start) / 5) + 1);
  });

  test('series', async () => {
    const out = await promtool('series', '--match=container_memory_working_set_bytes{name="busy"}', url);
    expect(out.trim().split('\n')).toHaveLength(1);
    expect(out).toContain('name="busy"');
  });

  test('labels', async () => {
    expect((await promtool('labels', url, 'node')).trim()).toBe(NODE);
  });

  test('says what is wrong as of a Prometheus', async () => {
    await expect(promtool('instant', url, 'sum(')).rejects.toThrow(/bad_data|parse error/);
  });
});

describe('the command line', () => {
  test('plimsoll query: a table, and an error at its place', async () => {
    const good = await plimsoll(['query', 'container_spec_memory_limit_bytes{name="limited"}', '--url', url, '--csv']);
    expect([good.code, good.out.split('\n')[1]?.split(',')[1]]).toEqual([0, String(64 * MIB)]);
    const bad = await plimsoll(['query', 'sum(up', '--url', url]);
    expect(bad.code).toBe(1);
    expect(bad.err.split('\n').slice(1, 3)).toEqual(['  sum(up', '        ^']);
  });

  test('plimsoll query --range: a chart', async () => {
    const { code, out } = await plimsoll([
      'query',
      'container_memory_working_set_bytes{name="busy"}',
      '--url',
      url,
      '--range',
      '15s',
      '--chart',
    ]);
    expect(code).toBe(0);
    expect(out).toMatch(/[\u2801-\u28ff]/);
  });

  test('plimsoll top --at: the table of then', async () => {
    const ago = Math.floor(Date.now() / 1000) - end;
    const { code, out } = await plimsoll(['top', '--at', `${ago} seconds ago`, '--url', url, '--json']);
    expect(code).toBe(0);
    const rows = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rows.find(({ name }) => name === 'limited')).toMatchObject({
      memory_limit_bytes: 64 * MIB,
      state: 'running',
      host: NODE,
    });
    const before = await plimsoll(['top', '--at', '3 days ago', '--url', url]);
    expect([before.code, before.err]).toEqual([2, expect.stringContaining('nothing is kept')]);
    const agent = await plimsoll(['top', '--at', '1m', '--url', program.agentUrl]);
    expect([agent.code, agent.err]).toEqual([1, expect.stringContaining('by a collector alone')]);
  });
});

describe('streams', () => {
  test('federate is a page that Prometheus takes', async () => {
    const response = await fetch(`${url}/federate?match[]=${encodeURIComponent('{name="limited"}')}`);
    const text = await response.text();
    expect(text).toMatch(/^container_spec_memory_limit_bytes\{.*name="limited".*\} 67108864 \d{13}$/m);
    // Types are not told, as in Prometheus' own; it must be readable.
    expect(
      text.split('\n').every((line) => line === '' || /^# TYPE \S+ untyped$|^\S+\{.*\} \S+ \d{13}$/.test(line)),
    ).toBe(true);
  });

  test('export has every sample of the store', async () => {
    const match = encodeURIComponent('container_spec_memory_limit_bytes{name="limited"}');
    const text = await (await fetch(`${url}/api/v1/export?match[]=${match}&start=${start}&end=${end}`)).text();
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { values: number[]; timestamps: number[] });
    const times = lines.flatMap(({ timestamps }) => timestamps);
    expect(times.length).toBeGreaterThan(SECONDS - 8);
    expect(new Set(times).size).toBe(times.length);
    expect(lines.flatMap(({ values }) => values).every((value) => value === 64 * MIB)).toBe(true);
  });
});
