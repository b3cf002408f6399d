/** The fan-out: every sink at its own pace, every sample accounted for, and an end that comes in time. */
import { describe, expect, test } from 'vitest';
import type { SinkStats } from '../../../collector/sinks/account.ts';
import { createFanout, type Fanout } from '../../../collector/sinks/fanout.ts';
import { type Log, silent } from '../../../src/log.ts';
import type { Frame } from '../../../src/model/batch.ts';
import { type FakeClock, fakeClock, settle } from '../../support/clock.ts';
import { type FakeSink, fakeSink } from '../../support/fakesink.ts';

/** A frame of so many samples; what is in it is the sinks' business. */
const frameOf = (samples: number): Frame => ({ startMs: 0, endMs: 10_000, tables: [], samples });

interface Set {
  readonly clock: FakeClock;
  readonly fanout: Fanout;
  readonly stats: (name?: string) => SinkStats;
  readonly log: string[];
}

function setUp(sinks: readonly FakeSink[], { maxFrames = 10, maxSamples = 1000, deadlineMs = 5000 } = {}): Set {
  const clock = fakeClock();
  const log: string[] = [];
  const note = (_fields: object, message: string): number => log.push(message);
  const heard: Log = { ...silent, info: note, warn: note, error: note };
  const backoff = { firstMs: 1000, maxMs: 8000, random: () => 1 };
  const fanout = createFanout(
    sinks.map((sink) => ({ sink, maxFrames, maxSamples, deadlineMs })),
    { clock, log: heard, backoff },
  );
  const stats = (name = sinks[0]?.name): SinkStats => {
    const found = fanout.stats().find((s) => s.sink === name);
    if (!found) throw new Error(`no sink ${name}`);
    return found;
  };
  return { clock, fanout, stats, log };
}

const lost = (stats: SinkStats): Record<string, number> => Object.fromEntries(stats.dropped);

test('a frame goes to every sink that wants some of it, counted as each wants it', async () => {
  const all = fakeSink('all');
  const few = fakeSink('few', () => 3);
  const none = fakeSink('none', () => 0);
  const { fanout, stats } = setUp([all, few, none]);
  fanout.offer(frameOf(10));
  await settle();
  expect(stats('all')).toMatchObject({ received: 10, delivered: 10, queuedFrames: 0, queuedSamples: 0, up: true });
  expect(stats('few')).toMatchObject({ received: 3, delivered: 3 });
  expect(stats('none')).toMatchObject({ received: 0 });
  expect(none.attempts).toHaveLength(0);
  expect(stats('all').lastSuccessMs).toBe(1_800_000_000_000);
});

test('a sink that hangs delays nobody, one write at a time, frames in their order', async () => {
  const slow = fakeSink('slow');
  const quick = fakeSink('quick');
  slow.behaviour = 'hang';
  const { fanout, stats } = setUp([slow, quick]);
  const frames = [frameOf(1), frameOf(2), frameOf(3)];
  for (const frame of frames) fanout.offer(frame);
  await settle();
  expect(quick.taken).toEqual(frames);
  expect(slow.attempts).toHaveLength(1);
  expect(slow.mostAtOnce).toBe(1);
  expect(stats('slow')).toMatchObject({ received: 6, queuedSamples: 6, queuedFrames: 3 });
});

describe('the queue', () => {
  test('drops the oldest frames that wait, not the one under way', async () => {
    const sink = fakeSink('s');
    sink.behaviour = 'hang';
    const { clock, fanout, stats, log } = setUp([sink], { maxFrames: 3 });
    for (const samples of [1, 10, 100, 1000, 10_000]) {
      fanout.offer(frameOf(samples % 999));
      await settle();
    }
    // 1, 10, 100, 1000 % 999 = 1, 10000 % 999 = 10; 1 is under way, 10 and 100 have gone.
    expect(stats()).toMatchObject({ received: 122, queuedSamples: 12, queuedFrames: 3 });
    expect(lost(stats())).toEqual({ queue_full: 110 });
    expect(log.filter((line) => line.includes('queue is full'))).toHaveLength(1);
    sink.behaviour = 'take';
    await clock.advance(20_000);
    expect(sink.taken.map((frame) => frame.samples)).toEqual([1, 1, 10]);
  });

  test('is bounded by samples as well', async () => {
    const sink = fakeSink('s');
    sink.behaviour = 'retry';
    const { fanout, stats } = setUp([sink], { maxSamples: 100 });
    for (const samples of [60, 30, 50]) {
      fanout.offer(frameOf(samples));
      await settle();
    }
    // 60 waits to be tried again and is the oldest: 60 + 30 + 50 > 100.
    expect(lost(stats())).toEqual({ queue_full: 60 });
    expect(stats()).toMatchObject({ queuedSamples: 80, queuedFrames: 2 });
  });

  test('does not take a frame larger than itself', async () => {
    const sink = fakeSink('s');
    const { fanout, stats } = setUp([sink], { maxSamples: 100 });
    fanout.offer(frameOf(101));
    await settle();
    expect(lost(stats())).toEqual({ queue_full: 101 });
    expect(sink.attempts).toHaveLength(0);
  });
});

