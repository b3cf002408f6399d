import { describe, expect, test } from 'vitest';
import { createCatchUp, momentsBetween } from '../../collector/catchup.ts';

/** Second 0; windows of 10 s that stay open for 10 s. */
const T = 1_700_000_000_000;
const s = (seconds: number): number => T + seconds * 1000;
const times = { windowMs: 10_000, latenessMs: 10_000 };

function catchUp({ closed = 0, now = 3600, nodes = ['a', 'b'] } = {}) {
  const made = createCatchUp({ ...times, waitMs: 60_000 });
  made.look(s(now), s(closed), () => nodes);
  return made;
}
const at = (nowMs: number, waiting?: number) => ({ nowMs, waiting });

describe('beginning', () => {
  test('is for windows that were missed, not for closing that takes its time', () => {
    // Closed up to 0, open for 10 s more: at 29 less than two windows are missed.
    expect(catchUp({ now: 29 }).active).toBe(false);
    expect(catchUp({ now: 30 }).active).toBe(true);
  });

  test('is for a restart however short it was, once', () => {
    const made = createCatchUp({ ...times, waitMs: 60_000, resumed: true });
    made.look(s(12), s(0), () => ['a']);
    expect([made.active, made.time(s(21))]).toEqual([true, s(10)]);
    made.took('a', s(20), at(s(22), 0));
    expect([made.time(s(22)), made.active]).toEqual([s(22), false]);
    made.look(s(23), s(10), () => ['a']);
    expect(made.active).toBe(false);
  });

  test('not before anything was closed: nothing can have been missed', () => {
    const fresh = createCatchUp({ ...times, waitMs: 60_000 });
    fresh.look(s(3600), 0, () => ['a']);
    expect(fresh.active).toBe(false);
    expect(fresh.time(s(3600))).toBe(s(3600));
  });

  test('with nobody to wait for it is over at once', () => {
    const alone = catchUp({ nodes: [] });
    expect(alone.time(s(3600))).toBe(s(3600));
    expect(alone.active).toBe(false);
  });
});

test('a batch of the future, kept from when its agent’s clock was wrong, is not told to wait until it is as late: it holds nobody up', () => {
  // The collector was away for an hour; a's clock was an hour ahead then, and is right again. What it kept says so.
  const made = catchUp();
  expect(made.admits('a', s(3600 + 3590), s(3600))).toBe(true);
  made.took('a', s(3600 + 3590), at(s(3600), 5));
  // It is not known how far it has come, and that it has more.
  expect([made.behind, made.time(s(3600))]).toEqual([['a', 'b'], s(10)]);
  // Its next is of the past, and told to wait for b: it lies more than a minute ahead of 10.
  expect(made.admits('a', s(80), s(3601))).toBe(false);
  made.took('b', s(3598), at(s(3601), 0));
  expect(made.time(s(3601))).toBe(s(80));
});

