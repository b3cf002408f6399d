import { expect, test } from 'vitest';
import { watchStandstill } from '../../../src/run/standstill.ts';

/** Time passes, and a timer that is due fires only when the process runs. */
function process() {
  let now = 0;
  let due: { at: number; fire: () => void } | undefined;
  const clock = {
    monotonic: () => now,
    after: (ms: number, fire: () => void) => {
      due = { at: now + ms, fire };
      return () => {
        due = undefined;
      };
    },
  };
  const fire = (): void => {
    const timer = due;
    if (timer === undefined || timer.at > now) return;
    due = undefined;
    timer.fire();
  };
  return {
    clock,
    stopped: (ms: number) => {
      now += ms;
    },
    fire,
    runs: (ms: number) => {
      for (let i = 0; i < ms; i += 100) {
        now += 100;
        fire();
      }
    },
    isArmed: () => due !== undefined,
  };
}

test('who runs has not stood still', () => {
  const { clock, runs } = process();
  const standstill = watchStandstill(clock);
  runs(20_000);
  expect(standstill.latelyMs()).toBe(0);
});

test('eight seconds of SIGSTOP are known before the first socket is read, for five seconds', () => {
  const { clock, runs, stopped, fire } = process();
  const standstill = watchStandstill(clock);
  runs(1000);
  stopped(8000);
  fire();
  // The beat was due half a second after the one before.
  expect(standstill.latelyMs()).toBe(7500);
  runs(4900);
  expect(standstill.latelyMs()).toBe(7500);
  runs(200);
  expect(standstill.latelyMs()).toBe(0);
});

test('also where the beat has not run yet', () => {
  const { clock, runs, stopped } = process();
  const standstill = watchStandstill(clock);
  runs(1000);
  stopped(3000);
  expect(standstill.latelyMs()).toBe(2500);
});

test('when it is ended no timer is left', () => {
  const { clock, runs, isArmed } = process();
  const standstill = watchStandstill(clock);
  runs(1000);
  standstill.stop();
  expect(isArmed()).toBe(false);
});
