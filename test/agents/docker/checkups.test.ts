/** Health that stays bad goes on being counted by the engine, which says nothing of it: it is asked for, seldom and few at a time. */
import { expect, test } from 'vitest';
import { Checkups } from '../../../agents/docker/checkups.ts';
import { detailsOf } from '../../../agents/docker/identity.ts';
import { fakeEngine } from '../../support/fakeengine.ts';
import { container } from '../reading.ts';
import { put, watch } from './watched.ts';

const withHealth = (name: string, health: string, failingStreak = 0) =>
  container(name, { pid: 1, details: { health, failingStreak } });

/** The pulses, of so many, at which each is asked about. */
function asked(all: ReturnType<typeof withHealth>[], pulses: number): Record<string, number[]> {
  const checkups = new Checkups();
  const found: Record<string, number[]> = {};
  for (let pulse = 1; pulse <= pulses; pulse++) {
    for (const id of checkups.due(all)) found[id] = [...(found[id] ?? []), pulse];
  }
  return found;
}

test('failing checks each minute, others every five minutes, none where there is no check or no process', () => {
  const all = [
    withHealth('ill', 'unhealthy', 3),
    withHealth('young', 'starting'),
    withHealth('doubtful', 'healthy', 1),
    withHealth('well', 'healthy'),
    withHealth('unasked', 'none'),
    { ...withHealth('ended', 'unhealthy', 3), pid: 0 },
  ];
  // A pulse is 30 s; each was inspected when it was first seen.
  expect(asked(all, 11)).toEqual({
    ill: [2, 4, 6, 8, 10],
    young: [2, 4, 6, 8, 10],
    doubtful: [2, 4, 6, 8, 10],
    well: [10],
  });
});

test('of a hundred ill ones sixteen at a pulse, each in its turn', () => {
  const all = Array.from({ length: 100 }, (_, i) => withHealth(String(i), 'unhealthy', 1));
  const pulses = Object.values(asked(all, 15));
  // The first are due at the second pulse: 14 times 16 questions. A hundred take seven pulses, so nobody waits for more than eight.
  expect(pulses.flat().length).toBe(14 * 16);
  expect(pulses.length).toBe(100);
  for (const at of pulses) at.forEach((pulse, i) => void expect(pulse - (at[i - 1] ?? 0)).toBeLessThanOrEqual(8));
});

test('container_health_failing_streak follows the engine although it sends no event: 3, then 244', async () => {
  const engine = fakeEngine();
  const Health = { Status: 'unhealthy', FailingStreak: 3 };
  engine.answers.set('/containers/json', []);
  put(engine, 'ill', { Health });
  await engine.start();
  const inventory = watch(engine, { timing: { pulseMs: 20, retryFirstMs: 10, retryMaxMs: 40 } });
  try {
    await inventory.start();
    const streak = () => {
      const known = inventory.containers().get('ill');
      return known && detailsOf(known).failingStreak;
    };
    expect(streak()).toBe(3);
    put(engine, 'ill', { Health: { ...Health, FailingStreak: 244 } });
    await expect.poll(streak).toBe(244);
  } finally {
    await inventory.close();
    await engine.close();
  }
});
