import { describe, expect, test } from 'vitest';
import { fairShare, mayHave } from '../../../src/model/share.ts';

describe('what all share', () => {
  test('below the cap everybody gets what they ask for: one alone may use it all', () => {
    expect(mayHave({ cap: 80, held: 79, own: 79, holders: 1, wish: 1 })).toBe(true);
    expect(mayHave({ cap: 80, held: 80, own: 80, holders: 1, wish: 1 })).toBe(false);
    expect(mayHave({ cap: 80, held: 70, own: 60, holders: 4, wish: 10 })).toBe(true);
  });

  test('at the cap who is over a fair share is refused, who is not goes on', () => {
    expect(fairShare(80, 4)).toBe(20);
    expect(mayHave({ cap: 80, held: 80, own: 20, holders: 4, wish: 1 })).toBe(false);
    expect(mayHave({ cap: 80, held: 80, own: 19, holders: 4, wish: 1 })).toBe(true);
    expect(mayHave({ cap: 80, held: 80, own: 0, holders: 4, wish: 10 })).toBe(true);
  });

  test('and not for ever: the reserve is an eighth', () => {
    expect(mayHave({ cap: 80, held: 89, own: 0, holders: 4, wish: 1 })).toBe(true);
    expect(mayHave({ cap: 80, held: 90, own: 0, holders: 4, wish: 1 })).toBe(false);
  });
});
