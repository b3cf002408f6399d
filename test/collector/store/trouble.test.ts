/** The store when the disk is full, when a bit of one of its files is not what it was, and when a later version has written there. */
import { describe, expect, test } from 'vitest';
import { StoreCore } from '../../../collector/store/core.ts';
import { Packer } from '../../../collector/store/received/packing.ts';
import { EMPTY, manifestNumber, NewerStore, writeManifest } from '../../../collector/store/manifest.ts';
import { receivedNumber } from '../../../collector/store/received/journal.ts';
import { silent } from '../../../src/log.ts';
import { labels } from '../../../src/model/labels.ts';
import { type StoreDisk, storeDisk } from '../../support/storedisk.ts';
import { frameOf, INSTANCE, type ModelTable, toldByStore } from './model.ts';

const T0 = 1_800_000_000_000;
const YEAR_MS = 365 * 86_400_000;

function open(files: StoreDisk): StoreCore {
  return new StoreCore({
    files,
    log: silent,
    instance: INSTANCE,
    retention: { single: [YEAR_MS, YEAR_MS, YEAR_MS], group: [YEAR_MS, YEAR_MS, YEAR_MS], maxBytes: 1e12 },
    taking: { acceptAgeMs: YEAR_MS, maxSeries: 100 },
    breathe: () => undefined,
    onNoted: () => undefined,
  });
}

function windowAt(n: number): ModelTable[] {
  const timeMs = T0 + n * 10_000 - 1;
  return [
    { level: 'container', rows: [{ name: 'a', timeMs, cells: [n, n, n] }] },
    { level: 'service', rows: [{ name: 's', timeMs: timeMs + 1, cells: [n, n] }] },
  ];
}

function push(core: StoreCore, from: number, to: number): void {
  for (let n = from; n <= to; n++) {
    if (n >= core.nextSeq) core.push(n, frameOf(T0 + n * 10_000, windowAt(n)));
    else if (n >= core.firstSeq) core.prime(frameOf(T0 + n * 10_000, windowAt(n)));
  }
}

/** How many samples there are of a metric. */
function count(core: StoreCore, metric: string): number {
  const told = toldByStore(core.source, [{ name: '__name__', op: '=', value: metric }], [0, 1e14]);
  return [...told.values()].reduce((sum, points) => sum + points.length, 0);
}

function received(n: number) {
  const series = { labels: labels([['__name__', 'x']]), timesMs: Float64Array.of(T0 + n), values: Float64Array.of(n) };
  return [{ series: new Packer().pack([series]), info: [] }];
}

describe('a full disk', () => {
  test('what cannot be sealed is answered, samples of others are refused, and all of it heals by itself', () => {
    const disk = storeDisk();
    const core = open(disk);
    push(core, 1, 5);
    disk.full = true;
    core.seal(T0 + 60_000);
    expect(core.stats().trouble).toContain('ENOSPC');
    expect(core.receiving.take(received(1), T0 + 60_000)[0]).toMatchObject({
      accepted: 0,
      dropped: new Map([['unwritable', 1]]),
    });
    // However often it is tried, nothing is heaped up.
    const files = disk.list();
    for (let i = 0; i < 10; i++) core.receiving.take(received(1), T0 + 60_000);
    for (let i = 1; i <= 5; i++) core.tend(T0 + 60_000 + i * 30_000);
    expect(disk.list()).toEqual(files);
    push(core, 6, 8);
    // Two columns are of one name: 8 windows of each.
    expect(count(core, 'container_cpu_total')).toBe(16);
    disk.full = false;
    core.tend(T0 + 240_000);
    expect(core.stats().trouble).toBeUndefined();
    expect(core.receiving.take(received(1), T0 + 120_000)[0]).toMatchObject({ accepted: 1 });
    disk.restart(() => 0);
    const again = open(disk);
    expect(again.nextSeq).toBe(6);
    push(again, 1, 8);
    expect(count(again, 'container_cpu_total')).toBe(16);
    expect(count(again, 'x')).toBe(1);
  });
});

describe('a bit that is not what it was', () => {
  /** Two seals, then three windows and a sample of others that are in no part. */
  function written(): StoreDisk {
    const disk = storeDisk();
    const core = open(disk);
    push(core, 1, 5);
    core.seal(T0 + 60_000);
    push(core, 6, 10);
    core.seal(T0 + 120_000);
    core.receiving.take(received(1), T0 + 120_000);
    core.receiving.take(received(2), T0 + 120_000);
    core.close();
    return disk;
  }

  function flip(disk: StoreDisk, name: string, at: number): void {
    const bytes = disk.bytesOf(name);
    bytes[at] = (bytes[at] as number) ^ 16;
  }

  test('in the manifest: the one before serves, and the log has the rest', () => {
    const disk = written();
    const newest = disk
      .list()
      .filter((name) => manifestNumber(name) !== undefined)
      .sort()
      .at(-1) as string;
    flip(disk, newest, 30);
    const core = open(disk);
    expect(core.folder.damaged).toBe(1);
    expect(core.nextSeq).toBe(6);
    push(core, 1, 13);
    expect(count(core, 'service_load')).toBe(13);
    expect(count(core, 'x')).toBe(2);
  });

  test('in both manifests: the parts say themselves what they are', () => {
    const disk = written();
    for (const name of disk.list()) if (manifestNumber(name) !== undefined) flip(disk, name, 30);
    const core = open(disk);
    expect(count(core, 'service_load')).toBe(10);
    // All that the log still has is read again: nothing comes twice.
    push(core, 8, 13);
    core.seal(T0 + 180_000);
    core.tend(T0 + 240_000);
    expect(count(core, 'service_load')).toBe(13);
    expect(count(core, 'x')).toBe(2);
  });

  test('anywhere in a part: the others are answered, and it is counted', () => {
    const length = written().size('0000000001-single-0.part');
    for (let at = 0; at < length; at += 7) {
      const disk = written();
      flip(disk, '0000000001-single-0.part', at);
      const core = open(disk);
      push(core, 1, 13);
      const found = count(core, 'container_cpu_total');
      // 26, or without some of the five windows of the two columns in that part.
      expect(found).toBeLessThanOrEqual(26);
      expect(found).toBeGreaterThanOrEqual(16);
      if (found < 26) expect(core.folder.damaged).toBe(1);
      expect(count(core, 'service_load')).toBe(13);
    }
  });

  test('in the file of received samples: what is before it is there', () => {
    const disk = written();
    const name = disk.list().find((one) => receivedNumber(one) !== undefined && disk.size(one) > 0) as string;
    flip(disk, name, disk.size(name) - 3);
    expect(count(open(disk), 'x')).toBe(1);
  });
});

test('a folder that a later version has written is left as it is, and said', () => {
  const disk = storeDisk();
  writeManifest(disk, { ...EMPTY, number: 1, version: 2 } as never);
  const before = disk.list();
  expect(() => open(disk)).toThrow(NewerStore);
  expect(() => open(disk)).toThrow('format 2; this program reads 1');
  expect(disk.list()).toEqual(before);
});
