/**
 * An agent that was away alone comes back to a collector that keeps windows: over HTTP, with the log, the page and a restart. What becomes of the
 * numbers is in test/scenarios/late.test.ts.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { diskFolder } from '../../collector/log/disk.ts';
import { findLog, framesFrom } from '../../collector/log/opening.ts';
import { startCollector } from '../../collector/main.ts';
import { schema } from '../../src/config/schema.ts';
import { silent } from '../../src/log.ts';
import type { Batch, Frame } from '../../src/model/batch.ts';
import { labelValue } from '../../src/model/labels.ts';
import { lifecycle } from '../../src/run/lifecycle.ts';
import { createEncoder } from '../../src/wire/encode.ts';
import { CONTENT_TYPE } from '../../src/wire/format.ts';
import { syntheticAgents } from '../bench/load.ts';
import { fakeClock } from '../support/clock.ts';
import { fetchText } from '../support/http.ts';
import { waitFor } from '../support/wait.ts';

const T0 = 1_800_000_000_000;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'plimsoll-late-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

async function collectorAt(startMs: number, dataDir: string) {
  const clock = fakeClock(startMs);
  const life = lifecycle({ clock, log: silent, deadlineMs: 1000 });
  onTestFinished(() => life.stop());
  const guard = { token: undefined, tls: undefined, onRenewed: () => undefined, stop: () => undefined };
  const config = schema.parse({ data_dir: dataDir, collector: { listen: '127.0.0.1:0' } });
  const { url } = await startCollector({ config, guard, version: '0', clock, log: silent, life });
  const page = async (): Promise<string> => (await fetchText(`${url}/metrics`)).text;
  const value = async (metric: string): Promise<number> =>
    Number(new RegExp(`^${metric}(?:\\{.*\\})? (\\S+)$`, 'm').exec(await page())?.[1]);
  return {
    page,
    value,
    async push(body: Uint8Array): Promise<{ readonly durable: number; readonly dropped: object }> {
      const headers = { 'content-type': CONTENT_TYPE };
      const answer = await fetchText(`${url}/api/v1/push`, { method: 'POST', headers, body: Buffer.from(body) });
      const { durable, dropped } = JSON.parse(answer.text) as { durable: number; dropped: object };
      return { durable, dropped };
    },
    /** Until that time after T0, and until the window that is due then is on disk. */
    async until(ms: number): Promise<void> {
      while (clock.now() < T0 + ms) await clock.advance(1000);
      const endS = Math.floor((T0 + ms - 10_000) / 10_000) * 10;
      await waitFor(async () => (await value('plimsoll_log_durable_seconds')) >= endS, {
        what: `the window up to ${endS} on disk`,
      });
    },
  };
}

/** Bodies of two agents, each of which is read whole, by seconds. */
function agents() {
  return syntheticAgents({ agents: 2, containers: 3, metrics: 33 }).map((one) => {
    const batches = new Map<number, Batch>();
    for (let second = 3; second < 300; second += 10) batches.set(second, one.batch(T0 + second * 1000));
    return {
      node: batches.get(3)?.node as string,
      /** Numbered as the agent does, so that one may be sent again. */
      at: (second: number): Uint8Array => {
        const batch = batches.get(second) as Batch;
        return createEncoder(batch).encode(batch, { full: true });
      },
    };
  });
}

async function framesIn(path: string): Promise<Frame[]> {
  const disk = diskFolder(path);
  const { segments } = await findLog({ folder: disk, log: silent, sinks: [] });
  const frames: Frame[] = [];
  for await (const { frame } of framesFrom(disk, segments, 1)) frames.push(frame);
  return frames;
}

const start = ({ startMs }: Frame): number => (startMs - T0) / 1000;

