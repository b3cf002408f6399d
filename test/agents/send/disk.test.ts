import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDisk, type DiskOptions } from '../../../agents/send/disk.ts';
import { type Files, machineFiles } from '../../../agents/send/files.ts';
import { recordOf, scan } from '../../../agents/send/records.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'plimsoll-spool-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const about = (seq: number, timeMs = 1000 * seq) => ({ node: 'n', session: 's', seq, timeMs, samples: 2 });
const bodyOf = (seq: number, bytes = 100) => Buffer.alloc(bytes, seq);
const disk = (more: Partial<DiskOptions> = {}) =>
  createDisk({ folder: join(dir, 'agent'), maxBytes: 1e6, maxAgeMs: 1e9, now: () => 0, ...more });
const names = () => readdirSync(join(dir, 'agent')).sort();
const file = (name = '00000001.spool') => join(dir, 'agent', name);

/** Keeps bodies as an earlier run did, and ends. */
async function earlier(...seqs: number[]): Promise<void> {
  const one = disk();
  for (const seq of seqs) await one.keep(about(seq), bodyOf(seq));
  await one.close();
}

test('nothing is made before there is something to keep', async () => {
  const one = disk();
  expect(await one.open()).toEqual({ left: [], damaged: [], torn: 0 });
  await one.check();
  expect(await one.expire()).toEqual([]);
  await one.close();
  expect(readdirSync(dir)).toEqual([]);
});

test('what is kept is there after a restart, in its order, to the byte', async () => {
  await earlier(1, 2);
  await earlier(3);
  const one = disk();
  const { left } = await one.open();
  expect(left.map((place) => place.about)).toEqual([about(1), about(2), about(3)]);
  expect(await Promise.all(left.map((place) => one.body(place)))).toEqual([1, 2, 3].map((seq) => bodyOf(seq)));
  expect(one.size.batches).toBe(3);
  for (const place of left) await one.release(place);
  expect(names()).toEqual(['lock']);
  await one.close();
  expect(names()).toEqual([]);
});

test('a file goes when all that is in it is released, not before', async () => {
  await earlier(1, 2);
  const one = disk();
  const { left } = await one.open();
  await one.release(left[1]!);
  expect(names()).toContain('00000001.spool');
  await one.release(left[0]!);
  expect(names()).toEqual(['lock']);
  await one.close();
});

