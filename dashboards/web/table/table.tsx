/**
 * The table: only the rows that are on the screen are drawn, however many there are, and the elements of one that leaves it become the next that
 * comes: to make and remove them is what takes long. It moves with the page; by keyboard one row at a time has the focus.
 */
import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { eachFrame } from '../clock.ts';
import { adjust, place } from '../state/place.ts';
import { type Column, fitting, widthsOf } from './columns.tsx';
import { GroupRow, Line, rowId } from './line.tsx';
import { type Item, shownIn } from './order.ts';

/** Pixels, the same for each: where a row is follows from its number. */
export const ROW = 34;
/** Drawn beyond the screen, so that what comes into sight is there: more of it where one scrolls to. */
const SPARE = { ahead: 18, behind: 6 };
/** Rows. */
const STEP = 4;

export interface TableProps {
  readonly items: readonly Item[];
  readonly end: number;
  readonly without: ReadonlySet<string>;
  readonly fold: (key: string) => void;
  readonly folded: ReadonlySet<string>;
}

export function Table({ items, end, without, fold, folded }: TableProps) {
  const body = useRef<HTMLDivElement>(null);
  const seen = useSignal({ first: 0, from: 0, count: 40, room: 1000 });
  const active = useSignal(0);
  useLayoutEffect(() => {
    const look = (): void => {
      if (!body.current) return;
      const { top, width } = body.current.getBoundingClientRect();
      const first = Math.floor(-top / ROW);
      const count = Math.ceil(innerHeight / ROW) + SPARE.ahead + SPARE.behind;
      const now = seen.peek();
      const moved = first - now.first;
      // In steps: a row more or less is no reason to draw anew.
      if (Math.abs(moved) < STEP && now.count === count && now.room === width) return;
      const from = Math.max(0, first - (moved < 0 ? SPARE.ahead : SPARE.behind));
      seen.value = { first, from, count, room: width };
    };
    const later = eachFrame(look);
    look();
    addEventListener('scroll', later, { passive: true });
    addEventListener('resize', later);
    return () => {
      removeEventListener('scroll', later);
      removeEventListener('resize', later);
    };
  }, []);
  const { count, room } = seen.value;
  // At the end of the list the same elements stay.
  const from = Math.max(0, Math.min(seen.value.from, items.length - count));
  const columns = useMemo(() => fitting(room, without), [room, without]);
  const template = widthsOf(columns, room)
    .map((width) => `${width}px`)
    .join(' ');
  const shown = shownIn({ from, count, all: items.length });
  useEffect(() => {
    if (active.value >= items.length) active.value = Math.max(0, items.length - 1);
  }, [items.length]);
  return (
    <div
      class="table"
      role="table"
      aria-rowcount={items.length + 1}
      aria-label="Containers"
      style={{ '--columns': template }}
    >
      <Header columns={columns} />
      <div
        class="body"
        role="rowgroup"
        ref={body}
        aria-owns={inOrder(shown)}
        style={{ height: `${items.length * ROW}px` }}
        onKeyDown={(event) => move(event, { items, active, body: body.current })}
      >
        {shown.map((at, slot) => {
          const item = items[at];
          if (item === undefined) return null;
          const focusable =
            at === Math.min(active.value, items.length - 1) ||
            (at === from && (active.value < from || active.value >= from + count));
          const shared = { at, slot, top: at * ROW, columns, focusable, onFocus: () => (active.value = at) };
          return item.kind === 'row' ? (
            <Line key={`row ${slot}`} row={item.row} end={end} {...shared} />
          ) : (
            <GroupRow
              key={`group ${slot}`}
              group={item.group}
              folded={folded.has(item.group.key)}
              fold={fold}
              {...shared}
            />
          );
        })}
      </div>
    </div>
  );
}

/** In an order of elements that is not that of the rows: those who are read the page to hear it in the rows'. */
function inOrder(shown: readonly number[]): string {
  const slots = shown.map((_, slot) => slot);
  return slots
    .sort((a, b) => (shown[a] as number) - (shown[b] as number))
    .map(rowId)
    .join(' ');
}

function Header({ columns }: { readonly columns: readonly Column[] }) {
  const { sort, upwards } = place.value;
  return (
    <div class="head" role="rowgroup">
      <div class="row" role="row" aria-rowindex={1}>
        {columns.map(({ id, title, help, right }) => {
          const mine = id === sort;
          const order = mine ? (upwards ? 'ascending' : 'descending') : undefined;
          return (
            <div key={id} role="columnheader" class={right ? 'right' : ''} aria-sort={order}>
              <button
                type="button"
                title={help}
                onClick={() => adjust({ sort: id, upwards: mine ? !upwards : isText(id) })}
              >
                {title}
                <span aria-hidden="true">{mine ? (upwards ? ' ▲' : ' ▼') : ''}</span>
              </button>
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** Names are looked for from a to z, numbers from the largest. */
function isText(id: string): boolean {
  return ['name', 'host', 'image', 'state', 'ports'].includes(id);
}

interface Moving {
  readonly items: readonly Item[];
  readonly active: { value: number };
  readonly body: HTMLElement | null;
}

const BY: ReadonlyMap<string, number> = new Map([
  ['ArrowDown', 1],
  ['ArrowUp', -1],
  ['PageDown', 15],
  ['PageUp', -15],
  ['Home', Number.NEGATIVE_INFINITY],
  ['End', Number.POSITIVE_INFINITY],
]);

/** The focus goes along, and the page with it. */
function move(event: KeyboardEvent, { items, active, body }: Moving): void {
  const by = BY.get(event.key);
  if (by === undefined || event.altKey || event.ctrlKey || event.metaKey || !body) return;
  event.preventDefault();
  active.value = Math.max(0, Math.min(items.length - 1, active.value + by));
  const top = body.getBoundingClientRect().top + active.value * ROW;
  const lowest = innerHeight - 2 * ROW;
  const highest = 3 * ROW;
  if (top > lowest) scrollBy(0, top - lowest);
  else if (top < highest) scrollBy(0, top - highest);
  const later = eachFrame(() =>
    body.querySelector<HTMLElement>(`[data-at="${active.value}"] [data-focus]`)?.focus({ preventScroll: true }),
  );
  // Once it has been drawn.
  eachFrame(later)();
}
