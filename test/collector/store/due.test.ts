/** When what is in memory becomes parts: two hours at once where there is little of it, else each quarter of an hour, and not before its last window is there. */
import { expect, test } from 'vitest';
import type { StoreCore } from '../../../collector/store/core.ts';
import { coreOf } from '../../support/storecore.ts';
import { frameOf } from './model.ts';

const HOUR_MS = 3_600_000;
const QUARTER_MS = HOUR_MS / 4;
const WINDOW_MS = 10_000;
/** Where two hours begin. */
const T0 = 500_000 * HOUR_MS;

/** Windows that end after `fromMs`, up to `toMs`, each with one container and its number in three columns. */
function windows(core: StoreCore, fromMs: number, toMs: number): void {
  for (let endMs = fromMs + WINDOW_MS; endMs <= toMs; endMs += WINDOW_MS) {
    const n = (endMs - T0) / WINDOW_MS;
    core.push(n, frameOf(endMs, [{ level: 'container', rows: [{ name: 'a', timeMs: endMs - 1, cells: [n, n, n] }] }]));
    core.tend(endMs);
  }
}

const tiers = (core: StoreCore): string[] =>
  core.folder.parts.filter(({ kind }) => kind === 'single').map(({ tier, samples }) => `${tier}: ${samples}`);

test('little waits for its two hours, and is one part that is not merged before the day', () => {
  const core = coreOf();
  windows(core, T0, T0 + 2 * HOUR_MS - WINDOW_MS);
  expect(tiers(core)).toEqual([]);
  windows(core, T0 + 2 * HOUR_MS - WINDOW_MS, T0 + 2 * HOUR_MS);
  // 720 windows of three numbers.
  expect(tiers(core)).toEqual(['1: 2160']);
  windows(core, T0 + 2 * HOUR_MS, T0 + 3 * HOUR_MS);
  expect(tiers(core)).toEqual(['1: 2160']);
});

test('much is sealed by the quarter of an hour, and merged when the two hours are over', () => {
  const core = coreOf({ fewSamples: 50 });
  windows(core, T0, T0 + 2 * QUARTER_MS);
  expect(tiers(core)).toEqual(['0: 270', '0: 270']);
  windows(core, T0 + 2 * QUARTER_MS, T0 + 2 * HOUR_MS + 6 * 60_000);
  expect(tiers(core)).toEqual(['1: 2160']);
});

test('very much is sealed before its time, but not each window for itself, so that a start reads no more than that', () => {
  const core = coreOf({ manySamples: 50 });
  windows(core, T0, T0 + 50 * WINDOW_MS);
  expect(tiers(core)).toEqual([]);
  windows(core, T0 + 50 * WINDOW_MS, T0 + 102 * WINDOW_MS);
  // A row each, of three numbers: more than 50 with the 51st window.
  expect(tiers(core)).toEqual(['0: 153', '0: 153']);
  const wide = coreOf({ manySamples: 1 });
  windows(wide, T0, T0 + 40 * WINDOW_MS);
  expect(tiers(wide)).toEqual(['0: 60', '0: 60']);
});

test('the last window of a stretch that is over is waited for, half a minute', () => {
  const core = coreOf({ fewSamples: 0 });
  windows(core, T0, T0 + QUARTER_MS - WINDOW_MS);
  core.tend(T0 + QUARTER_MS + 2000);
  expect(tiers(core)).toEqual([]);
  core.tend(T0 + QUARTER_MS + 30_000);
  expect(tiers(core)).toEqual(['0: 267']);
});

test('what was read at the start, and should have been sealed long ago, is sealed at once', () => {
  const core = coreOf();
  const n = 719;
  core.push(
    n,
    frameOf(T0 + n * WINDOW_MS, [{ level: 'container', rows: [{ name: 'a', timeMs: T0, cells: [1, 2, 3] }] }]),
  );
  core.tend(T0 + 2 * HOUR_MS + QUARTER_MS + 60_000);
  expect(tiers(core)).toEqual(['0: 3']);
});
