/** The agent's way to a collector as it is configured: where it keeps what is not taken, and what it says when it cannot. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { recordOf } from '../../agents/send/records.ts';
import { checkSpool, startSending } from '../../agents/sending.ts';
import { dataFolder } from '../../src/config/datadir.ts';
import { loadConfig } from '../../src/config/load.ts';
import { type Clock, systemClock } from '../../src/run/clock.ts';
import { lifecycle } from '../../src/run/lifecycle.ts';
import { waitFor } from '../support/wait.ts';
import { recordedLog } from './send/fake.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-sending-'));
  cleanups.push(async () => rmSync(dir, { recursive: true }));
  return dir;
}

async function start(dataDir: string, clock: Clock = systemClock) {
  const log = recordedLog();
  const life = lifecycle({ clock: systemClock, log, deadlineMs: 1000 });
  cleanups.push(() => life.stop());
  const flags = new Map([
    ['data_dir', dataDir],
    ['agent.push.url', 'http://127.0.0.1:1'],
  ]);
  const config = loadConfig({ env: {}, flags });
  const sender = await startSending({ config, node: 'n', session: 's', clock, log, life });
  return { log, config, sender };
}

test('a folder that may be written is left alone until there is something to write', async () => {
  const dir = folder();
  const { log, config } = await start(join(dir, 'data'));
  expect(log.lines).toEqual([]);
  expect(readdirSync(dir)).toEqual([]);
  expect(await checkSpool(config)).toEqual({
    ok: true,
    words: `batches that the collector does not take in time are kept in ${dir}/data/agent`,
  });
  expect(readdirSync(dir)).toEqual([]);
});

test('one that cannot be a folder is said once at the start, with what to do, and memory serves', async () => {
  const file = join(folder(), 'file');
  writeFileSync(file, '');
  const { log, config, sender } = await start(file);
  const words =
    /^batches that the collector does not take in time cannot be kept on disk, and stay in memory: ENOTDIR.*; set data_dir to/;
  expect(log.lines).toHaveLength(1);
  expect(log.lines[0]?.replace(/^warn /, '')).toMatch(words);
  expect((await checkSpool(config))?.words).toMatch(words);
  expect(sender?.stats().queued.batches).toBe(0);
});

test('data_dir none keeps nothing on disk', async () => {
  const { log, config } = await start('none');
  expect(log.lines).toEqual([]);
  expect(await checkSpool(config)).toMatchObject({ ok: false, words: expect.stringMatching(/data_dir is none$/) });
});

test('what an earlier run left, and what is damaged of it, is said and counted', async () => {
  const dir = folder();
  const about = { node: 'n', session: 'before', seq: 7, timeMs: Date.now(), samples: 5 };
  const record = recordOf(about, Buffer.from('body'));
  mkdirSync(join(dir, 'agent'));
  writeFileSync(
    join(dir, 'agent', '00000001.spool'),
    Buffer.concat([Buffer.from('noise'), record, record.subarray(0, 20)]),
  );
  const { log, sender } = await start(dir);
  expect(log.lines).toEqual([
    'warn batches on disk are damaged: the good ones are sent, and the file is set aside',
    'info batches of an earlier run are sent first',
  ]);
  expect(sender?.stats()).toMatchObject({
    offered: { batches: 1, samples: 5 },
    spooled: { batches: 1, bytes: record.length + 5 },
    spoolDamaged: 1,
  });
});

test('what an earlier run left on a disk that takes longer than the start waits for it is sent all the same', async () => {
  const dir = folder();
  const about = { node: 'n', session: 'before', seq: 7, timeMs: Date.now(), samples: 5 };
  mkdirSync(join(dir, 'agent'));
  writeFileSync(join(dir, 'agent', '00000001.spool'), recordOf(about, Buffer.from('body')));
  // The half minute that opening may take is over at once.
  const after: Clock['after'] = (ms, fn) => {
    if (ms !== 30_000) return systemClock.after(ms, fn);
    fn();
    return () => undefined;
  };
  const { log, sender } = await start(dir, { ...systemClock, after });
  await waitFor(() => sender?.stats().offered.batches === 1);
  expect(sender?.stats()).toMatchObject({ offered: { samples: 5 }, queued: { batches: 1 } });
  expect(log.lines.at(-1)).toMatch(/batches of an earlier run are sent first|does not take batches/);
});

test('where things belong that must outlive the process', () => {
  const as = (isRoot: boolean, env: Record<string, string>) => ({ isRoot, env });
  expect(dataFolder('auto', 'agent', as(true, {}))).toBe('/var/lib/plimsoll/agent');
  expect(dataFolder('auto', 'agent', as(false, { XDG_STATE_HOME: '/s', HOME: '/h' }))).toBe('/s/plimsoll/agent');
  // A relative one is to be ignored.
  expect(dataFolder('auto', 'agent', as(false, { XDG_STATE_HOME: 's', HOME: '/h' }))).toBe(
    '/h/.local/state/plimsoll/agent',
  );
  expect(dataFolder('/data', 'collector', as(true, {}))).toBe('/data/collector');
  expect(dataFolder('none', 'agent', as(true, {}))).toBeUndefined();
  expect(() => loadConfig({ env: {}, flags: new Map([['data_dir', 'data']]) })).toThrow(
    /data_dir: is "data" .*must be a folder with its whole path, such as "\/var\/lib\/plimsoll", or "auto" or "none"/,
  );
});
