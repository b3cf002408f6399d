/**
 * The disk of the store's folder is full: what others send is refused and counted, everything else is served, and it heals by itself; also when the program ends and
 * starts meanwhile. The disk is a small one of its own.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeSmallDisk, type SmallDisk } from '../faults/smalldisk.ts';
import { remoteWrite, type Written } from '../promql/writing.ts';
import { type Program, startProgram } from '../support/program.ts';
import { queries } from '../support/prometheus.ts';
import { waitFor } from '../support/wait.ts';

let dir: string;
let disk: SmallDisk;
let program: Program;
const beganMs = Date.now();

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'plimsoll-store-full-'));
  mkdirSync(join(dir, 'collector', 'store'), { recursive: true });
  disk = makeSmallDisk(join(dir, 'collector', 'store'), 4);
  program = await startProgram({
    command: 'run',
    config: {
      data_dir: dir,
      node: 'here',
      agent: { interval: '1s', engines: [] },
      collector: { window: '1s', lateness: '200ms' },
    },
  });
});
afterAll(async () => {
  await program?.stop();
  disk?.remove();
  rmSync(dir, { recursive: true });
});

/** The nth hundred samples of a series, all of the last minutes. */
function hundred(n: number): Written[] {
  const samples = Array.from({ length: 100 }, (_, i) => ({ ms: beganMs - 600_000 + n * 100 + i, value: n * 100 + i }));
  return [{ labels: [['__name__', 'sent']], samples }];
}

async function sent(): Promise<number> {
  const [found] = await queries(program.collectorUrl).query('count_over_time(sent[1h])');
  return found?.value ?? 0;
}

/** Waits until the collector's page says so. */
async function untilShown(line: string): Promise<void> {
  await waitFor(async () => (await program.metrics('collector')).split('\n').includes(line), {
    timeoutMs: 60_000,
    everyMs: 200,
    what: line,
  });
}

/** Windows that have closed from now on are answered. */
async function untilAnswered(): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  const query = `timestamp(up{job="plimsoll-collector"}) > ${now}`;
  await waitFor(async () => (await queries(program.collectorUrl).query(query)).length > 0, {
    timeoutMs: 60_000,
    everyMs: 200,
    what: query,
  });
}

test('full: what is sent is refused as something to be tried again, and what is seen is answered as before', async () => {
  await waitFor(() => remoteWrite(program.collectorUrl, hundred(0)).then(() => true), {
    what: 'the store to take samples',
  });
  expect(await sent()).toBe(100);
  disk.fill();
  await expect(remoteWrite(program.collectorUrl, hundred(1))).rejects.toThrow(/HTTP 503: .*ENOSPC/);
  await untilShown('plimsoll_store_up 0');
  await untilAnswered();
  expect(await sent()).toBe(100);
  expect(await program.metrics('collector')).toContain(
    'plimsoll_store_samples_dropped_total{reason="unwritable"} 100\n',
  );
});

test('ended and started while it is full: what was there is answered', async () => {
  expect(await program.end('SIGTERM')).toBe(0);
  await program.start();
  await waitFor(async () => (await sent()) === 100, { timeoutMs: 60_000, what: 'the samples that were kept' });
  await expect(remoteWrite(program.collectorUrl, hundred(1))).rejects.toThrow(/HTTP 503: /);
  await untilAnswered();
});

test('with room again it takes what is sent again, and all of it is there after the next start', async () => {
  disk.free();
  await waitFor(() => remoteWrite(program.collectorUrl, hundred(1)).then(() => true), {
    timeoutMs: 60_000,
    what: 'samples to be taken',
  });
  await untilShown('plimsoll_store_up 1');
  expect(await sent()).toBe(200);
  await program.end('SIGKILL');
  await program.start();
  await waitFor(async () => (await sent()) === 200, { timeoutMs: 60_000, what: 'all samples' });
});
