/**
 * The store against a plain map: random windows, late ones, samples of others, deletes, seals, merges, restarts and crashes between any two operations
 * of the disk; whatever has happened, every selector's answer is the map's.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StoreCore } from '../../../collector/store/core.ts';
import { Packer } from '../../../collector/store/received/packing.ts';
import type { Matcher } from '../../../collector/query/source.ts';
import type { ReceivedSeries } from '../../../collector/store/types.ts';
import { silent } from '../../../src/log.ts';
import type { Frame } from '../../../src/model/batch.ts';
import { labels } from '../../../src/model/labels.ts';
import { type StoreDisk, storeDisk } from '../../support/storedisk.ts';
import {
  frameOf,
  INSTANCE,
  Model,
  type ModelTable,
  type Told,
  seriesName,
  toldByStore,
  toldByTruth,
  WINDOW_MS,
  withoutEndsAt,
} from './model.ts';

const DAY_MS = 86_400_000;
const T0 = 20_000 * DAY_MS - 40 * 60_000;
const YEAR_MS = 365 * DAY_MS;

const cell = fc.oneof(
  { arbitrary: fc.constantFrom(0, 1, 4096, 0.25, 1e-6, 12.345, 2 ** 53, -3, 1e300), weight: 6 },
  { arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY), weight: 1 },
  { arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }), weight: 1 },
);
const row = fc.record({
  name: fc.constantFrom('a', 'b', 'c', 'd'),
  /** How long before the window's end it was read; `held`: as last time. */
  agoMs: fc.constantFrom(1, 1, 7, 9999),
  held: fc.boolean(),
  cells: fc.array(cell, { minLength: 3, maxLength: 3 }),
});
const rows = fc.uniqueArray(row, { selector: ({ name }) => name, maxLength: 4 });
const operation = fc.oneof(
  { arbitrary: fc.record({ kind: fc.constant('frame' as const), containers: rows, services: rows }), weight: 12 },
  { arbitrary: fc.record({ kind: fc.constant('late' as const), back: fc.nat(40), containers: rows }), weight: 2 },
  {
    arbitrary: fc.record({
      kind: fc.constant('received' as const),
      name: fc.constantFrom('x', 'y'),
      times: fc.uniqueArray(fc.nat(2_000_000), { minLength: 1, maxLength: 5 }),
      stale: fc.boolean(),
    }),
    weight: 3,
  },
  {
    arbitrary: fc.record({ kind: fc.constant('pass' as const), minutes: fc.constantFrom(5, 16, 130, 1500) }),
    weight: 3,
  },
  { arbitrary: fc.constant({ kind: 'seal' as const }), weight: 2 },
  { arbitrary: fc.record({ kind: fc.constant('erase' as const), back: fc.nat(30), length: fc.nat(10) }), weight: 1 },
  { arbitrary: fc.constant({ kind: 'restart' as const }), weight: 2 },
  {
    arbitrary: fc.record({
      kind: fc.constant('crash' as const),
      after: fc.nat(25),
      done: fc.boolean(),
      fate: fc.nat(10),
    }),
    weight: 3,
  },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** A frame as the log's reader has it: its numbers are good only until the next. */
function passOn(frame: Frame, take: (passed: Frame) => void): void {
  const tables = frame.tables.map((table) => ({
    ...table,
    timesMs: table.timesMs.slice(),
    values: table.values.slice(),
  }));
  take({ ...frame, tables });
  for (const { timesMs, values } of tables) {
    timesMs.fill(-1);
    values.fill(-1);
  }
}

class World {
  readonly disk: StoreDisk = storeDisk();
  readonly model = new Model();
  /** As the log has them. */
  readonly frames: Frame[] = [];
  /** Of few series, so that both sides forget now and then. */
  readonly packer = new Packer(1);
  core: StoreCore;
  nowMs = T0;
  #endMs = T0;
  #erased = false;
  readonly #lastOf = new Map<string, number>();

  readonly #fewSamples: number;

  /** With so many samples a quarter of an hour is sealed; with fewer, two hours at once. */
  constructor(fewSamples: number) {
    this.#fewSamples = fewSamples;
    this.core = this.#open();
  }

  #open(): StoreCore {
    const core = new StoreCore({
      files: this.disk,
      log: silent,
      instance: INSTANCE,
      retention: { single: [YEAR_MS, YEAR_MS, YEAR_MS], group: [YEAR_MS, YEAR_MS, YEAR_MS], maxBytes: 1e12 },
      taking: { acceptAgeMs: YEAR_MS, maxSeries: 100 },
      breathe: () => undefined,
      onNoted: () => undefined,
      fewSamples: this.#fewSamples,
    });
    this.packer.forget();
    const { firstSeq, nextSeq } = core;
    for (const [i, frame] of this.frames.entries()) {
      const seq = i + 1;
      passOn(frame, (passed) => {
        if (seq >= nextSeq) core.push(seq, passed);
        else if (seq >= firstSeq) core.prime(passed);
      });
    }
    return core;
  }

  restart(): void {
    this.core.close();
    this.core = this.#open();
  }

  run(step: Operation): void {
    if (step.kind === 'frame') {
      this.#frame([
        { level: 'container', rows: this.#rowsOf('container', step.containers) },
        { level: 'service', rows: this.#rowsOf('service', step.services) },
      ]);
    } else if (step.kind === 'late') this.#late(step.back, step.containers);
    else if (step.kind === 'received') this.#received(step.name, step.times, step.stale);
    else if (step.kind === 'pass') this.#pass(step.minutes, 20);
    else if (step.kind === 'seal') this.core.seal(this.nowMs);
    else if (step.kind === 'erase') this.#erase(step.back, step.length);
    else if (step.kind === 'restart') this.restart();
    else this.#crash(step);
  }

  /** Time goes on, and what is due is done. */
  #pass(minutes: number, times: number): void {
    this.nowMs += minutes * 60_000;
    this.#endMs = Math.max(this.#endMs, Math.floor(this.nowMs / WINDOW_MS) * WINDOW_MS);
    for (let i = 0; i < times; i++) this.core.tend(this.nowMs);
  }

  #rowsOf(
    level: string,
    chosen: readonly { name: string; agoMs: number; held: boolean; cells: number[] }[],
  ): ModelTable['rows'] {
    const endMs = this.#endMs + WINDOW_MS;
    return chosen.map(({ name, agoMs, held, cells }) => {
      const last = this.#lastOf.get(`${level} ${name}`);
      const timeMs = held && last !== undefined && this.#wasThere(level, name) ? last : endMs - agoMs;
      this.#lastOf.set(`${level} ${name}`, timeMs);
      return { name, timeMs, cells };
    });
  }

  /** A row can only be held that is there. */
  #wasThere(level: string, name: string): boolean {
    const table = this.frames.findLast(({ late }) => late === undefined)?.tables.find((one) => one.level === level);
    return table?.rows.some(({ labels: own }) => own.values.includes(name)) ?? false;
  }

  #frame(tables: ModelTable[]): void {
    this.#endMs += WINDOW_MS;
    this.nowMs = Math.max(this.nowMs, this.#endMs + 2000);
    const frame = frameOf(this.#endMs, tables);
    this.frames.push(frame);
    this.model.frame(this.#endMs, tables);
    passOn(frame, (passed) => this.core.push(this.frames.length, passed));
  }

  /** What a node has told late: numbers all, for a window that is closed. */
  #late(back: number, chosen: readonly { name: string; agoMs: number; cells: number[] }[]): void {
    const endMs = this.#endMs - back * WINDOW_MS;
    const late = chosen.map(({ name, agoMs, cells }) => ({
      name,
      timeMs: endMs - agoMs,
      cells: cells.map((value) => (Number.isFinite(value) ? value : 5)),
    }));
    const tables = [{ level: 'container' as const, rows: late }];
    const frame = frameOf(endMs, tables, ['n1']);
    this.frames.push(frame);
    this.model.late(tables);
    passOn(frame, (passed) => this.core.push(this.frames.length, passed));
  }

  #received(name: string, agos: readonly number[], stale: boolean): void {
    const times = agos.map((ago) => this.nowMs - ago).sort((a, b) => a - b);
    const all = labels([
      ['__name__', name],
      ['from', 'other'],
    ]);
    const values = times.map((timeMs, i) => (i === 1 ? Number.NaN : timeMs % 1000));
    const series: ReceivedSeries = {
      labels: all,
      timesMs: Float64Array.from(times),
      values: Float64Array.from(values),
      ...(stale && times.length > 1 ? { stale: [1] } : {}),
    };
    const key = seriesName([
      ['__name__', name],
      ['from', 'other'],
    ]);
    const own = this.model.truth.get(key);
    // The answer to a second value of one time depends on whether the first is still in memory: not asked here.
    if (times.some((timeMs) => own?.has(timeMs))) return;
    const [outcome] = this.core.receiving.take([{ series: this.packer.pack([series]), info: [] }], this.nowMs);
    expect(outcome).toEqual({ accepted: times.length, dropped: new Map() });
    for (const [i, timeMs] of times.entries()) this.model.set(key, timeMs, stale && i === 1 ? undefined : values[i]);
  }

  #erase(back: number, length: number): void {
    this.#erased = true;
    const fromMs = this.#endMs - back * WINDOW_MS;
    const toMs = fromMs + length * WINDOW_MS;
    this.core.erase([{ name: 'name', op: '=', value: 'a' }], { fromMs, toMs, nowMs: this.nowMs });
    this.model.erase((series) => series.split(',').includes('name=a'), fromMs, toMs);
  }

  /** Sealing, merging and whatever is due, until the disk stops. */
  #crash({ after, done, fate }: Extract<Operation, { kind: 'crash' }>): void {
    this.disk.stopAfter(after, done);
    try {
      this.core.seal(this.nowMs);
      this.#pass(180, 5);
    } catch {
      // The machine is down.
    }
    this.disk.restart(() => fate / 10);
    this.core = this.#open();
  }

  /** What has been deleted leaves an end or none: both are right. */
  #forgetErasedEnds(all: Map<string, Told>): void {
    if (!this.#erased) return;
    for (const [series, own] of all) {
      if (series.includes('name=a'))
        all.set(
          series,
          own.map(([timeMs, value]) => [timeMs, value, undefined] as const),
        );
    }
  }

  check(): void {
    const ranges: [number, number][] = [
      [0, 1e14],
      [this.#endMs - 20 * WINDOW_MS, this.#endMs - 3 * WINDOW_MS],
    ];
    for (const [fromMs, toMs] of ranges) {
      const truth = toldByTruth(this.model.truth, fromMs, toMs);
      for (const [matchers, fits] of SELECTORS) {
        const wanted = new Map([...truth].filter(([series]) => fits(series)));
        const got = toldByStore(this.core.source, matchers, [fromMs, toMs]);
        for (const series of got.keys()) if (series.includes('__name__=up')) got.delete(series);
        for (const all of [got, wanted]) this.#forgetErasedEnds(all);
        const { lateTimes } = this.model;
        expect(withoutEndsAt(got, lateTimes)).toEqual(withoutEndsAt(wanted, lateTimes));
      }
    }
  }
}

const SELECTORS: readonly (readonly [Matcher[], (series: string) => boolean])[] = [
  [[], () => true],
  [
    [{ name: '__name__', op: '=', value: 'container_cpu_total' }],
    (series) => series.includes('__name__=container_cpu_total'),
  ],
  [
    [
      { name: '__name__', op: '=~', value: 'container_.*' },
      { name: 'cpu', op: '=', value: '' },
      { name: 'name', op: '!=', value: 'a' },
    ],
    (series) => series.includes('__name__=container_load') && !series.includes('name=a'),
  ],
  [[{ name: 'name', op: '=~', value: 'a|c' }], (series) => /(^|,)name=[ac]/.test(series)],
  [[{ name: 'from', op: '!=', value: '' }], (series) => series.includes('from=other')],
];

test('whatever happens, every selector’s answer is the map’s', () => {
  fc.assert(
    fc.property(fc.array(operation, { minLength: 1, maxLength: 40 }), fc.constantFrom(0, 50, 1e6), (steps, few) => {
      const world = new World(few);
      for (const step of steps) world.run(step);
      world.check();
      world.restart();
      world.check();
    }),
    { numRuns: Number(process.env.STORE_RUNS ?? 100) },
  );
}, 180_000);
