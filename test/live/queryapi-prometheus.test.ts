/**
 * The recording that the query API is measured by is what Debian's Prometheus says today, to the same questions over the same series. With RECORD=1 it
 * is written anew.
 */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WITH_PROMQL, WITHOUT_PROMQL } from '../collector/api/asked.ts';
import { answersOf, RECORDING, recording } from '../collector/api/recorded.ts';
import { startApiPrometheus } from '../support/apiprometheus.ts';
import { requirePrograms } from '../support/install.ts';

let prometheus: Awaited<ReturnType<typeof startApiPrometheus>>;

beforeAll(async () => {
  requirePrograms('prometheus', 'promtool');
  prometheus = await startApiPrometheus();
});

afterAll(() => prometheus?.stop());

test('a real Prometheus answers as it is recorded', async () => {
  const answers = await answersOf(prometheus.url, [...WITHOUT_PROMQL, ...WITH_PROMQL]);
  if (process.env.RECORD === '1')
    writeFileSync(RECORDING, `${JSON.stringify(Object.fromEntries(answers), undefined, 1)}\n`);
  const orderless = (entries: Iterable<readonly [string, unknown]>) =>
    // Which of two that clash is named first is chance.
    Object.fromEntries(
      [...entries].map(([name, answer]) => [name, JSON.stringify(answer).replace(/\[\{__name__.*\];/, '')]),
    );
  expect(orderless(answers)).toEqual(orderless(recording()));
});
