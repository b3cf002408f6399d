/**
 * Questions made up at random, to a real Prometheus and to the engine, over the same samples. The fixed seeds and the made-up world avoid what versions of
 * Prometheus answer differently (ranges that end on a sample, counters that begin at zero); `npm run test:promql -- --against URL` asks thousands of any server.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compare } from '../promql/differential.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';

let prometheus: Prometheus;
beforeAll(async () => {
  prometheus = await startPrometheus({ remoteWrite: true });
});
afterAll(async () => {
  await prometheus.stop();
});

test('300 questions are answered as Prometheus answers them', async () => {
  const { asked, nonempty, differences } = await compare(prometheus.url, { world: 1, high: true, from: 1, count: 300 });
  expect(differences).toEqual([]);
  // Else the questions would say nothing.
  expect(asked).toBe(300);
  expect(nonempty).toBeGreaterThan(120);
});
