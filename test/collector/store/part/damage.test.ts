/** Whatever a disk or a crash makes of a part's bytes: an error that says what and where, or the right numbers; never wrong ones. */
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { emptyPoints } from '../../../../collector/query/source.ts';
import { BlockCache } from '../../../../collector/store/part/cache.ts';
import { PartDamage, PartVersion } from '../../../../collector/store/part/damage.ts';
import { mergeParts } from '../../../../collector/store/part/merge.ts';
import { openPart } from '../../../../collector/store/part/part.ts';
import { HIDDEN, writePart } from '../../../../collector/store/part/write.ts';
import { memoryParts } from '../../../support/memoryparts.ts';
import { column, readAll, row, START_MS, table, type Truth, truthOf } from './tables.ts';

const times = Array.from({ length: 400 }, (_, i) => START_MS + i * 10_000 + (i % 3));
const TABLES = [
  table(
    [column('m_total', 'counter'), column('m_bytes')],
    ['a', 'b', 'c'].map((name, k) =>
      row({ name }, times, [times.map((_, i) => i * (k + 1)), times.map((_, i) => ((i * i) % 97) * 4096)]),
    ),
  ),
  table([column('n_bytes')], [row({ name: 'z' }, times, [times.map((_, i) => i / 8)])], 'container_y'),
];

function bytesOfPart(): Buffer {
  const files = memoryParts();
  writePart(files, 'p', TABLES);
  return files.bytes.get('p')!;
}

/** What can be read of these bytes, and what could not: by series' labels. */
function readWhatCanBe(bytes: Buffer): { found: Map<string, Truth>; wrong: unknown[] } {
  const files = memoryParts();
  files.bytes.set('p', bytes);
  const found = new Map<string, Truth>();
  const wrong: unknown[] = [];
  try {
    const part = openPart(files, 'p', new BlockCache(1e6));
    for (const series of part.select({ matchers: [], fromMs: 0, toMs: 4e12 })) {
      try {
        const points = emptyPoints();
        series.read(points);
        found.set(series.labels.key, readAll(points));
      } catch (error) {
        wrong.push(error);
      }
    }
    for (const problem of part.check()) wrong.push(problem);
  } catch (error) {
    wrong.push(error);
  }
  return { found, wrong };
}

const TRUTH = truthOf(TABLES);

describe('a bit that has turned', () => {
  test('in every seventh byte: an error, and what is read is right', () => {
    const whole = bytesOfPart();
    expect(readWhatCanBe(whole)).toEqual({ found: TRUTH, wrong: [] });
    const right = new Map([...TRUTH].map(([key, truth]) => [key, JSON.stringify(truth)]));
    // Every kind of place has more than seven bytes, but for the version, which has a test of its own.
    for (let at = 0; at < whole.length; at += 7) {
      const spoilt = Buffer.from(whole);
      spoilt[at] = (spoilt[at] as number) ^ (1 << (at % 8));
      const { found, wrong } = readWhatCanBe(spoilt);
      expect(wrong.length, `byte ${at}`).toBeGreaterThan(0);
      for (const error of wrong) if (typeof error !== 'string') expect(error, `byte ${at}`).toBeInstanceOf(PartDamage);
      for (const [key, truth] of found) expect(JSON.stringify(truth), `byte ${at}`).toBe(right.get(key));
    }
  }, 60_000);

  test('in the block of a column: named with file, table, column and place; the others are read, and merging goes on without it', () => {
    const files = memoryParts();
    writePart(files, 'p', TABLES);
    const whole = files.bytes.get('p')!;
    // The first block is of times; the next one, behind it, too (a second slice); behind both the first of the first column.
    let at = 8;
    for (let block = 0; block < 2; block++) at += 8 + blockBody(whole, at);
    whole[at + 12] = (whole[at + 12] as number) ^ 1;
    const part = openPart(files, 'p', new BlockCache(1e6));
    const { found, wrong } = readWhatCanBe(whole);
    expect([...found.keys()].sort()).toEqual([...TRUTH.keys()].filter((key) => !key.includes('m_total')).sort());
    const first = new Date(START_MS).toISOString();
    const message = `p: container container_x, m_total from ${first} on, at byte ${at}: the checksum is wrong`;
    expect(wrong.map((error) => (typeof error === 'string' ? error : (error as Error).message))).toEqual([
      message,
      message,
      message,
      message,
    ]);
    expect(part.check()).toEqual([message]);
    const told: string[] = [];
    const merged = [...mergeParts([part], { onDamage: (damage) => told.push(damage.message) })].map((t) => ({
      ...t,
      rows: [...t.rows],
    }));
    expect([...new Set(told)]).toEqual([message]);
    const left = truthOf(merged);
    for (const [key, truth] of TRUTH) if (!key.includes('m_total')) expect(left.get(key)).toEqual(truth);
    // Of the counters what is in the second slice, from the next even hour on.
    const nextSlice = (Math.floor(START_MS / 7_200_000) + 1) * 7_200_000;
    for (const [key, truth] of TRUTH) {
      if (key.includes('m_total'))
        expect(left.get(key)?.points).toEqual(truth.points.filter(([time]) => time >= nextSlice));
    }
  });
});

