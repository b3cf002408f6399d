/** The list of containers: what is typed and chosen, the table, and what happened lately. */
import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { Empty } from '../empty.tsx';
import { Lately } from '../lately.tsx';
import type { Row } from '../live/message.ts';
import { model } from '../live/link.ts';
import { GROUPINGS, type Grouping } from '../state/address.ts';
import { adjust, place } from '../state/place.ts';
import { bytes, cores } from '../units/figures.ts';
import { WrongList } from '../wrong/list.tsx';
import { COLUMNS } from './columns.tsx';
import { added, FILTER_HELP, filterOf } from './filter.ts';
import { grouped, type Item, itemsOf, sorted } from './order.ts';
import { Table } from './table.tsx';
import { isPresent } from './words.ts';

export function Containers() {
  const now = model.value;
  if (now === undefined) return null;
  const all = [...now.rows.values()].filter(({ kind }) => kind !== 'host');
  return (
    <>
      <h1 class="unseen">Containers</h1>
      <WrongList />
      {all.length === 0 ? <Empty kind="container" /> : <List rows={all} />}
      <Lately happenings={now.lately} end={now.end} />
    </>
  );
}

/** Also for the members of a service: then without what is typed and chosen. */
export function List({ rows, tools = true }: { readonly rows: readonly Row[]; readonly tools?: boolean }) {
  const folded = useSignal<ReadonlySet<string>>(new Set());
  const { filter, sort, upwards, group, ended } = place.value;
  const matches = filterOf(tools ? filter : '');
  const end = model.value?.end ?? 0;
  const shown = rows.filter((row) => (ended || !tools || isPresent(row, end)) && matches(row));
  const key = COLUMNS.find(({ id }) => id === sort)?.sort ?? ((row: Row) => row.memory);
  const order = sorted(shown, key, upwards);
  const items: readonly Item[] =
    group && tools
      ? itemsOf(grouped(order, group, { key, upwards }), folded.value)
      : order.map((row) => ({ kind: 'row', row }));
  // What says the same of all, or nothing.
  const idle = [
    new Set(rows.map(({ node }) => node)).size < 2 ? 'host' : '',
    rows.some(({ facts }) => facts?.ports) ? '' : 'ports',
  ].join(' ');
  const without = useMemo(() => new Set(idle.split(' ')), [idle]);
  const fold = (name: string): void => {
    const next = new Set(folded.value);
    if (!next.delete(name)) next.add(name);
    folded.value = next;
  };
  return (
    <section>
      {tools ? <Tools rows={rows} shown={shown} /> : null}
      <Table items={items} end={end} without={without} fold={fold} folded={folded.value} />
      {shown.length === 0 ? <Nothing rows={rows} /> : null}
    </section>
  );
}

function Tools({ rows, shown }: { readonly rows: readonly Row[]; readonly shown: readonly Row[] }) {
  const { filter, group, ended } = place.value;
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const slash = (event: KeyboardEvent): void => {
      if (event.key !== '/' || /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? '')) return;
      event.preventDefault();
      box.current?.focus();
    };
    addEventListener('keydown', slash);
    return () => removeEventListener('keydown', slash);
  }, []);
  const running = useComputed(
    () => [...(model.value?.rows.values() ?? [])].filter(({ kind, runs }) => kind !== 'host' && runs).length,
  );
  const stopped = rows.length - running.value;
  return (
    <div class="tools">
      <label class="grow">
        <span class="unseen">Filter</span>
        <input
          ref={box}
          type="search"
          value={filter}
          placeholder={innerWidth < 600 ? 'Filter: web memory>100M' : 'Filter: web, host:web-1, memory>100M   ( / )'}
          title={FILTER_HELP}
          onInput={({ currentTarget }) => adjust({ filter: currentTarget.value })}
        />
      </label>
      <label>
        Group by{' '}
        <select
          value={group ?? ''}
          onChange={({ currentTarget }) =>
            adjust({ group: (currentTarget.value || undefined) as Grouping | undefined })
          }
        >
          <option value="">nothing</option>
          {GROUPINGS.map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
      </label>
      <label>
        <input
          type="checkbox"
          checked={ended}
          onChange={({ currentTarget }) => adjust({ ended: currentTarget.checked })}
        />{' '}
        {stopped} ended
      </label>
      <span class="faint" role="status">
        {shown.length === rows.length ? `${rows.length} shown` : `${shown.length} of ${rows.length} shown`}: CPU{' '}
        {cores(added(...shown.map(({ cpu }) => cpu)))}, memory {bytes(added(...shown.map(({ memory }) => memory)))}
      </span>
    </div>
  );
}

function Nothing({ rows }: { readonly rows: readonly Row[] }) {
  const { filter, ended } = place.value;
  return (
    <p class="empty">
      {filter !== '' ? (
        <>
          None of {rows.length} fits “{filter}”.{' '}
          <button type="button" onClick={() => adjust({ filter: '' })}>
            Show all
          </button>
        </>
      ) : ended ? (
        'Nothing is here.'
      ) : (
        <>
          None is running.{' '}
          <button type="button" onClick={() => adjust({ ended: true })}>
            Show the {rows.length} that ended
          </button>
        </>
      )}
    </p>
  );
}
