/** Places for large answers: who waits, who is served first, and who loses its place. The sockets are two numbers, set by hand. */
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { createPlaces } from '../../../src/http/places.ts';
import { fakeClock, settle } from '../../support/clock.ts';

interface Reader {
  bytesWritten: number;
  writableLength: number;
  destroyed: boolean;
  destroy(): void;
}

function reader(): Reader & Socket {
  const made: Reader = {
    bytesWritten: 0,
    writableLength: 0,
    destroyed: false,
    destroy: () => {
      made.destroyed = true;
    },
  };
  return made as Reader & Socket;
}

function room(places: number, waiting: number) {
  const clock = fakeClock();
  let stalled = 0;
  const here = createPlaces({ clock, places, waiting, onStalled: () => stalled++ });
  return { clock, enter: (socket: Socket) => here.enter(socket), stalled: () => stalled };
}

/** What has become of a request so far. */
function state(asked: Promise<(() => void) | undefined>): { now: 'waits' | 'in' | 'away' } {
  const seen: { now: 'waits' | 'in' | 'away' } = { now: 'waits' };
  void asked.then((leave) => {
    seen.now = leave === undefined ? 'away' : 'in';
  });
  return seen;
}

test('a place that is given back goes to who waits', async () => {
  const { enter } = room(1, 5);
  const leave = await enter(reader());
  const second = state(enter(reader()));
  await settle();
  expect(second.now).toBe('waits');
  leave?.();
  await settle();
  expect(second.now).toBe('in');
});

test('who takes nothing for a second loses place and connection when somebody waits, and not before', async () => {
  const { clock, enter, stalled } = room(1, 5);
  const still = reader();
  still.writableLength = 500_000;
  still.bytesWritten = 500_000;
  await enter(still);
  await clock.advance(20_000);
  expect(still.destroyed).toBe(false);
  const honest = state(enter(reader()));
  await clock.advance(250);
  expect([still.destroyed, stalled(), honest.now]).toEqual([true, 1, 'in']);
});

test('who goes on taking keeps its place, and who waits for too long is told to come again', async () => {
  const { clock, enter, stalled } = room(1, 5);
  const busy = reader();
  await enter(busy);
  const second = state(enter(reader()));
  for (let i = 0; i < 20; i++) {
    busy.bytesWritten += 100_000;
    await clock.advance(250);
  }
  expect([busy.destroyed, stalled(), second.now]).toEqual([false, 0, 'away']);
});

test('a trickle of less than 16 KiB a second is not taking', async () => {
  const { clock, enter, stalled } = room(1, 5);
  const trickle = reader();
  await enter(trickle);
  await clock.advance(3000);
  const second = state(enter(reader()));
  for (let i = 0; i < 8; i++) {
    trickle.bytesWritten += 1000;
    await clock.advance(250);
  }
  expect([trickle.destroyed, stalled(), second.now]).toEqual([true, 1, 'in']);
});

test('the newest is served first, and the oldest sent away when too many wait', async () => {
  const { enter } = room(1, 2);
  const leave = await enter(reader());
  const waiters = [1, 2, 3].map(() => state(enter(reader())));
  await settle();
  expect(waiters.map(({ now }) => now)).toEqual(['away', 'waits', 'waits']);
  leave?.();
  await settle();
  expect(waiters.map(({ now }) => now)).toEqual(['away', 'waits', 'in']);
});