describe('failures', () => {
  test('the same frame is tried again, later and later, and the log told once', async () => {
    const sink = fakeSink('s');
    sink.behaviour = 'retry';
    const { clock, fanout, stats, log } = setUp([sink]);
    const frame = frameOf(5);
    fanout.offer(frame);
    await settle();
    expect(sink.attempts).toHaveLength(1);
    await clock.advance(999);
    expect(sink.attempts).toHaveLength(1);
    // After 1 s, then 2, 4, 8 and 8 again: at 1, 3, 7, 15 and 23 s.
    await clock.advance(22_001);
    expect(sink.attempts).toHaveLength(6);
    expect(sink.attempts.every((attempt) => attempt === frame)).toBe(true);
    expect(stats()).toMatchObject({ retries: 6, up: false, lastError: 'not now', queuedSamples: 5 });
    sink.behaviour = 'take';
    await clock.advance(8000);
    expect(stats()).toMatchObject({ delivered: 5, up: true, queuedSamples: 0 });
    expect(log).toEqual(['not now', 'delivering again']);
  });

  test('waits begin small again after a success', async () => {
    const sink = fakeSink('s');
    sink.behaviour = 'retry';
    const { clock, fanout } = setUp([sink]);
    fanout.offer(frameOf(1));
    await clock.advance(3000);
    sink.behaviour = 'take';
    await clock.advance(4000);
    sink.behaviour = 'retry';
    sink.attempts.length = 0;
    fanout.offer(frameOf(1));
    await clock.advance(1000);
    expect(sink.attempts).toHaveLength(2);
  });

  test('a far side that asks to wait is waited for, but not for ever', async () => {
    const sink = fakeSink('s');
    sink.behaviour = 'retry';
    sink.retryAfterMs = 30_000;
    const { clock, fanout } = setUp([sink]);
    fanout.offer(frameOf(1));
    await clock.advance(29_999);
    expect(sink.attempts).toHaveLength(1);
    sink.retryAfterMs = 24 * 3_600_000;
    await clock.advance(1);
    expect(sink.attempts).toHaveLength(2);
    await clock.advance(15 * 60_000);
    expect(sink.attempts).toHaveLength(3);
  });

  test('what is refused for good is dropped with its reason, and the next frame goes on', async () => {
    const sink = fakeSink('s');
    sink.behaviour = 'refuse';
    const { fanout, stats } = setUp([sink]);
    fanout.offer(frameOf(5));
    await settle();
    sink.behaviour = 'take';
    fanout.offer(frameOf(6));
    await settle();
    expect(lost(stats())).toEqual({ refused: 5 });
    expect(stats().delivered).toBe(6);
  });

  test('what is taken in part is counted in part, and is no retry', async () => {
    const sink = fakeSink('s');
    sink.behaviour = 'part';
    const { fanout, stats } = setUp([sink]);
    fanout.offer(frameOf(5));
    await settle();
    expect(stats()).toMatchObject({ delivered: 2, retries: 0, up: true, lastError: 'half' });
    expect(lost(stats())).toEqual({ rejected: 3 });
  });

  test('a sink that takes nothing is not up, and has no success, however well it answers', async () => {
    const sink = fakeSink('s');
    sink.behaviour = 'nothing';
    const { fanout, stats, log } = setUp([sink]);
    fanout.offer(frameOf(5));
    fanout.offer(frameOf(5));
    await settle();
    expect(stats()).toMatchObject({ delivered: 0, up: false, lastSuccessMs: 0, lastError: 'too old' });
    expect(lost(stats())).toEqual({ rejected: 10 });
    expect(log).toEqual(['too old']);
    sink.behaviour = 'take';
    fanout.offer(frameOf(5));
    await settle();
    expect(stats()).toMatchObject({ delivered: 5, up: true, lastSuccessMs: 1_800_000_000_000 });
    expect(log).toEqual(['too old', 'delivering again']);
  });

  test('told to stop in the middle of a pause: asked once more at once, since the far side may be back', async () => {
    const sink = fakeSink('s');
    sink.behaviour = 'retry';
    sink.retryAfterMs = 600_000;
    const { clock, fanout, stats } = setUp([sink]);
    fanout.offer(frameOf(5));
    await clock.advance(1000);
    expect(sink.attempts).toHaveLength(1);
    sink.behaviour = 'take';
    const closed = fanout.close(5000);
    await clock.advance(0);
    await closed;
    expect(stats()).toMatchObject({ delivered: 5, queuedSamples: 0 });
    expect(lost(stats())).toEqual({});
  });

  test('told to stop while the far side stays away: asked each second until time is up, and the loss is counted', async () => {
    const sink = fakeSink('s');
    sink.behaviour = 'retry';
    sink.retryAfterMs = 600_000;
    const { clock, fanout, stats } = setUp([sink]);
    fanout.offer(frameOf(5));
    await clock.advance(1000);
    const closed = fanout.close(5000);
    await clock.advance(5000);
    await closed;
    // At once, and after 1, 2, 3, 4 and perhaps 5 seconds.
    expect(sink.attempts.length - 1).toBeGreaterThanOrEqual(5);
    expect(sink.attempts.length - 1).toBeLessThanOrEqual(6);
    expect(lost(stats())).toEqual({ shutdown: 5 });
  });

  test('an attempt that takes too long is ended and made again', async () => {
    const sink = fakeSink('s');
    sink.behaviour = 'hang';
    const { clock, fanout, stats } = setUp([sink], { deadlineMs: 5000 });
    fanout.offer(frameOf(5));
    await clock.advance(5000);
    expect(stats()).toMatchObject({ retries: 1, queuedSamples: 5, lastError: 'took longer than 5000 ms' });
    await clock.advance(999);
    expect(sink.attempts).toHaveLength(1);
    await clock.advance(1);
    expect(sink.attempts).toHaveLength(2);
  });

  test('a bug of a sink costs its frame, not the worker', async () => {
    const sink = fakeSink('s');
    sink.behaviour = 'bug';
    const { fanout, stats } = setUp([sink]);
    fanout.offer(frameOf(5));
    await settle();
    sink.behaviour = 'take';
    fanout.offer(frameOf(1));
    await settle();
    expect(lost(stats())).toEqual({ internal: 5 });
    expect(stats().delivered).toBe(1);
  });

  test('a sink that counts wrongly does not spoil the books', async () => {
    const sink = fakeSink('s');
    sink.behaviour = 'lie';
    const { fanout, stats } = setUp([sink]);
    fanout.offer(frameOf(5));
    await settle();
    expect(stats()).toMatchObject({ received: 5, delivered: 5 });
  });
});

