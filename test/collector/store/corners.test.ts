/** Where the store's pieces meet: tables whose columns change, windows that come late, merges in the midst of an export, a clock that is set back. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { StoreCore } from '../../../collector/store/core.ts';
import { storeFiles } from '../../../collector/store/files.ts';
import { createAnswering } from '../../../collector/store/thread/answering.ts';
import { createEngine, DEFAULT_LIMITS } from '../../../collector/query/engine.ts';
import type { Matcher } from '../../../collector/query/source.ts';
import type { Frame, LevelTable } from '../../../src/model/batch.ts';
import { labels } from '../../../src/model/labels.ts';
import type { Column, Shape } from '../../../src/model/shape.ts';
import { ask, coreOf, receive, tendAll } from '../../support/storecore.ts';
import { storeDisk } from '../../support/storedisk.ts';
import { frameOf } from './model.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Midnight. */
const DAY = 20_000 * DAY_MS;
const T0 = DAY + 8 * HOUR_MS;

const columnOf = (metric: string, kind: Column['kind']): Column => ({
  ...{ metric, field: metric, kind },
  ...{ labels: [], unit: 'none', help: '' },
});
const OLD: Shape = {
  measurement: 'container_cpu',
  columns: [columnOf('cpu_total', 'counter'), columnOf('gone_total', 'counter')],
};
const NEW: Shape = {
  measurement: 'container_cpu',
  columns: [columnOf('new_total', 'counter'), columnOf('cpu_total', 'counter')],
};

/** A table of containers, each cell the number of the window. */
function tableOf(shape: Shape, names: readonly string[], n: number): LevelTable {
  return {
    level: 'container',
    shape,
    rows: names.map((name) => ({
      labels: labels([
        ['name', name],
        ['node', name],
      ]),
    })),
    timesMs: new Float64Array(names.length).fill(T0 + n * 10_000 - 500),
    values: new Float64Array(names.length * shape.columns.length).fill(n),
  };
}

function windowOf(n: number, tables: readonly LevelTable[], late?: readonly string[]): Frame {
  const endMs = T0 + n * 10_000;
  return { startMs: endMs - 10_000, endMs, tables, samples: tables.length, ...(late ? { late } : {}) };
}

/** What an instant query has just before and just behind the reading of each window. */
function seen(core: StoreCore, query: string, windows: readonly number[]): Record<string, (number | undefined)[]> {
  const found: Record<string, (number | undefined)[]> = {};
  for (const [i, n] of windows.entries()) {
    const at = T0 + n * 10_000;
    for (const [series, points] of Object.entries(ask(core, query, { startMs: at, endMs: at, stepMs: 0 }))) {
      found[series] ??= windows.map(() => undefined);
      (found[series] as (number | undefined)[])[i] = points[0]?.[1];
    }
  }
  return found;
}

const inHead = (): void => undefined;
const sealed = (core: StoreCore): void => core.seal(T0 + HOUR_MS);
const merged = (core: StoreCore): void => {
  core.seal(T0 + HOUR_MS);
  tendAll(core, DAY + DAY_MS + HOUR_MS);
};

test.each([
  ['in the head', inHead, inHead],
  ['sealed between', sealed, inHead],
  ['sealed behind', inHead, sealed],
  ['sealed twice', sealed, sealed],
  ['merged', sealed, merged],
])(
  'the columns of an agent change with its version: what both have goes on without a gap, what has gone is gone at once: %s',
  (_where, between, behind) => {
    const core = coreOf();
    for (let n = 1; n <= 3; n++) core.push(n, windowOf(n, [tableOf(OLD, ['a', 'b'], n)]));
    between(core);
    // First `a` is of the new version, then `b`; `b` leaves at the end.
    for (let n = 4; n <= 5; n++) core.push(n, windowOf(n, [tableOf(OLD, ['b'], n), tableOf(NEW, ['a'], n)]));
    for (let n = 6; n <= 7; n++) core.push(n, windowOf(n, [tableOf(NEW, ['a', 'b'], n)]));
    core.push(8, windowOf(8, [tableOf(NEW, ['a'], 8)]));
    behind(core);
    const windows = [1, 2, 3, 4, 5, 6, 7, 8];
    const none = undefined;
    expect(seen(core, 'cpu_total', windows)).toEqual({
      'name=a,node=a': [1, 2, 3, 4, 5, 6, 7, 8],
      'name=b,node=b': [1, 2, 3, 4, 5, 6, 7, none],
    });
    expect(seen(core, 'gone_total', windows)).toEqual({
      'name=a,node=a': [1, 2, 3, none, none, none, none, none],
      'name=b,node=b': [1, 2, 3, 4, 5, none, none, none],
    });
    expect(seen(core, 'new_total', windows)).toEqual({
      'name=a,node=a': [none, none, none, 4, 5, 6, 7, 8],
      'name=b,node=b': [none, none, none, none, none, 6, 7, none],
    });
  },
);

