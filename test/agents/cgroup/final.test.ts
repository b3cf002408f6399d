import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FinalWatch } from '../../../agents/cgroup/final.ts';
import { silent } from '../../../src/log.ts';
import { type Clock, systemClock } from '../../../src/run/clock.ts';
import { waitFor } from '../../support/wait.ts';

let dir: string;
let read: string[];
let watch: FinalWatch;

function make(clock: Clock = systemClock): FinalWatch {
  watch = new FinalWatch({ clock, log: silent, readAgain: (id) => void read.push(id) });
  return watch;
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'plimsoll-final-'));
  mkdirSync(join(dir, 'cg'));
  writeFileSync(join(dir, 'cg', 'cgroup.events'), 'populated 1\nfrozen 0\n');
  read = [];
});
afterEach(() => {
  watch.close();
  rmSync(dir, { recursive: true, force: true });
});

test('a change of cgroup.events is enough to be read again, at once', async () => {
  // Timers never fire here: it is the file alone.
  make(handClock().clock).follow('a', { unified: join(dir, 'cg'), controllers: new Map() });
  writeFileSync(join(dir, 'cg', 'cgroup.events'), 'populated 1\nfrozen 1\n');
  writeFileSync(join(dir, 'cg', 'cgroup.events'), 'populated 0\nfrozen 0\n');
  await waitFor(() => read.length > 0);
  expect(new Set(read)).toEqual(new Set(['a']));
});

test('one that is watched is read often while it is young, too: the file may be gone before we are told', () => {
  const { clock, pass } = handClock();
  make(clock).follow('a', { unified: join(dir, 'cg'), controllers: new Map() });
  pass(1000);
  expect(read).toEqual(['a', 'a', 'a', 'a']);
});

/** A clock whose timers fire when the test says so. */
function handClock(): { clock: Clock; pass(ms: number): void } {
  let now = 0;
  let due: { at: number; fn: () => void } | undefined;
  const clock: Clock = {
    ...systemClock,
    monotonic: () => now,
    after(ms, fn) {
      due = { at: now + ms, fn };
      return () => {
        due = undefined;
      };
    },
  };
  const pass = (ms: number): void => {
    const end = now + ms;
    while (due !== undefined && due.at <= end) {
      const { at, fn } = due;
      due = undefined;
      now = at;
      fn();
    }
    now = end;
  };
  return { clock, pass };
}

test('one that is old when we first see it is not young, one that is 14 s old for a second more', () => {
  const { clock, pass } = handClock();
  make(clock).follow('old', { unified: undefined, controllers: new Map() }, 15_000);
  watch.follow('young', { unified: undefined, controllers: new Map() }, 14_000);
  pass(60_000);
  // 14.25, 14.5 and 14.75 s; the end itself belongs to neither side.
  expect(read).toEqual(['young', 'young', 'young']);
});

test('without a unified hierarchy a container is read often while it is young, then no more', () => {
  const { clock, pass } = handClock();
  make(clock).follow('a', { unified: undefined, controllers: new Map() });
  pass(1000);
  expect(read).toEqual(['a', 'a', 'a', 'a']);
  pass(60_000);
  const young = read.length;
  // 15 s at 4 readings a second; the last one may fall on either side of the end.
  expect(young).toBeGreaterThanOrEqual(59);
  expect(young).toBeLessThanOrEqual(60);
  pass(60_000);
  expect(read.length).toBe(young);
});

test('one that is forgotten is not read again', () => {
  const { clock, pass } = handClock();
  make(clock).follow('a', { unified: undefined, controllers: new Map() });
  watch.forget('a');
  pass(5000);
  expect(read).toEqual([]);
});

test('a file that cannot be watched is counted, and the container read while young', () => {
  const { clock, pass } = handClock();
  make(clock).follow('a', { unified: join(dir, 'nowhere'), controllers: new Map() });
  pass(250);
  expect([watch.unwatched, read]).toEqual([1, ['a']]);
});
