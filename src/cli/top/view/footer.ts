/** The lines below the table: what of it is shown, what happened lately, and which keys there are. Pure. */
import type { Happening } from '../numbers/lately.ts';
import type { State } from '../state.ts';
import { span } from './figures.ts';
import type { Chosen } from './order.ts';
import { cutLine, filled, type Line, piece, spread } from './line.ts';
import { cut, plain, width } from './text.ts';

export interface Shown {
  readonly state: State;
  readonly chosen: Chosen;
  readonly first: number;
  /** How many rows there is room for. */
  readonly page: number;
  readonly missing: readonly string[];
}

/** `1–14 of 120, 106 more ↓`, what hides the others, and the columns for which there is no room. */
export function statusLine({ state, chosen, first, page, missing }: Shown, columns: number): Line {
  const count = chosen.rows.length;
  const last = Math.min(count, first + page);
  const range = count <= page ? `${count} shown` : `${first + 1}–${last} of ${count} … ${count - last + first} more`;
  const parts = [
    range,
    ...(chosen.stopped > 0 ? [`${chosen.stopped} stopped (a)`] : []),
    ...(state.filter !== '' ? [`filter "${plain(state.filter)}" hides ${chosen.filtered}`] : []),
    ...(state.within ? [`in ${plain(state.within.name)} (Esc)`] : []),
    `sort ${state.sort}${state.reversed ? ' reversed' : ''}`,
    ...(missing.length > 0 ? [`no room for ${missing.join(', ')} (→)`] : []),
  ];
  return cutLine([piece(parts.join(' · '), 'faint')], columns);
}

/** The newest ones, under a title of their own; what happens again and again is one line. */
export function latelyLines(
  all: readonly Happening[],
  timeMs: number,
  { columns, room }: { readonly columns: number; readonly room: number },
): Line[] {
  if (all.length === 0 || room < 2) return [];
  const lately = repeatsMerged(all);
  const more = lately.length > room - 1 ? ` … ${lately.length - room + 1} older` : '';
  const shown = lately.slice(0, room - 1);
  const names = shown.map(({ name, node }) => plain(node === '' ? name : `${name} @ ${node}`));
  const cells = Math.min(Math.max(...names.map(width)), Math.max(10, Math.floor(columns / 2)));
  return [
    cutLine([piece(`LATELY${more}`, 'strong')], columns),
    ...shown.map(({ atMs, words, times, isBad }, i) => {
      const name = cut(names[i] as string, cells);
      const blank = ' '.repeat(cells - width(name));
      const age = span(timeMs - atMs).padStart(4);
      const repeats = times > 1 ? ` ×${times}` : '';
      return cutLine(
        [piece(`${age} ago  ${name}${blank}  `), piece(words + repeats, isBad ? 'bad' : 'faint')],
        columns,
      );
    }),
  ];
}

/** The newest of the same thing, with how often it happened. */
function repeatsMerged(all: readonly Happening[]): (Happening & { readonly times: number })[] {
  const merged = new Map<string, Happening & { readonly times: number }>();
  for (const each of all) {
    const same = JSON.stringify([each.key, each.words]);
    const newest = merged.get(same) ?? { ...each, times: 0 };
    merged.set(same, { ...newest, times: newest.times + 1 });
  }
  return [...merged.values()];
}

const KEYS: readonly (readonly [key: string, words: string])[] = [
  ['q', 'quit'],
  ['?', 'help'],
  ['/', 'filter'],
  ['s', 'sort'],
  ['g', 'group'],
  ['a', 'all'],
  ['↵', 'detail'],
  ['↑↓', 'move'],
  ['←→', 'columns'],
  ['r', 'reverse'],
  ['p', 'hold'],
];

/** The keys, as many as there is room for; while a filter is typed, the filter. */
export function keysLine(state: State, columns: number): Line {
  if (state.typing !== undefined) {
    const typed = spread([piece(`filter: ${plain(state.filter)}▏`)], [piece('↵ keep  Esc undo')], columns);
    return filled(typed, columns, 'chosen');
  }
  const chosen = new Map([
    ['g', state.group === 'none' ? 'group' : `group: ${state.group}`],
    ['a', state.all ? 'all: yes' : 'all'],
  ]);
  let text = '';
  for (const [key, words] of KEYS) {
    const next = `${text === '' ? '' : '  '}${key} ${chosen.get(key) ?? words}`;
    if (width(text + next) > columns) break;
    text += next;
  }
  return filled([piece(text)], columns, 'title');
}
