/** The pipeline's dashboard on the collector alone: its panels find in the store what the collector says of itself. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startCollector } from '../../collector/main.ts';
import { schema } from '../../src/config/schema.ts';
import { silent } from '../../src/log.ts';
import type { Batch } from '../../src/model/batch.ts';
import { lifecycle } from '../../src/run/lifecycle.ts';
import { boards, queriesOf } from '../support/boards.ts';
import { fillBoard, prometheusVariables } from '../support/boardvalues.ts';
import { fakeClock } from '../support/clock.ts';
import { type Prometheus, queries } from '../support/prometheus.ts';
import { batchAt } from '../support/recordedagent.ts';
import { waitFor } from '../support/wait.ts';

const WINDOW_MS = 10_000;
const TIMES = { range: 60, interval: 10, scrapeInterval: 10 };

/** Counts by something that there may be none of. */
const MAY_BE_ABSENT: ReadonlySet<string> = new Set([
  'plimsoll_collector_agent_clock_offset_seconds',
  'plimsoll_collector_batches_total',
  'plimsoll_collector_samples_dropped_total',
  'plimsoll_collector_groups_refused_total',
  'plimsoll_collector_evictions_total',
  'plimsoll_sink_samples_dropped_total',
  'plimsoll_http_refused_total',
]);

function later({ tables, ...batch }: Batch, ticks: number): Batch {
  const byMs = ticks * WINDOW_MS;
  const moved = tables.map((table) => ({ ...table, timesMs: table.timesMs.map((ms) => ms + byMs) }));
  return { ...batch, seq: batch.seq + ticks, timeMs: batch.timeMs + byMs, tables: moved };
}

test('every panel about collectors has an answer, and `up` of the job is 1', async () => {
  const batch = await batchAt('v2', 't1');
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-pipeline-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const clock = fakeClock(Math.floor(batch.timeMs / WINDOW_MS) * WINDOW_MS);
  const life = lifecycle({ clock, log: silent, deadlineMs: 1000 });
  const guard = { token: undefined, tls: undefined, onRenewed: () => undefined, stop: () => undefined };
  const config = schema.parse({
    data_dir: folder,
    collector: { listen: '127.0.0.1:0' },
    store: { instance: 'here:9640' },
  });
  const { url, accept } = await startCollector({ config, guard, version: '0', clock, log: silent, life });
  onTestFinished(() => life.stop());
  const kept = { url, ...queries(url) };
  let ticks = 0;
  const windows = async (): Promise<boolean> => {
    accept(later(batch, ticks++));
    for (let s = 0; s < 10; s++) await clock.advance(1000);
    const counted = 'count_over_time(plimsoll_collector_windows_total{job="plimsoll-collector"}[5m])';
    const [found] = await kept.query(counted, clock.now() / 1000);
    return (found?.value ?? 0) >= 7;
  };
  await waitFor(windows, { timeoutMs: 50_000, what: 'seven windows of the collector’s own metrics' });

  const end = clock.now() / 1000;
  const [board] = boards('prometheus').filter(({ file }) => file.includes('pipeline'));
  const { fill, options } = await fillBoard(board!, prometheusVariables(kept as Prometheus, end), { times: TIMES });
  expect(options.get('job')).toContain('plimsoll-collector');
  expect(options.get('instance')).toContain('here:9640');
  const silentOnes: string[] = [];
  for (const { target } of queriesOf([board!])) {
    const expr = fill(target.expr ?? '');
    const range = { start: end - TIMES.range, end, step: TIMES.interval };
    const answer = target.instant ? await kept.query(expr, end) : await kept.queryRange(expr, range);
    if (answer.length === 0) silentOnes.push(...(expr.match(/\b(?:plimsoll|process|nodejs)_\w+/g) ?? []));
  }
  const ofCollectors = silentOnes.filter((name) =>
    /^(plimsoll_(collector|sink|http|build)|process|nodejs)_/.test(name),
  );
  expect(ofCollectors.filter((name) => !MAY_BE_ABSENT.has(name))).toEqual([]);
  // As many windows as it says: its own number is one of those kept. The series has the labels of a scrape and no others.
  const [series] = await kept.query('plimsoll_collector_windows_total', end);
  expect(series).toMatchObject({
    labels: { __name__: 'plimsoll_collector_windows_total', instance: 'here:9640', job: 'plimsoll-collector' },
  });
  expect((await kept.query('up{job="plimsoll-collector"}', end)).map(({ value }) => value)).toEqual([1]);
});