describe('a file that is not what was written', () => {
  test('torn at its end: the tail is cut, wherever it was torn, and the rest serves', async () => {
    await earlier(1, 2);
    const whole = readFileSync(file());
    const first = recordOf(about(1), bodyOf(1)).length;
    for (let end = first; end < whole.length; end += 7) {
      writeFileSync(file(), whole);
      truncateSync(file(), end);
      const one = disk();
      const { left, damaged, torn } = await one.open();
      expect([left.map((place) => place.about.seq), damaged, torn]).toEqual([[1], [], end > first ? 1 : 0]);
      expect(readFileSync(file()).length).toBe(first);
      await one.close();
    }
  });

  test('a flipped bit costs that record; the others are sent, and then the file is set aside', async () => {
    await earlier(1, 2, 3);
    const bytes = readFileSync(file());
    const first = recordOf(about(1), bodyOf(1)).length;
    for (const at of [first + 1, first + 9, first + 13, first + 60, first + 150]) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] as number) ^ 0x10;
      const { records, damaged } = scan(flipped);
      expect([at, records.map(({ about: { seq } }) => seq), damaged]).toEqual([at, [1, 3], 1]);
    }
    const flipped = Buffer.from(bytes);
    flipped[first + 60] = 0xff;
    writeFileSync(file(), flipped);
    const one = disk();
    const { left, damaged } = await one.open();
    expect(damaged).toEqual([file('00000001.spool.damaged')]);
    for (const place of left) await one.release(place);
    expect(names()).toEqual(['00000001.spool.damaged', 'lock']);
    // The next one does not take its name for that of a new file's.
    await one.keep(about(4), bodyOf(4));
    expect(names()).toContain('00000002.spool');
    await one.close();
  });

  test('a flipped bit in a record’s length costs nothing; in the last one, that looks as if it had been torn off (seed 66 of the fault harness)', async () => {
    await earlier(1, 2, 3);
    const bytes = readFileSync(file());
    const size = recordOf(about(1), bodyOf(1)).length;
    for (const record of [0, 1, 2]) {
      for (const bit of [0x01, 0x10, 0x80]) {
        for (const byte of [4, 5, 6, 7]) {
          const flipped = Buffer.from(bytes);
          const at = record * size + byte;
          flipped[at] = (flipped[at] as number) ^ bit;
          const { records, end, damaged } = scan(flipped);
          expect([at, records.map(({ about: { seq } }) => seq), end, damaged]).toEqual([at, [1, 2, 3], 3 * size, 0]);
        }
      }
    }
    const flipped = Buffer.from(bytes);
    flipped[2 * size + 5] = (flipped[2 * size + 5] as number) ^ 0x40;
    writeFileSync(file(), flipped);
    const one = disk();
    const { left, damaged, torn } = await one.open();
    expect([left.length, damaged, torn]).toEqual([3, [], 0]);
    expect(await one.body(left[2] as (typeof left)[number])).toEqual(Buffer.from(bodyOf(3)));
    await one.close();
  });

  test('a bit that flips while we run: the body is not handed out', async () => {
    const one = disk();
    const { place } = await one.keep(about(1), bodyOf(1));
    const bytes = readFileSync(file());
    bytes[bytes.length - 1] = 0;
    writeFileSync(file(), bytes);
    expect(await one.body(place)).toBeUndefined();
    await one.close();
  });

  test('any bytes at all give records that were written, or none', () => {
    const record = recordOf(about(1), bodyOf(1));
    const noise = Buffer.from(Array.from({ length: 300 }, (_, i) => (i * 7919) % 251));
    expect(scan(noise)).toMatchObject({ records: [], damaged: 1 });
    expect(scan(Buffer.concat([noise, record, noise, record])).records.map(({ offset }) => offset)).toEqual([
      300,
      600 + record.length,
    ]);
    expect(scan(Buffer.alloc(0))).toEqual({ records: [], end: 0, damaged: 0 });
  });
});

describe('bounds', () => {
  test('over its bytes the oldest file goes', async () => {
    // An eighth of 8000 is a file: 1000 bytes hold 4 records of 12 + 2 + 57 + 100 bytes and a few more.
    const length = recordOf(about(1), bodyOf(1)).length;
    const perFile = Math.floor(1000 / length);
    const one = disk({ maxBytes: 8000 });
    const displaced: number[] = [];
    const count = 60;
    for (let seq = 1; seq <= count; seq++) {
      const kept = await one.keep(about(seq), bodyOf(seq));
      displaced.push(...kept.displaced.map((place) => place.about.seq));
    }
    expect(one.size.bytes).toBeLessThanOrEqual(8000);
    expect(displaced.length % perFile).toBe(0);
    expect(displaced).toEqual(Array.from({ length: count - one.size.batches }, (_, i) => i + 1));
    expect(one.size.batches).toBeGreaterThan(7000 / length - perFile);
    await one.close();
  });

  test('what is older than it may be goes', async () => {
    let nowMs = 0;
    const one = disk({ maxAgeMs: 10_000, now: () => nowMs });
    await one.keep(about(1), bodyOf(1));
    nowMs = 11_000;
    expect(await one.expire()).toEqual([]);
    nowMs = 11_001;
    expect((await one.expire()).map((place) => place.about.seq)).toEqual([1]);
    expect(names()).toEqual(['lock']);
    await one.close();
  });
});

