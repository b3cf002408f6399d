/**
 * Every query of every dashboard, asked of the collector's own store and of a Prometheus that the same collector pushes to, at the same
 * moments: the same series with the same values. What differs is explained here.
 */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { boards, queriesOf } from '../support/boards.ts';
import { fillBoard, prometheusVariables } from '../support/boardvalues.ts';
import { engineAt } from '../support/engine.ts';
import { freePort } from '../support/ports.ts';
import { type Program, startProgram } from '../support/program.ts';
import { type Prometheus, queries, type Range, startPrometheus } from '../support/prometheus.ts';
import { CLUSTER, NODE } from '../support/stage.ts';
import { waitFor } from '../support/wait.ts';
import { startZoo } from '../support/zoo.ts';

const engine = engineAt(inject('dockerSocket'));
/** Windows of a second. */
const SECONDS = 30;
const TIMES = { range: 20, interval: 2, scrapeInterval: 1 };

/** A scrape has one job for groups and one for containers; a push has the same labels for all. It is left out of what is compared. */
const SCRAPED = new Set(['job']);
/** Queries that may differ, by what they ask for, and why. */
const OTHERWISE: readonly (readonly [asks: RegExp, why: string])[] = [
  [/\bup\b/, 'the store has an `up` for each node as if it were scraped; whoever is pushed to has none'],
  [/(plimsoll|process|nodejs)_/, 'what the programs say of themselves is scraped, and neither kept nor pushed'],
];

let prometheus: Prometheus;
let program: Program;
let kept: Pick<Prometheus, 'url' | 'query' | 'queryRange'>;
/** Unix seconds, between two windows: whether a range has its left end is another matter in Prometheus 3 than in 2.42. */
let end: number;

beforeAll(async () => {
  prometheus = await startPrometheus({ remoteWrite: true });
  await startZoo(engine);
  const listen = `127.0.0.1:${await freePort()}`;
  program = await startProgram({
    command: 'run',
    config: {
      node: NODE,
      cluster: CLUSTER,
      agent: { interval: '1s', engines: [`unix://${engine.socket}`], filesystem: { interval: '1s' } },
      collector: { listen, window: '1s', lateness: '200ms' },
      sinks: {
        pushed: { kind: 'remote_write', url: prometheus.url, containers: true, external_labels: { instance: listen } },
      },
    },
  });
  const url = program.collectorUrl;
  kept = { url, ...queries(url) };
  const enough = `min(count_over_time(service_containers[5m])) >= ${SECONDS} and on () (sum(service_restarts_total) >= 0)`;
  await waitFor(async () => (await prometheus.query(enough)).length > 0, {
    timeoutMs: 120_000,
    everyMs: 500,
    what: enough,
  });
  const now = Math.floor(Date.now() / 1000);
  end = now - 0.5;
  const newest = `min(timestamp(service_containers)) > ${now}`;
  for (const server of [prometheus, kept])
    await waitFor(async () => (await server.query(newest)).length > 0, {
      timeoutMs: 30_000,
      everyMs: 200,
      what: newest,
    });
}, 240_000);

afterAll(async () => {
  await program?.stop();
  await prometheus?.stop();
  await engine.remove();
});

type Asked = Pick<Prometheus, 'query' | 'queryRange'>;

async function instant(server: Asked, expr: string): Promise<Range[]> {
  const found = await server.query(expr, end);
  return found.map(({ labels, value, time }) => ({ labels, points: [[time, value] as const] }));
}

function ranged(server: Asked, expr: string): Promise<Range[]> {
  return server.queryRange(expr, { start: end - TIMES.range, end, step: TIMES.interval });
}

function keyOf({ labels }: Range): string {
  const own = Object.entries(labels).filter(([name]) => !SCRAPED.has(name));
  return JSON.stringify(own.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function keyed(series: readonly Range[]): Map<string, Range['points']> {
  return new Map(series.map((one) => [keyOf(one), one.points]));
}

const ONE_SIDED = /^(we have no|only we have) /;

/** In words; none if both are the same. */
function differences(ours: readonly Range[], theirs: readonly Range[]): string[] {
  const [a, b] = [keyed(ours), keyed(theirs)];
  const missing = [...b.keys()].filter((key) => !a.has(key)).map((key) => `we have no ${key}`);
  const more = [...a.keys()].filter((key) => !b.has(key)).map((key) => `only we have ${key}`);
  const others = [...a].flatMap(([key, points]) => {
    const there = b.get(key);
    const same =
      there === undefined ||
      (points.length === there.length &&
        points.every(([time, value], i) => time === there[i]?.[0] && isNear(value, there[i]?.[1] as number)));
    return same ? [] : [`${key}: ${JSON.stringify(points.slice(-4))} and there ${JSON.stringify(there?.slice(-4))}`];
  });
  return [...missing, ...more, ...others].slice(0, 3);
}

/** Sums of floats depend on the order in their last digits. */
function isNear(a: number, b: number): boolean {
  return Object.is(a, b) || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));
}

const all = boards('prometheus').filter(({ file }) => !file.includes('pipeline'));

test.each(all.map((board) => [board.file, board] as const))('%s', async (_file, board) => {
  const source = prometheusVariables(prometheus, end);
  const { fill } = await fillBoard(board, source, { times: TIMES });
  const own = await fillBoard(board, prometheusVariables(kept as Prometheus, end), { times: TIMES });
  const there = await fillBoard(board, source, { times: TIMES });
  expect([...own.options].filter(([name]) => name !== 'job')).toEqual(
    [...there.options].filter(([name]) => name !== 'job'),
  );
  const wrong: string[] = [];
  let answered = 0;
  for (const { target, where } of queriesOf([board])) {
    const expr = fill(target.expr ?? '');
    if (OTHERWISE.some(([asks]) => asks.test(expr))) continue;
    const ask = target.instant ? instant : ranged;
    const [ours, theirs] = await Promise.all([ask(kept, expr), ask(prometheus, expr)]);
    answered += theirs.length > 0 ? 1 : 0;
    // Of containers that have the same, mostly nothing, topk takes any: then series that both have are compared.
    const found = differences(ours, theirs).filter((words) => !expr.includes('topk(') || !ONE_SIDED.test(words));
    wrong.push(...found.map((words) => `${where}: ${expr}: ${words}`));
  }
  expect(wrong).toEqual([]);
  expect(answered).toBeGreaterThan(3);
});
