/** Scripts and made-up questions asked of a server: one with the engine behind it must answer all of them, and one that answers otherwise is found out. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { QueryAnswer } from '../../../collector/query/query.ts';
import { inProcess } from '../../promql/asking.ts';
import { compare, engineOver, serverAt } from '../../promql/differential.ts';
import { line } from '../../promql/notation.ts';
import { runScript } from '../../promql/running.ts';
import { atServer } from '../../promql/scripted.ts';
import { inStore } from '../../promql/stored.ts';
import { WORLD, world } from '../../promql/world.ts';
import { MemorySource, type Sample } from '../../support/memorysource.ts';
import { engineWith } from '../../support/querying.ts';
import { type Receiver, startReceiver } from '../../support/remotewrite.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** What was written is read by the receiver of the remote-write tests, which is no code of the encoder's. `change` is what a faulty server does to a value. */
async function startServer(
  change: (value: number) => number = (value) => value,
  given?: MemorySource,
): Promise<string> {
  const receiver = await startReceiver();
  const server: Server = createServer(async (incoming, outgoing) => {
    const body = await bodyOf(incoming);
    if (incoming.url === '/api/v1/write') {
      if (given) return void outgoing.writeHead(204).end();
      const headers = Object.entries(incoming.headers).filter(([name]) => /^content-(?:type|encoding)$|^x-/.test(name));
      const { status } = await fetch(`${receiver.url}`, {
        method: 'POST',
        body: new Uint8Array(body),
        headers: headers as [string, string][],
      });
      outgoing.writeHead(status).end();
      return;
    }
    const asked = new URLSearchParams(body.toString());
    const ms = (name: string): number => Math.round(Number(asked.get(name)) * 1000);
    const times = asked.has('step')
      ? { startMs: ms('start'), endMs: ms('end'), stepMs: ms('step') }
      : { startMs: ms('time'), endMs: ms('time'), stepMs: 0 };
    try {
      const answer = engineWith().query({ query: asked.get('query') as string, ...times }, given ?? sourceOf(receiver));
      outgoing.end(JSON.stringify({ status: 'success', ...envelope(answer, change) }));
    } catch (error) {
      outgoing.writeHead(422).end(JSON.stringify({ status: 'error', error: (error as Error).message }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(
    () => receiver.close(),
    async () => {
      server.closeAllConnections();
      server.close();
    },
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const sources = new WeakMap<Receiver, { size: number; source: MemorySource }>();

function sourceOf(receiver: Receiver): MemorySource {
  const taken = receiver.taken();
  const known = sources.get(receiver);
  if (known?.size === taken.length) return known.source;
  const source = new MemorySource();
  const bySeries = new Map<string, Sample[]>();
  for (const { series, timeMs, value } of taken) {
    const samples = bySeries.get(series) ?? [];
    samples.push({ ms: timeMs, value });
    bySeries.set(series, samples);
  }
  for (const [series, samples] of bySeries) source.add(line(series).labels, samples);
  sources.set(receiver, { size: taken.length, source });
  return source;
}

function envelope({ type, series, text, warnings, infos }: QueryAnswer, change: (value: number) => number): object {
  const point = (ms: number, value: number) => [ms / 1000, String(change(value)).replace('Infinity', 'Inf')];
  const scalar = type === 'scalar' ? point(0, series[0]?.values[0] as number) : undefined;
  const results = series.map(({ labels, timesMs, values }) => {
    const points = Array.from(values, (value, i) => point(timesMs[i] as number, value));
    return { metric: Object.fromEntries(labels), ...(type === 'matrix' ? { values: points } : { value: points[0] }) };
  });
  const result = type === 'string' ? [0, text] : type === 'scalar' ? scalar : results;
  return { data: { resultType: type, result }, warnings, infos };
}

const SCRIPT = `
load 1m
  jobs_total{queue="a"} 0+60x10
  jobs_total{queue="b"} 5 stale

eval instant at 5m rate(jobs_total[5m])
  {queue="a"} 1

eval range from 0 to 2m step 1m jobs_total{queue="b"}
  jobs_total{queue="b"} 5 _ _

eval instant at 0 1 + 1
  2

eval instant at 0 "word"
  expect string "word"

eval instant at 0 jobs_total + on () jobs_total
  expect fail msg: many-to-many matching not allowed

eval instant at 2m quantile(2, jobs_total)
  expect warn
  {} Inf

eval instant at 90s time()
  90

clear

eval instant at 5m jobs_total
`;

test('a script passes in this process, in a store and at a server, which is not asked what time it is', async () => {
  for (const asked of [inProcess(), inStore()]) {
    const here = await runScript('jobs.test', SCRIPT, asked);
    expect([here.failures, here.passed, here.skipped.size]).toEqual([[], 8, 0]);
  }
  const there = await runScript('jobs.test', SCRIPT, atServer(await startServer()));
  expect([there.failures, there.passed, [...there.skipped]]).toEqual([[], 7, [['the time is another there', 1]]]);
});

test('a wrong expectation fails, by its line', async () => {
  const wrong = SCRIPT.replace('{queue="a"} 1\n', '{queue="a"} 2\n');
  const { failures } = await runScript('jobs.test', wrong, inProcess());
  expect(failures).toEqual([{ line: 6, expr: 'rate(jobs_total[5m])', problem: '{queue="a"} is 1, not 2' }]);
});

test('a server that answers the same is not different, one that is off by a millionth is', async () => {
  const series = world(1, false);
  const source = new MemorySource();
  for (const { labels, samples } of series) source.add(labels, samples);
  const asked = { ours: engineOver(series), vocabulary: WORLD, from: 1, count: 30 };
  const same = await startServer((value) => value, source);
  expect(await compare({ theirs: serverAt(same), ...asked })).toMatchObject({ asked: 30, differences: [] });
  const off = await startServer((value) => value * 1.000001, source);
  const { differences } = await compare({ theirs: serverAt(off), ...asked });
  expect(differences.length).toBeGreaterThan(5);
});