describe('the time for closing', () => {
  test('stands until all have said something, and then follows the slowest', () => {
    const made = catchUp();
    // Windows are closed up to 0, as at 10.
    expect(made.time(s(3600))).toBe(s(10));
    made.took('a', s(20), at(s(3600), 300));
    expect(made.time(s(3600))).toBe(s(10));
    made.took('b', s(15), at(s(3600), 300));
    expect(made.time(s(3601))).toBe(s(15));
    made.took('b', s(30), at(s(3601), 299));
    expect(made.time(s(3601))).toBe(s(20));
  });

  test('is the present when nobody has anything more', () => {
    const made = catchUp();
    made.took('a', s(3590), at(s(3600), 0));
    made.took('b', s(3400), at(s(3600), 1));
    expect(made.time(s(3600))).toBe(s(3400));
    // It ticks every five minutes: the next is not due yet.
    made.took('b', s(3410), { ...at(s(3600), 0), intervalMs: 300_000 });
    expect(made.time(s(3600))).toBe(s(3600));
    expect(made.active).toBe(false);
  });

  test('waits for one that should have ticked since: that it has no more was said before we were away', () => {
    const made = catchUp({ nodes: ['a'] });
    made.took('a', s(15), { ...at(s(3600), 0), intervalMs: 10_000 });
    expect(made.time(s(3600))).toBe(s(15));
    made.took('a', s(3585), { ...at(s(3600), 0), intervalMs: 10_000 });
    expect(made.time(s(3600))).toBe(s(3600));
  });

  test('never goes back, whatever comes', () => {
    const made = catchUp({ nodes: ['a'] });
    made.took('a', s(100), at(s(3600), 9));
    expect(made.time(s(3600))).toBe(s(100));
    made.took('c', s(50), at(s(3600), 9));
    expect(made.time(s(3600))).toBe(s(100));
  });

  test('an agent that does not say how much it has is behind while its batches are old', () => {
    const made = catchUp({ nodes: ['a'] });
    made.took('a', s(3589), at(s(3600)));
    expect(made.active && made.time(s(3600))).toBe(s(3589));
    made.took('a', s(3590), at(s(3600)));
    expect(made.time(s(3600))).toBe(s(3600));
  });
});

