/**
 * Questions made up at random, to a real Prometheus and to a collector, over the same samples, which both have by remote-write. The seeds and the made-up world
 * are fixed, and avoid what versions of Prometheus answer differently (ranges that end on a sample, counters that begin at zero);
 * `npm run test:promql -- --against URL --ours URL` asks thousands of any servers.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compare, serverAt } from '../promql/differential.ts';
import { WORLD, world } from '../promql/world.ts';
import { remoteWrite } from '../promql/writing.ts';
import { requirePrograms } from '../support/install.ts';
import { type Program, startProgram } from '../support/program.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';

/** Questions that may be answered otherwise, and why. */
const OTHERWISE: readonly (readonly [asks: RegExp, why: string])[] = [
  [
    /(rate|increase)\(\(.*\)\[\w+:/,
    'what begins near zero within a range is extrapolated otherwise by 2.42; subqueries make such of anything',
  ],
];

let prometheus: Prometheus;
let collector: Program;
beforeAll(async () => {
  requirePrograms('prometheus');
  const store = { accept_age: '36500d' };
  [prometheus, collector] = await Promise.all([
    startPrometheus({ remoteWrite: true }),
    startProgram({ command: 'collector', config: { store } }),
  ]);
  const series = world(1, true);
  for (const { url } of [prometheus, { url: collector.collectorUrl }]) await remoteWrite(url, series);
});
afterAll(async () => {
  await collector?.stop();
  await prometheus?.stop();
});

test('300 questions are answered as Prometheus answers them', async () => {
  const { asked, nonempty, differences } = await compare({
    theirs: serverAt(prometheus.url),
    ours: serverAt(collector.collectorUrl),
    vocabulary: WORLD,
    ...{ from: 1, count: 300 },
  });
  expect(differences.filter(({ question }) => !OTHERWISE.some(([asks]) => asks.test(question.expr)))).toEqual([]);
  // Else the questions would say nothing.
  expect(asked).toBe(300);
  expect(nonempty).toBeGreaterThan(120);
});