/** The length of a block's body: that of the next one is where its checksum fits, so it is found by the directory in earnest; here by trying. */
function blockBody(bytes: Buffer, at: number): number {
  const head = bytes.readUInt32LE(at + 4);
  if (head % 2 === 0) return head / 2;
  for (let length = 1; at + 8 + length <= bytes.length; length++) {
    if (crc32(bytes.subarray(at + 4, at + 8 + length)) === bytes.readUInt32LE(at)) return length;
  }
  throw new Error('no block');
}

describe('a file that is not whole', () => {
  test('cut short anywhere, or longer than it was', () => {
    const whole = bytesOfPart();
    for (let length = 0; length < whole.length; length++) {
      const { found, wrong } = readWhatCanBe(whole.subarray(0, length));
      expect([found.size, wrong.length], `${length} bytes`).toEqual([0, 1]);
      expect(wrong[0]).toBeInstanceOf(PartDamage);
    }
    const longer = readWhatCanBe(Buffer.concat([whole, Buffer.alloc(100)]));
    expect([longer.found.size, longer.wrong.length]).toEqual([0, 1]);
  });

  test('of a newer version: said so, and no damage of the file', () => {
    const bytes = bytesOfPart();
    bytes[7] = 3;
    const files = memoryParts();
    files.bytes.set('p', bytes);
    expect(() => openPart(files, 'p')).toThrow(PartVersion);
    expect(() => openPart(files, 'p')).toThrow(
      "p: its first bytes, at byte 7: has the format's version 3, and this program reads up to 2; a newer plimsoll reads it",
    );
  });

  test('no part at all', () => {
    const files = memoryParts();
    files.bytes.set('p', Buffer.from('#!/bin/sh\necho this is something else altogether\n'));
    expect(() => openPart(files, 'p')).toThrow('is no part of a store, or its beginning is damaged');
  });

  test('what the disk refuses is no damage', () => {
    expect(() => openPart(memoryParts(), 'p')).toThrow('ENOENT');
  });
});

describe('a machine that stops while a part is written', () => {
  test('at any call: the part is there whole, or not there', () => {
    let whole = 0;
    for (let calls = 0; whole === 0 && calls < 200; calls++) {
      const files = memoryParts();
      files.stopAfter(calls);
      try {
        writePart(files, 'p', TABLES);
        whole++;
      } catch (error) {
        expect((error as Error).message).toBe('the machine went down');
      }
      files.restart();
      const visible = files.list().filter((name) => !name.endsWith(HIDDEN));
      expect(visible).toEqual(whole === 0 ? [] : ['p']);
    }
    expect(whole).toBe(1);
  });

  test('rows that end in an error leave no part, nor what was begun', () => {
    const files = memoryParts();
    const broken = {
      ...TABLES[0]!,
      rows: (function* () {
        yield* TABLES[0]!.rows;
        throw new Error('a part that is merged is damaged');
      })(),
    };
    expect(() => writePart(files, 'p', [broken])).toThrow('a part that is merged is damaged');
    expect(files.list()).toEqual([]);
  });

  test('no rows: no file', () => {
    const files = memoryParts();
    expect(writePart(files, 'p', [])).toMatchObject({ rows: 0, bytes: 0 });
    expect(files.list()).toEqual([]);
  });

  test('rows out of order and times that do not ascend are refused', () => {
    const one = row({ name: 'b' }, [1, 2], [[1, 2]]);
    const other = row({ name: 'a' }, [1, 2], [[1, 2]]);
    const unsorted = { level: 'l', measurement: 'm', columns: [column('m')], rows: [one, other] };
    expect(() => writePart(memoryParts(), 'p', [unsorted])).toThrow('must be sorted by their labels');
    const backwards = { ...unsorted, rows: [row({ name: 'a' }, [2, 2], [[1, 2]])] };
    expect(() => writePart(memoryParts(), 'p', [backwards])).toThrow('must be integers and ascend: 2 behind 2');
  });
});