describe('an agent', () => {
  test('that does not show up holds the others for the wait, not longer', () => {
    const made = catchUp();
    made.took('a', s(100), at(s(3600), 9));
    expect(made.time(s(3660))).toBe(s(10));
    made.took('a', s(110), at(s(3660), 8));
    expect(made.time(s(3661))).toBe(s(110));
    expect(made.behind).toEqual(['a']);
  });

  test('that was held up by one that did not show up is not given up for that', () => {
    const made = catchUp();
    for (let second = 0; second <= 60; second += 5) {
      made.took('a', s(70), at(s(3600 + second), 9));
      made.admits('a', s(80), s(3600 + second));
      expect(made.time(s(3600 + second))).toBe(s(10));
    }
    // From 10 to 80 in 61 s, of which none was its own.
    expect(made.time(s(3661))).toBe(s(80));
    expect(made.behind).toEqual(['a']);
    expect(made.time(s(3662))).toBe(s(80));
    expect(made.behind).toEqual(['a']);
  });

  test('that falls silent on the way, too', () => {
    const made = catchUp();
    made.took('a', s(20), at(s(3600), 300));
    made.took('b', s(200), at(s(3655), 200));
    expect(made.time(s(3660))).toBe(s(20));
    expect(made.time(s(3661))).toBe(s(200));
  });

  test('that comes on more slowly than time does does not hold them for ever', () => {
    const made = catchUp();
    made.took('b', s(500), at(s(3600), 300));
    // Half a second of its batches a second, and it is never silent.
    for (let second = 0; second <= 60; second++) {
      made.took('a', s(20 + second / 2), at(s(3600 + second), 300));
      made.took('b', s(500), at(s(3600 + second), 300));
      expect(made.time(s(3600 + second))).toBe(s(20 + second / 2));
    }
    made.took('a', s(51), at(s(3661), 300));
    made.time(s(3661));
    // It goes on sending all the while.
    made.took('a', s(51), at(s(3661), 300));
    expect(made.time(s(3661))).toBe(s(500));
    expect(made.behind).toEqual(['b']);
  });

  test('that does not come back before others have gone on holds nobody up with what is late', () => {
    const made = catchUp();
    made.took('a', s(100), at(s(3655), 9));
    made.time(s(3661));
    made.took('a', s(3000), at(s(3661), 9));
    expect(made.time(s(3662))).toBe(s(3000));
    // Windows are closed up to 2990.
    made.took('b', s(20), at(s(3662), 300));
    expect(made.behind).toEqual(['a']);
    made.took('b', s(2991), at(s(3663), 9));
    expect(made.behind).toEqual(['a', 'b']);
  });

  test('whose first batches are late, since it was away before us, is waited for: it has more behind them', () => {
    const made = catchUp();
    made.took('b', s(3598), at(s(3600), 0));
    // Windows are closed up to 0: a tells of an hour before that, by 360 batches, and then of the hour that we missed.
    for (let batch = 0; batch < 360; batch++) {
      made.took('a', s(-3600 + 10 * batch), at(s(3600 + batch / 10), 720 - batch));
      expect([made.time(s(3600 + batch / 10)), made.behind]).toEqual([s(10), ['a']]);
    }
    made.took('a', s(20), at(s(3636), 358));
    expect(made.time(s(3636))).toBe(s(20));
  });

  test('that sends nothing but what is late is given up after the wait, once', () => {
    const made = catchUp();
    let second = 0;
    for (; second < 200 && made.active; second++) {
      made.took('a', s(-9000 + second), at(s(3600 + second), 9000));
      made.took('b', s(3600 + second), at(s(3600 + second), 0));
      made.time(s(3600 + second));
    }
    // At 61 the wait of 60 s is over, and at 62 nobody is waited for any more.
    expect(second - 1).toBe(62);
  });

  test('that has told all is waited for no more, however late its last batch was', () => {
    const made = catchUp({ nodes: ['a'] });
    made.took('a', s(-300), { ...at(s(3600), 1), intervalMs: 10_000 });
    expect(made.time(s(3600))).toBe(s(10));
    made.took('a', s(3595), { ...at(s(3600), 0), intervalMs: 10_000 });
    expect(made.time(s(3600))).toBe(s(3600));
  });

  test('of which all say an old time for ever does not keep us in the past', () => {
    // Our clock was an hour behind when it was learnt how far theirs are off, and has been set.
    const made = catchUp({ now: 3600, nodes: ['a', 'b', 'c'] });
    let second = 0;
    for (; second < 300 && made.active; second++) {
      for (const [i, node] of ['a', 'b', 'c'].entries())
        if (second % 3 === i) made.took(node, s(20 + second), { ...at(s(3600 + second), 0), intervalMs: 3000 });
      made.time(s(3600 + second));
    }
    expect(second).toBeLessThan(200);
  });

  test('of which there are very many, by names that nobody knows, takes bounded memory', () => {
    const made = catchUp();
    for (let i = 0; i < 20_000; i++) made.admits(`x${i}`, s(3000), s(3600));
    expect(made.behind).toHaveLength(10_000);
  });

  test('that is more than a minute ahead is to wait, and is waited for', () => {
    const made = catchUp();
    expect(made.admits('a', s(70), s(3600))).toBe(true);
    expect(made.admits('a', s(71), s(3600))).toBe(false);
    // It has told all up to 71. The other reaches the present, and the windows do not go there without the first.
    made.took('b', s(3600), at(s(3600), 0));
    expect(made.time(s(3600))).toBe(s(71));
    expect(made.admits('a', s(71), s(3600))).toBe(true);
  });

  test('whose batches are further apart than anybody may be ahead goes on all the same', () => {
    const made = catchUp({ nodes: ['a'] });
    made.took('a', s(20), at(s(3600), 9));
    expect(made.time(s(3600))).toBe(s(20));
    expect(made.admits('a', s(320), s(3600))).toBe(false);
    expect(made.time(s(3601))).toBe(s(320));
    expect(made.admits('a', s(320), s(3601))).toBe(true);
  });

  test('may send what it likes when nothing is caught up with', () => {
    const idle = createCatchUp({ ...times, waitMs: 60_000 });
    expect(idle.admits('a', s(99_999), s(0))).toBe(true);
  });
});

test('windows between two times are closed each when it was due', () => {
  const moments = [...momentsBetween(s(10), s(45), times)].map((ms) => (ms - T) / 1000);
  // At 20, 30 and 40 those that end at 10, 20 and 30 were due.
  expect(moments).toEqual([20, 30, 40, 45]);
  expect([...momentsBetween(s(41), s(45), times)]).toEqual([s(45)]);
});