test.each([
  ['in the head', inHead, inHead],
  ['sealed behind the stop', sealed, inHead],
  ['sealed behind the start', inHead, sealed],
])(
  'windows that a stop closed before their end, and that come once more after the start, end nothing: %s',
  (_where, stopped, started) => {
    const files = storeDisk();
    const windows: Frame[] = [1, 2, 3, 4, 5].map((n) => windowOf(n, [tableOf(NEW, ['a', 'b'], n)]));
    // 4 and 5 were open at the stop. Of 4 nothing more had come, of 5 a part.
    windows.push(windowOf(4, []), windowOf(5, [tableOf(NEW, ['a'], 5)]));
    const core = coreOf({ files });
    for (const [i, frame] of windows.slice(0, 5).entries()) core.push(i + 1, frame);
    stopped(core);
    for (const [i, frame] of windows.slice(5).entries()) core.push(i + 6, frame);
    started(core);
    const again = coreOf({ files });
    for (let seq = Math.max(1, again.firstSeq); seq <= windows.length; seq++) {
      if (seq < again.nextSeq) again.prime(windows[seq - 1] as Frame);
      else again.push(seq, windows[seq - 1] as Frame);
    }
    for (const one of [core, again]) {
      expect(seen(one, 'cpu_total', [3, 4, 4.5, 5, 5.5])).toEqual({
        'name=a,node=a': [3, 4, 4, 5, 5],
        'name=b,node=b': [3, 4, 4, 5, 5],
      });
      expect(seen(one, 'up{job="plimsoll-agent"}', [3, 4, 5])).toEqual({ 'node=a': [1, 1, 1], 'node=b': [1, 1, 1] });
    }
    again.push(8, windowOf(6, [tableOf(NEW, ['a'], 6)]));
    // What is missing in the next has gone.
    expect(seen(again, 'cpu_total', [5, 6])).toEqual({ 'name=a,node=a': [5, 6], 'name=b,node=b': [5, undefined] });
  },
);

test('a node that was away has been up in the windows that it brings late', () => {
  for (const where of [inHead, sealed]) {
    const core = coreOf();
    for (let n = 1; n <= 6; n++) core.push(n, windowOf(n, [tableOf(NEW, n === 3 || n === 4 ? ['a'] : ['a', 'b'], n)]));
    expect(seen(core, 'up{job="plimsoll-agent"}', [2, 3, 4, 5])['node=b']).toEqual([1, 0, 0, 1]);
    where(core);
    core.push(7, windowOf(3, [tableOf(NEW, ['b'], 3)], ['b']));
    where(core);
    expect(seen(core, 'up{job="plimsoll-agent"}', [2, 3, 4, 5])).toEqual({
      'node=a': [1, 1, 1, 1],
      'node=b': [1, 1, 0, 1],
    });
  }
});

test('what came late for a merged day counts beside its downsamples at once', () => {
  const core = coreOf();
  const minutes = (from: number, to: number): [number, number][] =>
    Array.from({ length: to - from }, (_, i) => [DAY + (from + i + 1) * 60_000, 1]);
  receive(core, { __name__: 'x', from: 'first' }, minutes(0, 600));
  core.seal(DAY + 2 * DAY_MS);
  tendAll(core, DAY + 2 * DAY_MS);
  expect(core.folder.parts.map(({ resolutionMs }) => resolutionMs)).toEqual([0, 300_000, HOUR_MS]);
  receive(core, { __name__: 'x', from: 'first' }, minutes(600, 720));
  receive(core, { __name__: 'x', from: 'second' }, minutes(0, 720));
  core.seal(DAY + 2 * DAY_MS);
  const halfDay = { startMs: DAY + 12 * HOUR_MS, endMs: DAY + 12 * HOUR_MS, stepMs: 6 * HOUR_MS };
  const at = halfDay.startMs;
  const wanted = { 'from=first': [[at, 720]], 'from=second': [[at, 720]] };
  expect(ask(core, 'sum_over_time(x[12h])', halfDay)).toEqual(wanted);
  expect(ask(core, 'count_over_time(x[12h])', halfDay)).toEqual(wanted);
  // And once it is merged.
  tendAll(core, DAY + 3 * DAY_MS);
  expect(ask(core, 'sum_over_time(x[12h])', halfDay)).toEqual(wanted);
});

