/**
 * Measures the exposition writer: the whole of a large page, its longest piece, a hot page of an agent, and gzip. Numbers are
 * made up, shaped as an agent's or a collector's tables are.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createExposition } from '../../src/exposition/page.ts';
import { streamText } from '../../src/exposition/text.ts';
import { labels } from '../../src/model/labels.ts';
import type { Shape } from '../../src/model/shape.ts';
import type { Row, Table } from '../../src/model/table.ts';

export interface ExpositionFigures {
  /** 300 000 series, the labels' text not made yet, in milliseconds. */
  readonly coldMs: number;
  /** The same rows again. */
  readonly hotMs: number;
  /** The longest time in which nothing else could run, as the event loop's delay. */
  readonly longestBlockMs: number;
  readonly bytes: number;
  /** 7 500 series again, in milliseconds. */
  readonly agentHotMs: number;
  /** 7 500 series again, compressed. */
  readonly agentGzipMs: number;
  readonly agentBytes: number;
  readonly agentGzipBytes: number;
}

/** Runs it; a few seconds. */
export async function benchExposition(): Promise<ExpositionFigures> {
  const large = rowsOf(9091);
  const cold = await timed(tablesOf(large, 33));
  const runs = [];
  for (let i = 0; i < 3; i++) runs.push(await timed(tablesOf(large, 33)));
  const agentRows = rowsOf(100);
  const agent = [];
  const gzip = [];
  for (let i = 0; i < 15; i++) {
    agent.push(await pageTimed(agentRows, false));
    gzip.push(await pageTimed(agentRows, true));
  }
  return {
    coldMs: cold.ms,
    hotMs: median(runs.map((run) => run.ms)),
    longestBlockMs: Math.max(cold.longest, ...runs.map((run) => run.longest)),
    bytes: cold.bytes,
    agentHotMs: median(agent.map((run) => run.ms)),
    agentGzipMs: median(gzip.map((run) => run.ms)),
    agentBytes: agent[0]?.bytes ?? 0,
    agentGzipBytes: gzip[0]?.bytes ?? 0,
  };
}

const texts = new WeakMap<Row, string>();

async function timed(tables: readonly Table[]): Promise<{ ms: number; longest: number; bytes: number }> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const start = performance.now();
  let bytes = 0;
  for await (const piece of streamText(tables, { format: 'text', timestamps: false, texts })) bytes += piece.length;
  const ms = performance.now() - start;
  delay.disable();
  return { ms, longest: delay.max / 1e6, bytes };
}

const exposition = createExposition();

async function pageTimed(rows: readonly Row[], gzip: boolean): Promise<{ ms: number; bytes: number }> {
  const request = { tables: tablesOf(rows, 75), self: [], format: 'text' as const, timestamps: false, gzip };
  const start = performance.now();
  let bytes = 0;
  for await (const piece of exposition.render(request)) bytes += piece.length;
  return { ms: performance.now() - start, bytes };
}

function rowsOf(count: number): Row[] {
  return Array.from({ length: count }, (_, i) => ({
    labels: labels([
      ['id', `/docker/${i.toString(16).padStart(64, 'a0b1c2d3e4f5')}`],
      ['name', `shop-web-${i}`],
      ['image', 'registry.example.org/shop/web:1.17.3'],
      ['container_label_com_docker_compose_project', 'shop'],
      ['container_label_com_docker_compose_service', 'web'],
    ]),
  }));
}

/** Two tables of each family, as an agent has one for containers and one for the host. */
function tablesOf(rows: readonly Row[], columns: number): Table[] {
  const host: Row[] = [{ labels: labels([['id', '/']]) }];
  const tables: Table[] = [];
  for (let first = 0; first < columns; first += 8) {
    const shape: Shape = {
      measurement: `container_family${first}`,
      columns: Array.from({ length: Math.min(8, columns - first) }, (_, i) => ({
        metric: `container_family${first}_metric${i}_seconds_total`,
        field: `metric${i}_seconds_total`,
        labels: i === 0 ? [['cpu', 'total'] as const] : [],
        kind: 'counter',
        unit: 'seconds',
        help: 'A number that goes up.',
      })),
    };
    tables.push(tableOf(shape, rows), tableOf(shape, host));
  }
  return tables;
}

function tableOf(shape: Shape, rows: readonly Row[]): Table {
  const values = Float64Array.from({ length: rows.length * shape.columns.length }, (_, i) =>
    i % 2 === 0 ? i * 4096 : i / 1000 + Math.random(),
  );
  return { shape, rows, values, timesMs: new Float64Array(rows.length).fill(1_800_000_000_000) };
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
