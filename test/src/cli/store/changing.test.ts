/** `plimsoll store`, asked as on the command line, over a folder as a collector leaves it: two parts of others' samples, and windows that are in the log alone. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { storeFiles } from '../../../../collector/store/files.ts';
import { EMPTY, writeManifest } from '../../../../collector/store/manifest.ts';
import { requestOf } from '../../../../src/cli/request.ts';
import { storeCommand } from '../../../../src/cli/store/command.ts';
import { lockFolder } from '../../../../src/run/folderlock.ts';
import { fakeClock } from '../../../support/clock.ts';
import { offer, startKept, T0 } from '../../../support/keptstore.ts';
import { keepSaid } from '../../../support/said.ts';
import { ask as askCore, coreOf, receive } from '../../../support/storecore.ts';

const HOUR_MS = 3_600_000;
/** Of each room and hour: one each ten seconds. */
const SAMPLES = 360;

let dir: string;
let store: string;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'plimsoll-store-command-'));
  const own = dir;
  onTestFinished(() => rmSync(own, { recursive: true }));
  store = join(dir, 'collector', 'store');
  mkdirSync(store, { recursive: true });
  const core = coreOf({ files: storeFiles(store) });
  for (const hour of [0, 1]) {
    for (const room of ['a', 'b']) {
      const points = Array.from(
        { length: SAMPLES },
        (_, i) => [T0 + hour * HOUR_MS + i * 10_000, Math.sqrt(i)] as const,
      );
      receive(core, { __name__: 'temperature', room }, points);
    }
    core.seal(T0);
  }
  core.close();
});

/** Five windows of a container, in the log and in no part. */
async function withLog(): Promise<void> {
  const kept = await startKept(join(dir, 'collector'), T0);
  await offer(kept, 1, 5);
  await kept.stop();
}

async function plimsoll(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const config = join(dir, 'plimsoll.yaml');
  writeFileSync(config, `data_dir: ${dir}\n`);
  const request = requestOf(['node', 'plimsoll', 'store', ...args, '--config', config], {});
  if (request.do !== 'store') throw new Error(`not understood: ${JSON.stringify(request)}`);
  const { said, ...streams } = keepSaid();
  const code = await storeCommand({ ...request, clock: fakeClock(T0), ...streams });
  return { code, ...said };
}

/** How many samples a query finds at a folder, by room. */
function counts(folder = store): Record<string, number | undefined> {
  const core = coreOf({ files: storeFiles(folder) });
  const at = T0 + 2 * HOUR_MS;
  const found = askCore(core, `count_over_time(temperature[3h])`, { startMs: at, endMs: at, stepMs: 0 });
  core.close();
  return Object.fromEntries(Object.entries(found).map(([room, points]) => [room, points[0]?.[1]]));
}

const parts = (folder = store): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.part'))
    .sort();
const all = (folder: string): Record<string, string> =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString('hex')]));

/** Spoils a byte in the middle of the second part's blocks. */
function spoil(name: string, at = 200): void {
  const bytes = readFileSync(join(store, name));
  bytes[at] = (bytes[at] as number) ^ 4;
  writeFileSync(join(store, name), bytes);
}

test('info says how much there is, since when, and what takes the room, and as JSON the same', async () => {
  const { code, out } = await plimsoll();
  expect([code, out]).toEqual([0, expect.stringContaining(`${4 * SAMPLES} samples, `)]);
  expect(out).toContain('from 2027-01-15T08:00:00.000Z to 2027-01-15T09:59:50.000Z; what is newer is in the log');
  expect(out).toMatch(/^received +raw +2 files +0\.\d\d MB +1440 samples$/m);
  expect(out).toMatch(/most room by metric:\n +0\.\d\d MB {2}received temperature\n/);
  expect(out).toMatch(/most room by label, in the indexes:\n +0\.\d\d MB {2}room\n/);
  const told = JSON.parse((await plimsoll('--json')).out) as { samples: number; bytes: number; fromMs: number };
  const bytes = parts().reduce((sum, name) => sum + readFileSync(join(store, name)).length, 0);
  expect(told).toMatchObject({ samples: 1440, bytes, fromMs: T0, toMs: T0 + 2 * HOUR_MS - 10_000, problems: [] });
});

test('check finds a damaged part, repair writes it anew with what is whole and keeps the damaged file, and the rest is as it was', async () => {
  expect(await plimsoll('check')).toEqual({ code: 0, out: 'everything can be read\n', err: '' });
  expect(await plimsoll('repair')).toMatchObject({ code: 0, out: 'nothing was to be repaired\n' });
  const [, second = ''] = parts();
  spoil(second);
  const damaged = readFileSync(join(store, second));
  const before = all(store);
  const found = await plimsoll('check');
  expect([found.code, found.out]).toEqual([
    1,
    expect.stringMatching(new RegExp(`^${second}: received temperature, .*at byte \\d+: `)),
  ]);
  expect(all(store)).toEqual(before);

  const mended = await plimsoll('repair');
  const [, left, anew = ''] = /: (\d+) of 720 samples are in (\S+) now\n$/.exec(mended.out) ?? [];
  expect([mended.code, mended.err]).toEqual([0, '']);
  expect(Number(left)).toBeLessThan(720);
  expect(parts()).toContain(anew);
  expect(await plimsoll('check')).toMatchObject({ code: 0, out: 'everything can be read\n' });
  expect(await plimsoll('repair')).toMatchObject({ out: 'nothing was to be repaired\n' });
  const { 'room=a': a = 0, 'room=b': b = 0 } = counts();
  expect(a + b).toBe(720 + Number(left));
  expect(readFileSync(join(store, `${second}.damaged`)).equals(damaged)).toBe(true);
});