test('what an agent kept is durable when its late frames are on disk, and the page does not show them', async () => {
  const path = folder();
  const [a, b] = agents();
  if (a === undefined || b === undefined) throw new Error('two agents');
  const collector = await collectorAt(T0 + 5000, path);
  const both = async (second: number): Promise<void> => {
    await collector.push(a.at(second));
    await collector.push(b.at(second));
  };
  await both(3);
  await collector.until(15_000);
  await both(13);
  // From here on b is away.
  for (const second of [23, 33, 43, 53]) {
    await collector.until(second * 1000 + 2000);
    await collector.push(a.at(second));
  }
  await collector.until(61_000);
  const shown = await collector.page();
  expect(shown).not.toContain(`node_containers{node="${b.node}"`);
  // Back at 61 s: 40 to 50 is the last window that is closed. Of 13, on disk; of what it kept, nothing yet.
  expect(await collector.push(b.at(23))).toEqual({ durable: 2, dropped: {} });
  expect(await collector.push(b.at(33))).toEqual({ durable: 2, dropped: {} });
  expect(await collector.push(b.at(43))).toEqual({ durable: 2, dropped: {} });
  expect(await collector.push(b.at(53))).toEqual({ durable: 2, dropped: {} });
  expect(await collector.value('plimsoll_collector_late_windows_total')).toBe(0);
  await collector.until(63_000);
  await waitFor(async () => (await collector.value('plimsoll_collector_late_windows_total')) === 3, {
    what: 'three late windows',
  });
  expect(await collector.page()).not.toContain(`node_containers{node="${b.node}"`);
  await collector.push(a.at(63));
  // The next window that closes on time has seen them, and says so on disk.
  await collector.until(71_000);
  expect(await collector.push(b.at(63))).toEqual({ durable: 6, dropped: {} });
  expect(await collector.page()).toContain(`node_containers{node="${b.node}"`);

  const frames = await framesIn(join(path, 'collector'));
  const late = frames.filter((frame) => frame.late !== undefined);
  expect(late.map(start)).toEqual([20, 30, 40]);
  for (const frame of late) {
    expect(frame.late).toEqual([b.node]);
    const nodes = frame.tables.flatMap(({ rows }) => rows.map((row) => labelValue(row.labels, 'node')));
    expect(new Set(nodes)).toEqual(new Set([b.node]));
  }
  // Behind the window 40 to 50, before 50 to 60.
  expect(frames.map(start)).toEqual([-10, 0, 10, 20, 30, 40, 20, 30, 40, 50]);
});

test('killed before the next window: late windows come again, with the same numbers', async () => {
  const [path, copy] = [folder(), folder()];
  const [a, b] = agents();
  if (a === undefined || b === undefined) throw new Error('two agents');
  const before = await collectorAt(T0 + 5000, path);
  await before.push(a.at(3));
  await before.push(b.at(3));
  for (const second of [13, 23, 33]) {
    await before.until(second * 1000 + 2000);
    await before.push(a.at(second));
  }
  await before.until(41_000);
  await before.push(b.at(13));
  await before.push(b.at(23));
  await before.push(b.at(33));
  await before.until(43_000);
  // 10 to 20 and 20 to 30 are closed; both are late for b, and on disk. No window on time has come after them.
  await waitFor(async () => (await before.value('plimsoll_log_windows_total')) >= 5, {
    what: 'three windows and two late ones on disk',
  });
  cpSync(path, copy, { recursive: true, filter: (one) => !one.endsWith('/lock') });

  const after = await collectorAt(T0 + 45_000, copy);
  expect(await after.push(a.at(33))).toEqual({ durable: 3, dropped: {} });
  // 1 is remembered; the rest comes again.
  expect(await after.push(b.at(3))).toMatchObject({ durable: 1 });
  for (const second of [13, 23, 33]) expect(await after.push(b.at(second))).toEqual({ durable: 1, dropped: {} });
  await after.push(a.at(43));
  await after.push(b.at(43));
  await after.until(51_000);
  const frames = await framesIn(join(copy, 'collector'));
  const late = frames.filter((frame) => frame.late !== undefined);
  expect(late.map(start)).toEqual([10, 20, 10, 20]);
  const [one, two, oneAgain, twoAgain] = late.map(textOf);
  expect(oneAgain).toBe(one);
  expect(twoAgain).toBe(two);
});

function textOf({ startMs, tables }: Frame): string {
  const said = tables.map(({ shape, rows, timesMs, values }) => [
    shape.measurement,
    rows.map((row) => row.labels.key),
    [...timesMs],
    [...values],
  ]);
  return JSON.stringify([startMs, said]);
}
