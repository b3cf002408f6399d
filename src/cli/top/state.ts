/** What somebody at the keys has chosen, and what each key makes of it. Pure: state and key to state. */
import type { GroupBy } from './numbers/groups.ts';

export interface State {
  readonly screen: 'table' | 'detail' | 'help' | 'closed';
  readonly sort: string;
  readonly reversed: boolean;
  readonly filter: string;
  /** The filter is being typed; what it was before, to go back to. */
  readonly typing: string | undefined;
  readonly group: 'none' | GroupBy;
  /** One group is looked into: its containers alone. */
  readonly within: { readonly by: GroupBy; readonly name: string } | undefined;
  /** Also what does not run. */
  readonly all: boolean;
  /** The key of the row that is chosen; it is followed when the order changes. The first one as long as nobody has chosen. */
  readonly chosen: string | undefined;
  /** The first row, or the first line of detail and help, that is shown. */
  readonly first: number;
  /** Columns that are passed over. */
  readonly shift: number;
  /** Numbers stand still. */
  readonly held: boolean;
  /** A new number asks for the screen to be drawn anew as a whole. */
  readonly redraws: number;
}

export const START: State = {
  screen: 'table',
  sort: 'cpu',
  reversed: false,
  filter: '',
  typing: undefined,
  group: 'none',
  within: undefined,
  all: false,
  chosen: undefined,
  first: 0,
  shift: 0,
  held: false,
  redraws: 0,
};

/** What a key must know of the screen. */
export interface Seen {
  /** The keys of all rows, in the order of the table. */
  readonly keys: readonly string[];
  /** Whether they are groups that open into their containers. */
  readonly opens: boolean;
  /** How many rows are shown at a time. */
  readonly page: number;
  /** The furthest that help and detail can be scrolled. */
  readonly most: number;
  /** How many columns can be passed over. */
  readonly columns: number;
  /** What can be sorted by. */
  readonly sorts: readonly string[];
  /** The name of a group by its key. */
  readonly nameOf: (key: string) => string;
}

/** Keys are what they print, or `up`, `down`, `left`, `right`, `pageup`, `pagedown`, `home`, `end`, `enter`, `escape`, `backspace`, `ctrl+c`. */
export function press(state: State, key: string, seen: Seen): State {
  if (key === 'ctrl+c') return { ...state, screen: 'closed' };
  if (key === 'ctrl+l') return { ...state, redraws: state.redraws + 1 };
  if (state.typing !== undefined) return typed(state, key);
  if (state.screen !== 'table') return away(state, key, seen);
  return MOVES.has(key) ? moved(state, key, seen) : (COMMANDS.get(key)?.(state, seen) ?? state);
}

function typed(state: State, key: string): State {
  if (key === 'enter') return { ...state, typing: undefined };
  if (key === 'escape') return { ...state, filter: state.typing ?? '', typing: undefined };
  if (key === 'backspace') return { ...state, filter: [...state.filter].slice(0, -1).join(''), first: 0 };
  if (key === 'ctrl+u') return { ...state, filter: '', first: 0 };
  // Names of keys are longer than what they print; a character may be two units.
  return [...key].length === 1 && state.filter.length < 100
    ? { ...state, filter: state.filter + key, first: 0 }
    : state;
}

/** Detail and help: they scroll, and every key that leaves, leaves. */
function away(state: State, key: string, seen: Seen): State {
  if (key === 'q' && state.screen === 'help') return { ...state, screen: 'table', first: 0 };
  if (['escape', 'enter', 'q', 'left', 'backspace', '?', 'h'].includes(key))
    return { ...state, screen: 'table', first: 0 };
  const by = STEPS.get(key)?.(seen.page);
  return by === undefined ? state : { ...state, first: Math.min(seen.most, Math.max(0, state.first + by)) };
}

const STEPS = new Map<string, (page: number) => number>([
  ['up', () => -1],
  ['k', () => -1],
  ['down', () => 1],
  ['j', () => 1],
  ['pageup', (page) => -page],
  ['pagedown', (page) => page],
  [' ', (page) => page],
  ['home', () => -Infinity],
  ['end', () => Infinity],
]);
const MOVES = new Set(STEPS.keys());

function moved(state: State, key: string, { keys, page }: Seen): State {
  const at = Math.max(0, keys.indexOf(state.chosen ?? ''));
  const to = Math.min(keys.length - 1, Math.max(0, at + (STEPS.get(key)?.(page) ?? 0)));
  return { ...state, chosen: keys[to], first: firstShown(state.first, { at: to, page, count: keys.length }) };
}

/** The first row to show so that the chosen one is on the screen, as little moved as can be. */
export function firstShown(
  first: number,
  { at, page, count }: { readonly at: number; readonly page: number; readonly count: number },
): number {
  const most = Math.max(0, count - page);
  const wanted = at < first ? at : at >= first + page ? at - page + 1 : first;
  return Math.min(most, Math.max(0, wanted));
}

const GROUPS: readonly State['group'][] = ['none', 'service', 'host'];

type Command = (state: State, seen: Seen) => State;

const COMMANDS = new Map<string, Command>([
  ['q', (state) => ({ ...state, screen: 'closed' })],
  ['?', help],
  ['h', help],
  ['/', (state) => ({ ...state, typing: state.filter })],
  ['s', (state, seen) => sorted(state, seen, 1)],
  ['S', (state, seen) => sorted(state, seen, -1)],
  ['c', sortedBy('cpu')],
  ['m', sortedBy('memory')],
  ['n', sortedBy('net')],
  ['d', sortedBy('io')],
  ['N', sortedBy('name')],
  ['r', (state) => ({ ...state, reversed: !state.reversed })],
  ['g', (state) => ({ ...state, group: next(GROUPS, state.group, 1), within: undefined, first: 0, chosen: undefined })],
  ['a', (state) => ({ ...state, all: !state.all })],
  ['p', (state) => ({ ...state, held: !state.held })],
  ['right', (state, { columns }) => ({ ...state, shift: Math.min(columns, state.shift + 1) })],
  ['left', (state) => ({ ...state, shift: Math.max(0, state.shift - 1) })],
  ['enter', opened],
  ['escape', back],
]);

function help(state: State): State {
  return { ...state, screen: 'help', first: 0 };
}

function sortedBy(sort: string): Command {
  return (state) => ({ ...state, sort, reversed: state.sort === sort && !state.reversed, first: 0 });
}

function sorted(state: State, { sorts }: Seen, by: number): State {
  return { ...state, sort: next(sorts, state.sort, by), reversed: false, first: 0 };
}

function next<T>(list: readonly T[], current: T, by: number): T {
  return list[(list.indexOf(current) + by + list.length) % list.length] ?? current;
}

/** A group opens into its containers, a container into its detail. */
function opened(state: State, { keys, opens, nameOf }: Seen): State {
  const chosen = state.chosen !== undefined && keys.includes(state.chosen) ? state.chosen : keys[0];
  if (chosen === undefined) return state;
  if (!opens || state.group === 'none') return { ...state, screen: 'detail', chosen, first: 0 };
  return { ...state, within: { by: state.group, name: nameOf(chosen) }, group: 'none', chosen: undefined, first: 0 };
}

/** Out of a group, then out of a filter, then back to the left edge. */
function back(state: State): State {
  if (state.within) return { ...state, group: state.within.by, within: undefined, chosen: undefined, first: 0 };
  return { ...state, filter: '', shift: 0, chosen: undefined, first: 0 };
}