test('parts that an export reads may be merged between its pieces', () => {
  const path = mkdtempSync(join(tmpdir(), 'plimsoll-corners-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  const core = coreOf({ files: storeFiles(path) });
  onTestFinished(() => core.close());
  // Two parts of an hour each, of more than one piece of an export.
  for (const hour of [0, 1]) {
    for (let i = 0; i < 20; i++) {
      const points = Array.from({ length: 3600 }, (_, k) => [T0 + hour * HOUR_MS + k * 1000, k] as const);
      receive(core, { __name__: 'x', i: `${i}` }, points);
    }
    core.seal(T0);
  }
  const answering = createAnswering({ core, engine: createEngine(DEFAULT_LIMITS, () => 0) });
  const asking = { id: 1, nowMs: T0, isAborted: () => false };
  answering.answer({ what: 'export', scope: { matchers: [], fromMs: 0, toMs: 1e15 } }, asking);
  let samples = 0;
  for (;;) {
    const piece = answering.answer({ what: 'more', of: 1 }, asking) as { timesMs: Float64Array }[];
    if (piece.length === 0) break;
    const length = piece.reduce((sum, { timesMs }) => sum + timesMs.length, 0);
    // However much there is, a piece is not more than so many and one series.
    expect(length).toBeLessThanOrEqual(50_000 + 2 * 3600);
    samples += length;
    tendAll(core, T0 + 3 * HOUR_MS);
  }
  expect(samples).toBe(2 * 20 * 3600);
  expect(core.folder.parts).toHaveLength(1);
  expect(core.folder.damaged).toBe(0);
  answering.answer({ what: 'enough', of: 1 }, asking);
  expect(() => answering.answer({ what: 'more', of: 1 }, asking)).toThrow('ask again');
});

test('many selectors at once, as a federation asks: a series that several fit comes once, with all of it', () => {
  const core = coreOf();
  for (let i = 0; i < 50; i++) {
    receive(core, { __name__: 'x', i: `${i}` }, [[T0, i]]);
    if (i === 25) core.seal(T0);
    receive(core, { __name__: 'x', i: `${i}` }, [[T0 + 1000, i]]);
  }
  const answering = createAnswering({ core, engine: createEngine(DEFAULT_LIMITS, () => 0) });
  const asking = { id: 1, nowMs: T0, isAborted: () => false };
  const name: Matcher = { name: '__name__', op: '=', value: 'x' };
  // Each of them fits many; the last fits everything.
  const matchers = Array.from({ length: 100 }, (_, k): Matcher[] => [
    name,
    { name: 'i', op: '=~', value: `${k % 10}|${k % 10}.|.${k % 10}` },
  ]);
  answering.answer({ what: 'export', scope: { matchers: [...matchers, []], fromMs: T0, toMs: T0 + 1000 } }, asking);
  const found = answering.answer({ what: 'more', of: 1 }, asking) as { labels: unknown; values: Float64Array }[];
  expect(new Set(found.map(({ labels: pairs }) => JSON.stringify(pairs))).size).toBe(50);
  expect(found.map(({ values }) => [...values])).toEqual(found.map(({ values: [value] }) => [value, value]));
  expect(found).toHaveLength(50);
});

test('a clock that is set back by a day: what is seen is kept and answered, and merging does not wait for the future', () => {
  const core = coreOf();
  const later = T0 + DAY_MS;
  for (let n = 1; n <= 3; n++)
    core.push(
      n,
      frameOf(later + n * 10_000, [
        { level: 'container', rows: [{ name: 'a', timeMs: later + n * 10_000 - 500, cells: [n, n, n] }] },
      ]),
    );
  core.tend(later + 30_000);
  core.seal(later + 40_000);
  for (let n = 4; n <= 6; n++)
    core.push(
      n,
      frameOf(T0 + n * 10_000, [
        { level: 'container', rows: [{ name: 'a', timeMs: T0 + n * 10_000 - 500, cells: [n, n, n] }] },
      ]),
    );
  core.tend(T0 + 60_000);
  core.seal(T0 + 60_000);
  const load = (startMs: number, endMs: number) =>
    ask(core, 'container_load', { startMs, endMs, stepMs: 10_000 })['name=a,node=n1']?.map(([, value]) => value);
  expect(load(T0 + 40_000, T0 + 60_000)).toEqual([4, 5, 6]);
  expect(load(later + 10_000, later + 30_000)).toEqual([1, 2, 3]);
});
