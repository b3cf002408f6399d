/** Keys: a state and a key in, a state out. */
import { describe, expect, test } from 'vitest';
import { firstShown, press, type Seen, START, type State } from '../../../../src/cli/top/state.ts';
import { keyReader } from '../../../../src/cli/top/terminal/keys.ts';

const SEEN: Seen = {
  keys: Array.from({ length: 100 }, (_, i) => `k${i}`),
  opens: false,
  page: 10,
  most: 5,
  columns: 12,
  sorts: ['name', 'cpu', 'memory'],
  nameOf: (key) => `name of ${key}`,
};

const NOTHING: Partial<State> = {};

/** Keys one after the other. */
function pressed(keys: readonly string[], from: Partial<State> = NOTHING, seen: Partial<Seen> = {}): State {
  return keys.reduce<State>(
    (state, key) => press(state, key, { ...SEEN, ...seen }),
    from === NOTHING ? START : { ...START, ...from },
  );
}

describe('moving', () => {
  test.each([
    [['down'], 'k1', 0],
    [['down', 'down', 'up'], 'k1', 0],
    [['up'], 'k0', 0],
    [['pagedown'], 'k10', 1],
    [['pagedown', 'pagedown'], 'k20', 11],
    [['end'], 'k99', 90],
    [['end', 'home'], 'k0', 0],
    [['end', 'down'], 'k99', 90],
    [['j', 'j', 'k'], 'k1', 0],
  ])('%j chooses %s', (keys, chosen, first) => {
    expect(pressed(keys)).toMatchObject({ chosen, first });
  });

  test('the chosen row is followed when the order changes', () => {
    const state = pressed(['down', 'down']);
    const keys = [...SEEN.keys].reverse();
    // k2 is now the 98th; one further down is k1.
    expect(press(state, 'down', { ...SEEN, keys })).toMatchObject({ chosen: 'k1', first: 89 });
  });

  test('with no row at all nothing happens', () => {
    expect(pressed(['down', 'end', 'enter'], {}, { keys: [] })).toMatchObject({ screen: 'table', first: 0 });
  });

  test('what is chosen stays on the screen with as little moving as can be', () => {
    expect(firstShown(0, { at: 10, page: 10, count: 100 })).toBe(1);
    expect(firstShown(50, { at: 40, page: 10, count: 100 })).toBe(40);
    expect(firstShown(50, { at: 55, page: 10, count: 100 })).toBe(50);
    expect(firstShown(95, { at: 99, page: 10, count: 100 })).toBe(90);
    expect(firstShown(9, { at: 0, page: 10, count: 3 })).toBe(0);
  });
});

describe('commands', () => {
  test.each([
    [['s'], { sort: 'memory' }],
    [['s', 's'], { sort: 'name' }],
    [['S'], { sort: 'name' }],
    [['m'], { sort: 'memory', reversed: false }],
    [['m', 'm'], { sort: 'memory', reversed: true }],
    [['r'], { sort: 'cpu', reversed: true }],
    [['g'], { group: 'service' }],
    [['g', 'g'], { group: 'host' }],
    [['g', 'g', 'g'], { group: 'none' }],
    [['a'], { all: true }],
    [['p'], { held: true }],
    [['right', 'right', 'left'], { shift: 1 }],
    [['left'], { shift: 0 }],
    [['?'], { screen: 'help' }],
    [['?', 'q'], { screen: 'table' }],
    [['?', 'down', 'down'], { first: 2 }],
    [['?', 'end', 'up'], { first: 4 }],
    [['enter'], { screen: 'detail', chosen: 'k0' }],
    [['down', 'enter', 'escape'], { screen: 'table', chosen: 'k1' }],
    [['q'], { screen: 'closed' }],
    [['ctrl+c'], { screen: 'closed' }],
    [['?', 'ctrl+c'], { screen: 'closed' }],
  ] as const)('%j', (keys, expected) => expect(pressed(keys)).toMatchObject(expected));

  test('other keys do nothing', () => {
    expect(pressed(['x', 'F1', 'ctrl+u'])).toBe(START);
  });

  test('a group opens into its containers, and Esc leads back to the groups', () => {
    const inside = pressed(['down', 'enter'], { group: 'service' }, { opens: true });
    expect(inside).toMatchObject({ group: 'none', within: { by: 'service', name: 'name of k1' }, screen: 'table' });
    expect(press(inside, 'escape', SEEN)).toMatchObject({ group: 'service', within: undefined });
  });
});

describe('the filter', () => {
  test('is typed, letters that are commands elsewhere included, and kept with Enter', () => {
    expect(pressed(['/', 'q', 's', ' ', '数', 'backspace', 'x', 'enter'])).toMatchObject({
      filter: 'qs x',
      typing: undefined,
      screen: 'table',
    });
  });

  test('is as it was before after Esc, and gone after another', () => {
    const back = pressed(['/', 'b', 'escape'], { filter: 'a' });
    expect(back).toMatchObject({ filter: 'a', typing: undefined });
    expect(press(back, 'escape', SEEN).filter).toBe('');
  });

  test('names of keys are no text', () => {
    expect(pressed(['/', 'up', 'pagedown', 'ctrl+z']).filter).toBe('');
  });
});

describe('what a terminal sends', () => {
  test.each([
    ['a', ['a']],
    ['\u001b[A\u001b[B', ['up', 'down']],
    ['\u001bOA', ['up']],
    ['\u001b[5~\u001b[6~', ['pageup', 'pagedown']],
    ['\u001b[H\u001b[F\u001b[1~\u001b[4~', ['home', 'end', 'home', 'end']],
    ['\u001b[1;5C', ['right']],
    ['\r\n', ['enter', 'enter']],
    ['\u007f', ['backspace']],
    ['\u0003', ['ctrl+c']],
    ['数🚀', ['数', '🚀']],
    // Function keys and mice are nothing here, and not letters either.
    ['\u001b[15~\u001b[<0;1;2Mx', ['enter', 'x']],
    ['\u001bq', ['escape', 'q']],
  ])('%j is %j', (text, keys) => expect(keyReader().feed(text)).toEqual(keys));

  test('a sequence that comes in pieces is one key, an escape alone is one after a while', () => {
    const reader = keyReader();
    expect(reader.feed('\u001b')).toEqual([]);
    expect(reader.feed('[')).toEqual([]);
    expect(reader.feed('A')).toEqual(['up']);
    expect(reader.feed('\u001b')).toEqual([]);
    expect(reader.pending).toBe(true);
    expect(reader.flush()).toEqual(['escape']);
    expect([reader.pending, reader.flush()]).toEqual([false, []]);
  });
});
