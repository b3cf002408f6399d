/**
 * How fast the wire encodes and decodes, and how many bytes a sample takes, on 200 containers whose numbers look like real ones
 * and change from batch to batch. Nothing here runs on import.
 */
import { gzipSync } from 'node:zlib';
import { familyNamed as catalogued } from '../../src/catalog/index.ts';
import { cpu } from '../../src/catalog/cpu.ts';
import type { Batch, FamilyTable } from '../../src/model/batch.ts';
import { family } from '../../src/model/family.ts';
import { labels, NO_LABELS } from '../../src/model/labels.ts';
import { type EntityRow, entityRow } from '../../src/model/table.ts';
import { createDecoder } from '../../src/wire/decode.ts';
import { createEncoder } from '../../src/wire/encode.ts';

const ROWS = 200;
const BATCHES = 50;
const T0 = 1_700_000_000_000;

/** Forty columns in the manner of memory and io: bytes, events, nanosecond clocks, limits that never change. */
const wide = family({
  name: 'bench',
  help: 'For the benchmark.',
  metrics: Object.fromEntries(
    Array.from({ length: 40 }, (_, i) => [
      `m${i}`,
      {
        metric: `container_bench_m${i}`,
        kind: i % 2 ? 'counter' : 'gauge',
        unit: 'bytes',
        help: 'A number.',
        source: 'none',
      } as const,
    ]),
  ),
});

const familyNamed = (name: string) => (name === 'bench' ? wide : catalogued(name));

/** Samples per second of either direction, and bytes per sample before and after gzip level 1. */
export async function benchWire(): Promise<Record<string, number>> {
  const rows = Array.from({ length: ROWS }, (_, i) => containerRow(i));
  const batches = Array.from({ length: BATCHES }, (_, i) => makeBatch(rows, i + 1));
  const samples = batches[0]!.tables.reduce((sum, t) => sum + t.values.filter((v) => !Number.isNaN(v)).length, 0);
  const encodeAll = () => {
    // A new one each time: the numbers of batches ascend.
    const encoder = createEncoder({ node: 'bench', session: 'bench' });
    return batches.map((batch) => encoder.encode(batch));
  };
  const bodies = encodeAll();
  const steady = bodies[BATCHES - 1]!;
  return {
    samples_per_batch: samples,
    encode_samples_per_second: perSecond(samples * BATCHES, encodeAll),
    decode_samples_per_second: perSecond(samples * BATCHES, () => {
      const decoder = createDecoder({ familyNamed });
      for (const body of bodies) decoder.decode(body);
    }),
    raw_bytes_per_sample: steady.length / samples,
    gzip_bytes_per_sample: gzipSync(steady, { level: 1 }).length / samples,
    first_body_bytes: bodies[0]!.length,
  };
}

/** The best of ten rounds: on a shared machine the others measure the neighbours. */
function perSecond(samples: number, work: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 10; round++) {
    const start = performance.now();
    work();
    best = Math.min(best, performance.now() - start);
  }
  return Math.round(samples / (best / 1000));
}

function containerRow(i: number): EntityRow {
  const id = (i * 2_654_435_761).toString(16).padStart(64, 'a3f9');
  const pairs = [
    ['id', id],
    ['name', `shop-web-${i}`],
    ['image', 'registry.example.com/shop/web:1.27'],
  ] as const;
  return entityRow({ key: id, kind: 'container', startMs: T0, labels: labels(pairs) }, NO_LABELS);
}

function makeBatch(rows: readonly EntityRow[], seq: number): Batch {
  const timeMs = T0 + seq * 10_000;
  return {
    node: 'bench',
    session: 'bench',
    seq,
    timeMs,
    tables: [cpuTable(rows, seq, timeMs), wideTable(rows, seq, timeMs)],
  };
}

function cpuTable(rows: readonly EntityRow[], seq: number, timeMs: number): FamilyTable {
  const at = cpu.at;
  const values = new Float64Array(rows.length * cpu.columns.length).fill(Number.NaN);
  rows.forEach((_, r) => {
    const used = 1e6 * (r + 1) * 37 + seq * (104_729 + r * 7_919);
    const set = (c: number, value: number) => (values[c * rows.length + r] = value);
    set(at.usage, used / 1e6);
    set(at.user, Math.floor(used * 0.7) / 1e6);
    set(at.system, Math.floor(used * 0.3) / 1e6);
    if (r % 4 === 0) {
      set(at.periods, seq * 100 + r);
      set(at.throttledPeriods, seq * 3);
      set(at.throttled, (seq * 40_123 * r) / 1e6);
      set(at.period, 100_000);
      set(at.quota, 20_000);
      set(at.limit, 0.2);
    }
    set(at.shares, 1024);
  });
  return { shape: cpu, rows, timesMs: new Float64Array(rows.length).map((_, r) => timeMs + (r % 5)), values };
}

function wideTable(rows: readonly EntityRow[], seq: number, timeMs: number): FamilyTable {
  const values = new Float64Array(rows.length * wide.columns.length);
  for (let c = 0; c < wide.columns.length; c++) {
    for (let r = 0; r < rows.length; r++) values[c * rows.length + r] = wideValue(c, r, seq);
  }
  return { shape: wide, rows, timesMs: new Float64Array(rows.length).map((_, r) => timeMs + 5 + (r % 7)), values };
}

function wideValue(c: number, r: number, seq: number): number {
  if (c % 8 === 7) return 0;
  if (c % 8 === 6) return 536_870_912;
  if (c % 8 === 5) return ((r + 1) * 3_600_123_456_789 + seq * 12_345_678 * (c + 1)) / 1e9;
  if (c % 8 === 4) return seq * (r + c);
  return 4096 * (((r * 7_919 + c * 104_729) % 262_144) + seq * (c % 3));
}