describe('the end', () => {
  test('what is queued is delivered first', async () => {
    const sink = fakeSink('s');
    const { fanout, stats } = setUp([sink]);
    for (let i = 1; i <= 4; i++) fanout.offer(frameOf(i));
    await fanout.close(1000);
    expect(stats()).toMatchObject({ delivered: 10, queuedSamples: 0 });
    expect(sink.closed).toBe(1);
  });

  test('a dead sink costs the time given and no more; what is left is counted', async () => {
    const dead = fakeSink('dead');
    const failing = fakeSink('failing');
    const fine = fakeSink('fine');
    dead.behaviour = 'hang';
    failing.behaviour = 'retry';
    const { clock, fanout, stats } = setUp([dead, failing, fine], { deadlineMs: 60_000 });
    fanout.offer(frameOf(5));
    fanout.offer(frameOf(6));
    let closed = false;
    const closing = fanout.close(3000).then(() => {
      closed = true;
    });
    await clock.advance(2999);
    expect(closed).toBe(false);
    await clock.advance(1);
    await closing;
    expect(lost(stats('dead'))).toEqual({ shutdown: 11 });
    expect(lost(stats('failing'))).toEqual({ shutdown: 11 });
    expect(stats('fine').delivered).toBe(11);
    expect(failing.attempts.length).toBeGreaterThan(1);
    expect(clock.armed).toBe(0);
  });

  test('closing again gives the same end; later frames are counted as lost to it', async () => {
    const sink = fakeSink('s');
    const { fanout, stats } = setUp([sink]);
    await Promise.all([fanout.close(1000), fanout.close(1000)]);
    fanout.offer(frameOf(5));
    expect(lost(stats())).toEqual({ shutdown: 5 });
    expect(sink.closed).toBe(1);
  });

  test('a sink that ignores its signal cannot hold the end up', async () => {
    const sink = fakeSink('s');
    sink.write = () => new Promise(() => undefined);
    const { clock, fanout, stats } = setUp([sink]);
    fanout.offer(frameOf(5));
    await settle();
    const closing = fanout.close(1000);
    await clock.advance(1000 + 1000);
    await closing;
    expect(lost(stats())).toEqual({ shutdown: 5 });
  });
});

test('two sinks of one name are refused', () => {
  expect(() => setUp([fakeSink('s'), fakeSink('s')])).toThrow('two sinks have the same name');
});
