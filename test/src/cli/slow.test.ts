/** An interval longer than the window is said with the remedy. */
import { expect, test } from 'vitest';
import { slowTicks } from '../../../src/cli/slow.ts';
import { loadConfig } from '../../../src/config/load.ts';

const said = (flags: Record<string, string>) =>
  slowTicks(loadConfig({ env: {}, flags: new Map(Object.entries(flags)) }));

test('the defaults, and windows as long as a tick, are nothing to report', () => {
  expect(said({})).toEqual([]);
  expect(said({ 'agent.interval': '10s', 'collector.window': '10s' })).toEqual([]);
});

test('ticks less often than windows close', () => {
  expect(said({ 'agent.interval': '6s', 'collector.window': '2s' })).toEqual([
    'agent.interval is 6s and collector.window 2s: in the windows between two ticks groups have the last readings; set collector.window to 6s or more.',
  ]);
});
