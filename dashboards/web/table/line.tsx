/** One row of the table, and the line above a group. Drawn anew only when what is in it has changed. */
import { memo } from './memo.ts';
import type { Row } from '../live/message.ts';
import { ofSubject, type Subject } from '../state/address.ts';
import { follow, linkTo } from '../state/place.ts';
import { bytes, bytesPerSecond, cores } from '../units/figures.ts';
import { StateMark, toneOf } from './cells.tsx';
import type { Column } from './columns.tsx';
import type { Group } from './order.ts';

interface Shared {
  /** Its number among all. */
  readonly at: number;
  /** The number of the elements that it is drawn by. */
  readonly slot: number;
  readonly top: number;
  readonly columns: readonly Column[];
  /** One row is in the order of the tab key, the others are reached by arrows. */
  readonly focusable: boolean;
  readonly onFocus: () => void;
}

interface LineProps extends Shared {
  readonly row: Row;
  readonly end: number;
}

export function rowId(slot: number): string {
  return `row-${slot}`;
}

export const Line = memo<LineProps>(
  ({ row, end, at, slot, top, columns, focusable, onFocus }) => (
    <div
      class={`row ${toneOf(row)} ${row.runs ? '' : 'ended'}`}
      role="row"
      id={rowId(slot)}
      aria-rowindex={at + 2}
      data-at={at}
      style={{ top: `${top}px` }}
    >
      {columns.map((column) => (
        <div key={column.id} role="cell" class={`${column.id} ${column.right ? 'right' : ''}`}>
          {column.id === 'name' ? (
            <a {...linkOf(subjectOf(row))} title={row.name} data-focus tabIndex={focusable ? 0 : -1} onFocus={onFocus}>
              {columns.some(({ id }) => id === 'state') ? '' : <StateMark row={row} short />}
              {row.name}
            </a>
          ) : (
            column.cell(row, end)
          )}
        </div>
      ))}
    </div>
  ),
  (a, b) => a.row === b.row && a.top === b.top && a.columns === b.columns && a.focusable === b.focusable,
);

interface GroupProps extends Shared {
  readonly group: Group;
  readonly folded: boolean;
  readonly fold: (key: string) => void;
}

export function GroupRow({ group, folded, fold, at, slot, top, focusable, onFocus }: GroupProps) {
  const { title, subject, members, running, bad } = group;
  const index = focusable ? 0 : -1;
  return (
    <div class="row group" role="row" id={rowId(slot)} aria-rowindex={at + 2} data-at={at} style={{ top: `${top}px` }}>
      <div role="cell" class="all">
        <button
          type="button"
          data-focus
          tabIndex={index}
          aria-expanded={!folded}
          onFocus={onFocus}
          onClick={() => fold(group.key)}
        >
          <span aria-hidden="true">{folded ? '▸' : '▾'}</span> <span class="unseen">{folded ? 'unfold' : 'fold'}</span>
        </button>
        {subject ? (
          <a {...linkOf(subject)} tabIndex={index}>
            {title}
          </a>
        ) : (
          <span>{title}</span>
        )}
        <span class="faint sums">
          <span class="wide">
            {running} of {members.length} running ·{' '}
          </span>
          <span class="wide">CPU </span>
          {cores(group.cpu)} · <span class="wide">memory </span>
          {bytes(group.memory)}
          <span class="wide">
            {' '}
            · net {bytesPerSecond(group.rx)} in, {bytesPerSecond(group.tx)} out
          </span>
        </span>
        {bad > 0 ? <span class="bad">▲ {bad} unhealthy</span> : null}
      </div>
    </div>
  );
}

function subjectOf({ kind, node, id }: Row): Subject {
  return kind === 'host' ? { kind: 'host', node } : { kind: 'container', node, id };
}

function linkOf(subject: Subject) {
  const to = ofSubject(subject);
  return { href: linkTo(to), onClick: (event: MouseEvent) => follow(event, to) };
}
