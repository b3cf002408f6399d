/** What we expose, judged by others: promtool on the whole catalogue, and a real Prometheus that scrapes both formats. */
import { execFile } from 'node:child_process';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { afterEach, describe, expect, test } from 'vitest';
import { filesystem } from '../../src/catalog/filesystem.ts';
import { FAMILIES } from '../../src/catalog/index.ts';
import { negotiate } from '../../src/exposition/negotiate.ts';
import { createExposition } from '../../src/exposition/page.ts';
import { fromPromClient } from '../../src/exposition/self.ts';
import { renderText } from '../../src/exposition/text.ts';
import { labels } from '../../src/model/labels.ts';
import type { Table } from '../../src/model/table.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { T0, table } from '../support/tables.ts';
import { waitFor } from '../support/wait.ts';
import { promtool } from '../support/promtool.ts';

const run = promisify(execFile);
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const HOSTILE = ['plain', 'say "hi"', 'C:\\', 'a\\nb', 'two\nlines', 'größe 🐳', '{a="b",c}', ' edges '];

/** Every family of the catalogue, for a container and the host, its numbers 1, 2, 3 … */
function catalogue(): Table[] {
  return FAMILIES.map((family) => {
    const rows = [{ id: '/docker/aa', name: 'web' }, { id: '/' }].map((pairs) => ({
      labels: labels([...Object.entries(pairs), ...family.dims.map((dim): [string, string] => [dim, 'x'])]),
    }));
    const values = Float64Array.from({ length: family.columns.length * rows.length }, (_, i) => i + 1);
    return { shape: family, rows, values, timesMs: new Float64Array(rows.length).fill(T0) };
  });
}

test('promtool finds nothing wrong with the catalogue', () => {
  const input = [...renderText(catalogue(), { format: 'text', timestamps: false })].map(String).join('');
  expect(promtool(input)).toEqual([]);
});

test('promtool finds nothing wrong with hostile labels and our own metrics', async () => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const given = table({ columns: ['container_threads'], rows: HOSTILE.map((name, i) => [{ name }, [i]]) });
  const page = createExposition().render({
    tables: [given],
    self: await fromPromClient(registry),
    format: 'text',
    gzip: false,
    timestamps: false,
  });
  const pieces: Buffer[] = [];
  for await (const piece of page) pieces.push(piece);
  // prom-client's names for Node are its own.
  expect(promtool(Buffer.concat(pieces).toString()).filter((line) => !line.startsWith('nodejs_'))).toEqual([]);
});

describe.each(['openmetrics', 'text'] as const)('a real Prometheus, %s', (format) => {
  test('takes every series with its labels and its number, compressed', async () => {
    const given = [
      ...catalogue(),
      table({ columns: ['hostile'], rows: HOSTILE.map((name, i) => [{ name, n: String(i) }, [i]]) }),
    ];
    const asked: IncomingMessage[] = [];
    const url = await serve(given, format, asked);
    const prometheus = await startPrometheus({ scrapes: [{ job: 'page', url }] });
    stops.push(prometheus.stop);
    const hostile = await waitFor(async () => {
      const found = await prometheus.query('hostile');
      return found.length === HOSTILE.length ? found : undefined;
    });
    expect(await prometheus.query('up{job="page"}')).toMatchObject([{ value: 1 }]);
    const byNumber = new Map(hostile.map((s) => [Number(s.labels.n), s]));
    for (const [i, name] of HOSTILE.entries()) {
      expect(byNumber.get(i)?.labels.name).toBe(name);
      expect(byNumber.get(i)?.value).toBe(i);
    }
    const expected = catalogue().reduce((sum, t) => sum + t.values.length, HOSTILE.length);
    const [scraped] = await prometheus.query('scrape_samples_scraped{job="page"}');
    expect(scraped?.value).toBe(expected);
    const [usage] = await prometheus.query('container_cpu_usage_seconds_total{name="web",cpu="total"}');
    expect(usage?.value).toBe(1);
    // Gauges that are named like counters: of no type for Prometheus, and there like any other.
    expect(await typeOf(prometheus.url, 'container_fs_inodes_total')).toBe('unknown');
    expect(await typeOf(prometheus.url, 'container_fs_inodes_used')).toBe('gauge');
    const columns = filesystem.columns.map(({ metric }) => metric);
    const [inodes] = await prometheus.query('container_fs_inodes_total{name="web"}');
    // Two rows in each column, numbered through.
    expect(inodes?.value).toBe(columns.indexOf('container_fs_inodes_total') * 2 + 1);
    expect(asked[0]?.headers['accept-encoding']).toContain('gzip');
    expect(asked[0]?.headers.accept).toContain('openmetrics');
  });
});

/** As Prometheus' metadata has it. */
async function typeOf(url: string, metric: string): Promise<string | undefined> {
  const answer = await fetch(`${url}/api/v1/metadata?metric=${metric}`);
  const { data } = (await answer.json()) as { data: Record<string, { type: string }[]> };
  return data[metric]?.[0]?.type;
}

/** Serves the tables as the programs do; `format` decides what the scraper's wish is overruled with. */
async function serve(
  tables: readonly Table[],
  format: 'text' | 'openmetrics',
  asked: IncomingMessage[],
): Promise<string> {
  const exposition = createExposition();
  const server = createServer((request, response) => {
    asked.push(request);
    const { accept, 'accept-encoding': encoding } = request.headers;
    const chosen = negotiate(format === 'text' ? 'text/plain;version=0.0.4' : accept, String(encoding ?? ''));
    expect(chosen.format).toBe(format);
    response.setHeader('content-type', chosen.contentType);
    if (chosen.gzip) response.setHeader('content-encoding', 'gzip');
    Readable.from(exposition.render({ tables, self: [], timestamps: false, ...chosen })).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
}

test('curl --compressed reads the page whole', async () => {
  const given = [
    table({ columns: ['m'], rows: Array.from({ length: 5000 }, (_, i) => [{ id: `/docker/${i}` }, [i]]) }),
  ];
  const url = await serve(given, 'text', []);
  const { stdout } = await run('curl', ['-sS', '--fail', '--compressed', url], { maxBuffer: 1e8 });
  expect(stdout.match(/^m\{/gm)).toHaveLength(5000);
});
