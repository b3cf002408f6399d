/**
 * A collector that ends, in good order or not, and is started again on the same folder: totals go on. One that was killed is shown by a copy of its
 * folder, taken while it runs.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startCollector } from '../../collector/main.ts';
import { schema } from '../../src/config/schema.ts';
import { silent } from '../../src/log.ts';
import type { Batch } from '../../src/model/batch.ts';
import { lifecycle } from '../../src/run/lifecycle.ts';
import { createEncoder } from '../../src/wire/encode.ts';
import { CONTENT_TYPE } from '../../src/wire/format.ts';
import { syntheticAgents } from '../bench/load.ts';
import { fakeClock } from '../support/clock.ts';
import { fetchText } from '../support/http.ts';
import { waitFor } from '../support/wait.ts';

const T0 = 1_800_000_000_000;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'plimsoll-restart-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** A collector at a moment, on a folder. */
async function collectorAt(startMs: number, dataDir: string) {
  const clock = fakeClock(startMs);
  const life = lifecycle({ clock, log: silent, deadlineMs: 1000 });
  onTestFinished(() => life.stop());
  const guard = { token: undefined, tls: undefined, onRenewed: () => undefined, stop: () => undefined };
  const config = schema.parse({ data_dir: dataDir, collector: { listen: '127.0.0.1:0' } });
  const { url, accept } = await startCollector({ config, guard, version: '0', clock, log: silent, life });
  async function value(metric: string): Promise<number> {
    const page = (await fetchText(`${url}/metrics`)).text;
    return Number(new RegExp(`^${metric}(?:\\{.*\\})? (\\S+)$`, 'm').exec(page)?.[1]);
  }
  return {
    stop: () => life.stop(),
    /** A push of these batches' bodies, one after another; answers what the last was told to be durable. */
    async push(bodies: readonly Uint8Array[]): Promise<number | undefined> {
      let durable: number | undefined;
      for (const body of bodies) {
        const headers = { 'content-type': CONTENT_TYPE };
        const answer = await fetchText(`${url}/api/v1/push`, { method: 'POST', headers, body: Buffer.from(body) });
        durable = (JSON.parse(answer.text) as { durable?: number }).durable;
      }
      return durable;
    },
    /** Until the window of the batch is closed and on disk; answers the cluster's CPU seconds. */
    async take(batch: Parameters<typeof accept>[0]): Promise<number> {
      accept(batch);
      const endS = (Math.floor(batch.timeMs / 10_000) + 1) * 10;
      await waitFor(
        async () => {
          await clock.advance(1000);
          return (await value('plimsoll_log_durable_seconds')) >= endS;
        },
        { what: `the window that ends at ${endS} to be on disk` },
      );
      return value('cluster_cpu_usage_seconds_total');
    },
  };
}

/** Three containers, whose CPU time grows by 7, 8 and 9 ms from batch to batch: together 0.024 s. */
function agent() {
  const [one] = syntheticAgents({ agents: 1, containers: 3, metrics: 33 });
  let tick = 0;
  return () => one?.batch(T0 + 10_000 * ++tick + 500) as never;
}

test.each(['stopped', 'killed'])('totals go on in a collector that was %s', async (how) => {
  const [first, second] = [folder(), folder()];
  const next = agent();
  const before = await collectorAt(T0 + 10_000, first);
  expect(await before.take(next())).toBeCloseTo(0, 9);
  expect(await before.take(next())).toBeCloseTo(0.024, 9);
  if (how === 'stopped') await before.stop();
  cpSync(first, second, { recursive: true, filter: (path) => !path.endsWith('/lock') });

  const after = await collectorAt(T0 + 10_000 * 4, second);
  // Nobody saw the third batch; what was used in its time is in the fourth's.
  next();
  expect(await after.take(next())).toBeCloseTo(3 * 0.024, 9);
  expect(await after.take(next())).toBeCloseTo(4 * 0.024, 9);
});

test('on another folder they begin at 0', async () => {
  const next = agent();
  const before = await collectorAt(T0 + 10_000, folder());
  await before.take(next());
  await before.take(next());
  await before.stop();
  const after = await collectorAt(T0 + 10_000 * 3, folder());
  expect(await after.take(next())).toBeCloseTo(0, 9);
});

test('a window that a stop closed before its end is open again: what comes for it is not durable yet', async () => {
  const path = folder();
  const [one] = syntheticAgents({ agents: 1, containers: 3, metrics: 33 });
  const batches = [3000, 6000].map((ms) => one?.batch(T0 + ms) as Batch);
  const bodies = batches.map((batch) => createEncoder(batch).encode(batch, { full: true }));
  const before = await collectorAt(T0 + 3500, path);
  expect(await before.push(bodies.slice(0, 1))).toBe(0);
  // Closes and writes the window that ends at 10 s.
  await before.stop();
  const after = await collectorAt(T0 + 5000, path);
  // The first is on disk; the second lies in the same window, which is in memory until 20 s.
  expect(await after.push(bodies.slice(0, 1))).toBe(1);
  expect(await after.push(bodies.slice(1))).toBe(1);
});
