/** The whole screen as lines: state, model and size in; exactly as many lines as the screen has, none wider, out. Pure. */
import { hasHosts, type Model } from '../numbers/model.ts';
import { firstShown, type Seen, type State } from '../state.ts';
import { COLUMNS, type Scene, SORTS } from './columns.ts';
import { detailLines } from './detail.ts';
import { keysLine, latelyLines, statusLine } from './footer.ts';
import { type About, headerLines } from './header.ts';
import { helpLines } from './help.ts';
import { layoutOf, missingTitles, rowLine, titleLine } from './layout.ts';
import { cutLine, filled, type Line, line, piece, textOf } from './line.ts';
import { type Chosen, chosenRows } from './order.ts';
import { cut, plain, width } from './text.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface View {
  readonly lines: readonly Line[];
  /** What the next key must know. */
  readonly seen: Seen;
}

export interface ViewOptions {
  readonly state: State;
  /** Undefined until something has been read. */
  readonly model: Model | undefined;
  readonly about: About;
  readonly size: Size;
}

export function viewOf({ state, model, about, size }: ViewOptions): View {
  const head = headerLines(model, about, state.held, size);
  const keys = keysLine(state, size.columns);
  const room = Math.max(0, size.rows - head.length - 1);
  const chosen = model ? chosenRows(model, state) : NOTHING;
  const body = bodyOf({ state, model, about, size }, chosen, room);
  return {
    lines: screenful([...head, ...screenful(body.lines, room), keys], size.rows).map((each) =>
      cutLine(each, size.columns),
    ),
    seen: {
      keys: chosen.rows.map(({ key }) => key),
      opens: chosen.opens,
      page: Math.max(1, body.page),
      most: body.most,
      columns: COLUMNS.length - 1,
      sorts: [...SORTS.keys()],
      nameOf: (key) => chosen.rows.find((row) => row.key === key)?.name ?? '',
    },
  };
}

const NOTHING: Chosen = { rows: [], kind: 'container', opens: false, stopped: 0, filtered: 0 };

interface Body {
  readonly lines: readonly Line[];
  readonly page: number;
  /** The furthest that help and detail can be scrolled. */
  readonly most: number;
}

function bodyOf({ state, model, about, size }: ViewOptions, chosen: Chosen, room: number): Body {
  if (state.screen === 'help') return scrolled(helpLines(model, about, size.columns), state.first, room);
  if (!model) return { lines: waitingLines(about, size.columns), page: 1, most: 0 };
  const row = chosen.rows.find(({ key }) => key === state.chosen);
  if (state.screen === 'detail') {
    const known = row ?? [...model.containers, ...model.groups].find(({ key }) => key === state.chosen);
    if (known) return scrolled(detailLines(known, model, size.columns), state.first, room);
    return { lines: [line('It is no longer there.'), line('Esc goes back to the table.', 'faint')], page: 1, most: 0 };
  }
  return tableBody({ state, model, chosen, columns: size.columns, room });
}

/** A part of what may be longer than the screen; that there is more is said. */
function scrolled(lines: readonly Line[], first: number, room: number): Body {
  if (lines.length <= room) return { lines, page: room, most: 0 };
  const page = Math.max(1, room - 1);
  const from = Math.min(Math.max(0, first), lines.length - page);
  const more = lines.length - page;
  return {
    lines: [...lines.slice(from, from + page), line(`… ${more} more ${more === 1 ? 'line' : 'lines'} (↑ ↓)`, 'faint')],
    page,
    most: more,
  };
}

function waitingLines({ place, error }: About, columns: number): Line[] {
  if (error === undefined) return [line(''), cutLine(line(`Reading ${plain(place)} …`), columns)];
  return [
    line(''),
    ...error
      .split('\n')
      .flatMap((part) => wrapped(plain(part), columns))
      .map((text) => line(text, 'bad')),
    line(''),
    line('It is tried again and again.', 'faint'),
  ];
}

/** Between words: what has to be read as a whole is not cut. */
function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of text.split(' ')) {
    const longer = current === '' ? word : `${current} ${word}`;
    if (current === '' || width(longer) <= columns) current = longer;
    else {
      lines.push(current);
      current = word;
    }
  }
  return [...lines, current].map((each) => cut(each, columns));
}

interface Table {
  readonly state: State;
  readonly model: Model;
  readonly chosen: Chosen;
  readonly columns: number;
  readonly room: number;
}

/** What a group is not: one container with a start, an image and a host. */
const NOT_OF_GROUPS: ReadonlySet<string> = new Set(['up', 'image', 'host']);
const NO_HOSTS: ReadonlySet<string> = new Set(['host']);

function tableBody({ state, model, chosen, columns, room }: Table): Body {
  const { rows, kind } = chosen;
  const lately = latelyLines(model.lately, model.timeMs, { columns, room: latelyRoom(room, rows.length) });
  const page = Math.max(0, room - 2 - lately.length);
  const at = Math.max(
    0,
    rows.findIndex(({ key }) => key === state.chosen),
  );
  const first = firstShown(state.first, { at: state.chosen === undefined ? 0 : at, page, count: rows.length });
  const without = kind === 'group' ? NOT_OF_GROUPS : hasHosts(model) ? new Set<string>() : NO_HOSTS;
  const layout = layoutOf({ rows, columns, shift: state.shift, without });
  const scene: Scene = {
    model,
    title: chosen.opens ? state.group.toUpperCase() : 'NAME',
  };
  const shown = rows
    .slice(first, first + page)
    .map((row, i) => lineOf(rowLine(layout, row, scene), first + i === at, columns));
  const empty = rows.length === 0 && page > 0 ? [line(emptyWords(chosen, state), 'faint')] : [];
  const status = statusLine({ state, chosen, first, page, missing: missingTitles(layout, scene) }, columns);
  const titles = titleLine(layout, scene, state.sort);
  const blank = piece(' '.repeat(Math.max(0, columns - width(textOf(titles)))), 'title');
  const body = screenful([[...titles, blank], ...shown, ...empty], page + 1);
  return { lines: [...body, status, ...lately], page, most: 0 };
}

function lineOf(whole: Line, isChosen: boolean, columns: number): Line {
  return isChosen ? filled(whole, columns, 'chosen') : cutLine(whole, columns);
}

/** More where the table leaves room; never more than a third. */
function latelyRoom(room: number, rows: number): number {
  if (room < 12) return 0;
  const third = Math.floor(room / 3);
  return Math.min(third, Math.max(room < 18 ? 3 : 5, room - rows - 3));
}

function emptyWords({ stopped, filtered }: Chosen, { all, filter }: State): string {
  if (filtered > 0) return `Nothing has "${plain(filter)}" in it (Esc shows everything again).`;
  if (stopped > 0 && !all) return 'No container runs (a shows those that do not).';
  return 'No containers yet.';
}

/** Just so many lines. */
function screenful(lines: readonly Line[], rows: number): Line[] {
  const blank = Array.from({ length: Math.max(0, rows - lines.length) }, () => [piece('')]);
  return [...lines, ...blank].slice(0, rows);
}

/** What is on it, without its looks. */
export function plainLines(lines: readonly Line[]): string[] {
  return lines.map(textOf);
}
