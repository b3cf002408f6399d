/**
 * Every query of every dashboard and every rule, asked of the collector's own store and of a Prometheus that the same collector pushes to, at the same
 * moments: the same series with the same values. What differs is explained here.
 */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { remoteWrite } from '../promql/writing.ts';
import { differences, topkDifferences, topkOf } from '../support/answers.ts';
import { boards, queriesOf } from '../support/boards.ts';
import { fillBoard, prometheusVariables } from '../support/boardvalues.ts';
import { engineAt } from '../support/engine.ts';
import { freePort } from '../support/ports.ts';
import { type Program, startProgram } from '../support/program.ts';
import { type Prometheus, queries, type Range, startPrometheus } from '../support/prometheus.ts';
import { type Rule, ruleGroups } from '../support/rulefiles.ts';
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
  [/\b(plimsoll|process|nodejs)_/, 'what the programs say of themselves is scraped or kept, and not pushed'],
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

/** Of both servers, in words. */
async function compared(expr: string, ask: typeof instant): Promise<{ wrong: string[]; answered: boolean }> {
  const [ours, theirs] = await Promise.all([ask(kept, expr), ask(prometheus, expr)]);
  const topk = topkOf(expr);
  const wrong =
    topk === undefined
      ? differences(ours, theirs, SCRAPED)
      : [
          ...topkDifferences({ ours, theirs, all: await ask(prometheus, topk.of) }, topk, SCRAPED),
          ...(await compared(topk.of, ask)).wrong,
        ];
  return { wrong: wrong.slice(0, 3), answered: theirs.length > 0 };
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
    const found = await compared(expr, target.instant ? instant : ranged);
    answered += found.answered ? 1 : 0;
    wrong.push(...found.wrong.map((words) => `${where}: ${expr}: ${words}`));
  }
  expect(wrong).toEqual([]);
  expect(answered).toBeGreaterThan(3);
});

test('the rules: each gives the same, and those that are recorded are there for the others', async () => {
  // Thresholds first: the others are compared with them. Some need what another group has recorded, so that all is recorded twice before.
  const groups = [...ruleGroups()].sort(
    (a, b) => Number(b.name.includes('defaults')) - Number(a.name.includes('defaults')),
  );
  const rules = groups
    .flatMap((group) => group.rules.map((rule) => ({ ...rule, expr: asVector(rule.expr) })))
    .filter(({ expr }) => !OTHERWISE.some(([asks]) => asks.test(expr)));
  for (let round = 0; round < 2; round++) {
    for (const rule of rules)
      if (rule.record !== undefined) await Promise.all([record(kept, rule), record(prometheus, rule)]);
  }
  const wrong: string[] = [];
  let answered = 0;
  for (const { alert, record: name, expr } of rules) {
    const found = await compared(expr, instant);
    answered += found.answered ? 1 : 0;
    wrong.push(...found.wrong.map((words) => `${alert ?? name}: ${words}`));
  }
  expect(wrong).toEqual([]);
  expect(rules.filter(({ alert }) => alert !== undefined).length).toBeGreaterThan(20);
  expect(answered).toBeGreaterThan(25);
}, 60_000);

/** A rule may be a number; what it records is a series all the same. */
function asVector(expr: string): string {
  return /^[\d\s.*^+-]+$/.test(expr) ? `vector(${expr})` : expr;
}

/** What a recording rule gives at the moment, into the server that gave it. */
async function record(server: Asked & { readonly url: string }, { record: name = '', expr, labels = {} }: Rule) {
  const found = await server.query(expr, end);
  const written = found.map((one) => ({
    labels: Object.entries({ ...one.labels, ...labels, __name__: name }),
    samples: [{ ms: Math.round(end * 1000), value: one.value }],
  }));
  if (written.length > 0) await remoteWrite(server.url, written);
}
