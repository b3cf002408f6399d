/**
 * A collector that ends, in good order or not, and is started again on the same folder: totals go on. One that was killed is shown by a copy of its
 * folder, taken while it runs.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
    pass: (ms: number) => clock.advance(ms),
    value,
    /** As an agent does it over HTTP. */
    async push(body: Uint8Array): Promise<{ readonly durable: number; readonly dropped: object }> {
      const headers = { 'content-type': CONTENT_TYPE };
      const answer = await fetchText(`${url}/api/v1/push`, { method: 'POST', headers, body: Buffer.from(body) });
      const { durable, dropped } = JSON.parse(answer.text) as { durable: number; dropped: object };
      return { durable, dropped };
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

test.each(['stopped', 'killed', 'killed, and the newest file of its log damaged'])(
  'totals go on in a collector that was %s',
  async (how) => {
    const [first, second] = [folder(), folder()];
    const next = agent();
    const before = await collectorAt(T0 + 10_000, first);
    expect(await before.take(next())).toBeCloseTo(0, 9);
    expect(await before.take(next())).toBeCloseTo(0.024, 9);
    if (how === 'stopped') await before.stop();
    cpSync(first, second, { recursive: true, filter: (path) => !path.endsWith('/lock') });
    if (how.endsWith('damaged')) damageNewest(join(second, 'collector'));

    const after = await collectorAt(T0 + 10_000 * 4, second);
    // Nobody saw the third batch; what was used in its time is in the fourth's.
    next();
    expect(await after.take(next())).toBeCloseTo(3 * 0.024, 9);
    expect(await after.take(next())).toBeCloseTo(4 * 0.024, 9);
  },
);

/** One bit of its first record. */
function damageNewest(path: string): void {
  const names = readdirSync(path).filter((name) => name.endsWith('.log'));
  const file = join(path, names.sort().at(-1) as string);
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40);
  writeFileSync(file, bytes);
}

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
  const [first, second] = bodiesAt(3000, 6000);
  const before = await collectorAt(T0 + 3500, path);
  expect((await before.push(first)).durable).toBe(0);
  // Closes and writes the window that ends at 10 s.
  await before.stop();
  const after = await collectorAt(T0 + 5000, path);
  // The first is on disk; the second lies in the same window, which is in memory until 20 s.
  expect((await after.push(first)).durable).toBe(1);
  expect((await after.push(second)).durable).toBe(1);
});

test('killed and back at once: a window that is due is not closed before agents have sent again what was in memory', async () => {
  const [path, copy] = [folder(), folder()];
  const [first, second, third] = bodiesAt(3000, 13_000, 23_000);
  const before = await collectorAt(T0 + 5000, path);
  await before.push(first);
  await before.pass(16_000);
  await waitFor(async () => (await before.value('plimsoll_log_durable_seconds')) === T0 / 1000 + 10, {
    what: 'a window on disk',
  });
  expect(await before.push(second)).toEqual({ durable: 1, dropped: {} });
  cpSync(path, copy, { recursive: true, filter: (one) => !one.endsWith('/lock') });

  // The window from 10 to 20 s is due at 30 s.
  const after = await collectorAt(T0 + 30_500, copy);
  await after.pass(2000);
  expect(await after.push(second)).toEqual({ durable: 1, dropped: {} });
  expect(await after.push(third)).toEqual({ durable: 1, dropped: {} });
  // Its agent has told all: windows close when they are due again.
  await after.pass(2000);
  await waitFor(async () => (await after.value('plimsoll_log_durable_seconds')) === T0 / 1000 + 20, {
    what: 'the window on disk',
  });
});

/** An agent's batches at these times after T0, each in full. */
function bodiesAt(...times: number[]): [Uint8Array, Uint8Array, Uint8Array] {
  const [one] = syntheticAgents({ agents: 1, containers: 3, metrics: 33 });
  const batches = times.map((ms) => one?.batch(T0 + ms) as Batch);
  return batches.map((batch) => createEncoder(batch).encode(batch, { full: true })) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
}