describe('a file that cannot be removed', () => {
  /** Removing fails as long as `stuck` says so. */
  function sticky() {
    const state = { stuck: true };
    const files: Files = {
      ...machineFiles,
      async remove(path) {
        if (state.stuck) throw Object.assign(new Error('EIO: told'), { code: 'EIO' });
        await machineFiles.remove(path);
      },
    };
    return { state, files };
  }
  const kept = () => names().flatMap((name) => (name.endsWith('.spool') ? scan(readFileSync(file(name))).records : []));

  test('keeps what is new from being written, not from being written once: what is kept again is there once', async () => {
    const { state, files } = sticky();
    // An eighth of 2000 is 250 bytes: one record of 170 and some in each file, and eleven of them in all.
    const one = disk({ maxBytes: 2000, files });
    const most = Math.floor(2000 / recordOf(about(1), bodyOf(1)).length);
    for (let seq = 1; seq <= most; seq++) await one.keep(about(seq), bodyOf(seq));
    await expect(one.keep(about(most + 1), bodyOf(most + 1))).rejects.toThrow('EIO');
    expect(kept()).toHaveLength(most);
    state.stuck = false;
    const { displaced } = await one.keep(about(most + 1), bodyOf(most + 1));
    expect(displaced.map((place) => place.about.seq)).toEqual([1]);
    expect(kept().map((record) => record.about.seq)).toEqual(Array.from({ length: most }, (_, i) => i + 2));
    await one.close();
  });

  test('after it was released, is tried again with the next look, and is not in the way', async () => {
    const { state, files } = sticky();
    const one = disk({ files });
    const { place } = await one.keep(about(1), bodyOf(1));
    await expect(one.release(place)).rejects.toThrow('EIO');
    state.stuck = false;
    expect(await one.expire()).toEqual([]);
    expect(names()).toEqual(['lock']);
    expect(one.size).toEqual({ batches: 0, bytes: 0 });
    await one.close();
  });

  test('but was removed by somebody else: it is gone', async () => {
    const one = disk();
    const { place } = await one.keep(about(1), bodyOf(1));
    rmSync(file());
    await one.release(place);
    expect(one.size.bytes).toBe(0);
    await one.close();
  });
});

test('what was given up before a failure is told with the next answer: nothing goes uncounted', async () => {
  let writable = true;
  const files: Files = {
    ...machineFiles,
    append: (...given) => (writable ? machineFiles.append(...given) : Promise.reject(new Error('ENOSPC: told'))),
  };
  const one = disk({ maxBytes: 2000, files });
  const most = Math.floor(2000 / recordOf(about(1), bodyOf(1)).length);
  for (let seq = 1; seq <= most; seq++) await one.keep(about(seq), bodyOf(seq));
  writable = false;
  await expect(one.keep(about(90), bodyOf(90))).rejects.toThrow('ENOSPC');
  expect((await one.expire()).map((place) => place.about.seq)).toEqual([1]);
  await one.close();
});

test('a batch that was written twice, because the disk said no behind its last byte, is sent once', async () => {
  await earlier(1, 2);
  await earlier(2, 3);
  const one = disk();
  const { left } = await one.open();
  expect(left.map((place) => place.about.seq)).toEqual([1, 2, 3]);
  for (const place of left) await one.release(place);
  expect(names()).toEqual(['lock']);
  await one.close();
});

test('two agents on one folder: the second is told, and has it when the first has ended', async () => {
  const [first, second] = [disk(), disk()];
  await first.keep(about(1), bodyOf(1));
  await expect(second.keep(about(2), bodyOf(2))).rejects.toThrow(/in use by another agent: give each its own data_dir/);
  await expect(second.open()).rejects.toThrow(/in use/);
  await first.close();
  expect((await second.open()).left.map((place) => place.about.seq)).toEqual([1]);
  await second.keep(about(2), bodyOf(2));
  expect(names()).toEqual(['00000001.spool', '00000002.spool', 'lock']);
  await second.close();
});
