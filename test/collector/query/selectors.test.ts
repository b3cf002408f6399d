/** Which sample a selector finds at an instant, and which a range holds. */
import { describe, expect, test } from 'vitest';
import { instant, memory, range, shown } from '../../support/querying.ts';

const MINUTE = 60_000;

describe('an instant vector', () => {
  const source = memory(MINUTE, 'up{job="a"} 1 2 3\nup{job="b"} 4 stale 6\nother 9');

  test('has each series that matches, with its last value', () => {
    expect(shown(instant(source, 'up', 0))).toEqual(['up{job="a"} 1', 'up{job="b"} 4']);
  });

  test('looks back for five minutes, the far end not included', () => {
    // The last sample is at 2 min: seen until just before 7 min.
    expect(shown(instant(source, 'up{job="a"}', 7 * MINUTE - 1))).toEqual(['up{job="a"} 3']);
    expect(shown(instant(source, 'up{job="a"}', 7 * MINUTE))).toEqual([]);
  });

  test('does not find what has gone stale, until it is back', () => {
    expect(shown(range(source, 'up{job="b"}', [0, 2 * MINUTE, MINUTE / 2]))).toEqual([
      'up{job="b"} 4@0 4@30000 6@120000',
    ]);
  });

  test('a missing label is the empty text', () => {
    expect(shown(instant(source, '{job="", __name__=~".+"}', 0))).toEqual(['other{} 9']);
  });
});

describe('a range', () => {
  const source = memory(MINUTE, 'up 1 2 3 4');

  test('does not hold its left end, but its right one', () => {
    expect(shown(instant(source, 'up[2m]', 3 * MINUTE))).toEqual(['up{} 3@120000 4@180000']);
  });

  test('is moved by an offset, also a negative one, and pinned by @', () => {
    expect(shown(instant(source, 'up[1m] offset 1m', 3 * MINUTE))).toEqual(['up{} 3@120000']);
    expect(shown(instant(source, 'up[1m] offset -1m', MINUTE))).toEqual(['up{} 3@120000']);
    expect(shown(instant(source, 'up[1m] @ 60', 3 * MINUTE))).toEqual(['up{} 2@60000']);
  });

  test('@ start() and @ end() are the ends of the whole question, in a subquery too', () => {
    expect(shown(range(source, 'up @ end()', [0, 2 * MINUTE, MINUTE]))).toEqual(['up{} 3@0 3@60000 3@120000']);
    expect(shown(range(source, 'last_over_time((up @ start())[2m:1m])', [MINUTE, 2 * MINUTE, MINUTE]))).toEqual([
      'up{} 2@60000 2@120000',
    ]);
  });
});