test('a part that cannot be opened at all: repair says so, it stays aside, and the others are answered', async () => {
  const [first = ''] = parts();
  spoil(first, 3);
  expect(await plimsoll('check')).toMatchObject({ code: 1, out: expect.stringContaining(first) });
  expect(await plimsoll('repair')).toMatchObject({
    code: 0,
    out: '1 files could not be opened, and are set aside as .damaged\n',
  });
  expect(existsSync(join(store, `${first}.damaged`))).toBe(true);
  expect(counts()).toEqual({ 'room=a': SAMPLES, 'room=b': SAMPLES });
});

test('delete takes what a selector fits, in a stretch of time, also of windows that are in the log alone', async () => {
  await withLog();
  const until = ['--from', '2027-01-15T08:00:00Z', '--to', '2027-01-15T08:30:00Z'];
  // Half an hour of one of two rooms: 180.
  expect(await plimsoll('delete', 'temperature{room="a"}', ...until)).toEqual({
    code: 0,
    out: '180 samples are deleted\n',
    err: '',
  });
  expect(counts()).toEqual({ 'room=a': 540, 'room=b': 720 });
  // Five windows of three columns.
  expect((await plimsoll('delete', '{name="a",job="plimsoll-containers"}')).out).toBe('15 samples are deleted\n');
  expect((await plimsoll('delete', '{name="a",job="plimsoll-containers"}')).out).toBe('0 samples are deleted\n');
  // A collector that goes on there has none of it either.
  const kept = await startKept(join(dir, 'collector'), T0 + 60_000);
  const { series } = await kept.store.query({
    query: '{name="a"}',
    startMs: T0 + 50_000,
    endMs: T0 + 50_000,
    stepMs: 0,
  });
  expect(series).toEqual([]);
  await kept.stop();
});

test.each([
  ['rate(x[5m])', /^<selector>: must be a selector such as .*, is "rate\(x\[5m\]\)"$/],
  ['x{', /^<selector>: must be a selector such as .*, is "x\{": /],
])('delete does not take %s', async (selector, words) => {
  await expect(plimsoll('delete', selector)).rejects.toThrow(words);
});

test('a snapshot is a store of its own at the same moment, whatever becomes of the first', async () => {
  const to = join(dir, 'copy');
  expect(await plimsoll('snapshot', to)).toMatchObject({ code: 0, out: expect.stringMatching(/^\d files are in /) });
  await plimsoll('delete', 'temperature');
  expect(counts()).toEqual({});
  expect(counts(to)).toEqual({ 'room=a': 720, 'room=b': 720 });
  expect(await plimsoll('snapshot', to)).toEqual({
    code: 1,
    out: '',
    err: `plimsoll: ${to} is there already: a snapshot needs a new folder\n`,
  });
  expect(await plimsoll('snapshot', '/proc/new')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^plimsoll: \/proc\/new: /),
  });
});

test('what changes something is refused while a program has the folder; what reads is answered', async () => {
  const release = await lockFolder(join(dir, 'collector'));
  onTestFinished(release);
  for (const act of [['repair'], ['delete', 'temperature']])
    expect(await plimsoll(...act)).toEqual({
      code: 1,
      out: '',
      err: expect.stringMatching(/is in use by a running collector: stop it first/),
    });
  for (const act of [[], ['check'], ['snapshot', join(dir, 'copy')]]) expect((await plimsoll(...act)).code).toBe(0);
  expect(counts()).toEqual({ 'room=a': 720, 'room=b': 720 });
});

test.each([[[]], [['check']], [['repair']], [['delete', 'x']], [['snapshot', '/nowhere/x']]])(
  'a store of a later version is said and left as it is: %j',
  async (act) => {
    writeManifest(storeFiles(store), { ...EMPTY, number: 99, version: 2 } as never);
    const before = all(store);
    expect(await plimsoll(...act)).toEqual({
      code: 1,
      out: '',
      err: expect.stringMatching(/^plimsoll: the store was written by a later version of the program/),
    });
    expect(all(store)).toEqual(before);
  },
);

test('where nothing has been kept it says so', async () => {
  rmSync(join(dir, 'collector'), { recursive: true });
  expect(await plimsoll('check')).toEqual({
    code: 1,
    out: '',
    err: `plimsoll: ${store} is not there: no collector has kept anything in this data_dir\n`,
  });
});
