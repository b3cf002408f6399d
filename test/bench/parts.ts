/**
 * What parts of the store cost: containers with 75 columns each over 2 hours, sealed every 15 minutes and merged, then all of it read. BENCH_CONTAINERS
 * (100), BENCH_HOURS (2). Prints bytes per sample and samples per CPU second, after as much again to warm up.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emptyPoints } from '../../collector/query/source.ts';
import { BlockCache } from '../../collector/store/part/cache.ts';
import { partFiles } from '../../collector/store/part/disk.ts';
import { mergeParts } from '../../collector/store/part/merge.ts';
import { openPart, type PartReader } from '../../collector/store/part/part.ts';
import { writePart } from '../../collector/store/part/write.ts';
import type { PartFiles, PartInfo } from '../../collector/store/types.ts';
import { SyntheticContainers, TICKS_PER_MINUTE } from './containerlike.ts';
import { printTable } from './process.ts';

const CONTAINERS = Number(process.env.BENCH_CONTAINERS ?? 100);
const HOURS = Number(process.env.BENCH_HOURS ?? 2);
const SEAL_TICKS = 15 * TICKS_PER_MINUTE;
const PARTS_MERGED = 8;

interface Costs {
  sealed: PartInfo[];
  merged: PartInfo[];
  sealSeconds: number;
  mergeSeconds: number;
}

export function benchParts(): Promise<void> {
  const folder = mkdtempSync(join(process.env.BENCH_LOG_DIR ?? tmpdir(), 'plimsoll-parts-'));
  try {
    const files = partFiles(folder);
    run(files, new SyntheticContainers(Math.min(100, CONTAINERS)), 2);
    const costs = run(files, new SyntheticContainers(CONTAINERS), HOURS);
    report(files, costs);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return Promise.resolve();
}

function run(files: PartFiles, world: SyntheticContainers, hours: number): Costs {
  const costs: Costs = { sealed: [], merged: [], sealSeconds: 0, mergeSeconds: 0 };
  const cache = new BlockCache(32e6);
  for (let quarter = 0; quarter < hours * 4; quarter++) {
    const tables = world.tables(SEAL_TICKS);
    const [info, seconds] = cpu(() => writePart(files, `sealed-${quarter}`, tables, { deflates: false }));
    costs.sealed.push(info);
    costs.sealSeconds += seconds;
    if ((quarter + 1) % PARTS_MERGED !== 0) continue;
    const [merged, mergeSeconds] = cpu(() => {
      const parts = costs.sealed.slice(-PARTS_MERGED).map(({ name }) => openPart(files, name, cache));
      const made = writePart(files, `merged-${quarter}`, mergeParts(parts));
      for (const part of parts) part.close();
      return made;
    });
    costs.merged.push(merged);
    costs.mergeSeconds += mergeSeconds;
  }
  return costs;
}

function report(files: PartFiles, { sealed, merged, sealSeconds, mergeSeconds }: Costs): void {
  const cache = new BlockCache(32e6);
  const samples = sum(merged, 'samples');
  const [parts, openSeconds] = cpu(() => merged.map(({ name }) => openPart(files, name, cache)));
  const dayLike = cpu(() => writePart(files, 'all', mergeParts(parts)));
  const column = 'container_memory_working_set_bytes';
  readColumn(parts, column);
  const [read, readSeconds] = cpu(() => readColumn(parts, column));
  const per = (count: number, seconds: number): string => (count / seconds / 1e6).toFixed(1);
  printTable(`Parts: ${CONTAINERS} containers, ${HOURS} h, ${(samples / 1e6).toFixed(1)} million samples`, [
    row('bytes per sample, 15 min, not deflated', (sum(sealed, 'bytes') / sum(sealed, 'samples')).toFixed(3)),
    row('bytes per sample, 2 h, with index', (sum(merged, 'bytes') / samples).toFixed(3), '0.40'),
    row('bytes per sample, all merged', (dayLike[0].bytes / dayLike[0].samples).toFixed(3), '0.40'),
    row('seal, million samples per CPU second', per(sum(sealed, 'samples'), sealSeconds)),
    row('merge to 2 h, the same', per(samples, mergeSeconds)),
    row('merge all, the same', per(dayLike[0].samples, dayLike[1])),
    row('seal and both merges, the same', per(samples, sealSeconds + mergeSeconds + dayLike[1]), '4.0'),
    row(`read one column of all (${read} samples), the same`, per(read, readSeconds)),
    row('open all parts, CPU ms', (openSeconds * 1000).toFixed(1)),
  ]);
  for (const part of parts) part.close();
}

function readColumn(parts: readonly PartReader[], metric: string): number {
  const points = emptyPoints();
  const matchers = [{ name: '__name__', op: '=' as const, value: metric }];
  let count = 0;
  for (const part of parts) {
    for (const series of part.select({ matchers, fromMs: 0, toMs: Number.MAX_SAFE_INTEGER })) {
      series.read(points);
      count += points.length;
    }
  }
  return count;
}

function sum(infos: readonly PartInfo[], of: 'bytes' | 'samples'): number {
  return infos.reduce((total, info) => total + info[of], 0);
}

function cpu<T>(act: () => T): [T, number] {
  const before = process.cpuUsage();
  const made = act();
  const { user, system } = process.cpuUsage(before);
  return [made, (user + system) / 1e6];
}

function row(what: string, value: string, target = ''): { what: string; value: string; target: string } {
  return { what, value, target };
}
