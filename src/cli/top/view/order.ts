/** Which rows the table has, and in what order: all or running, filtered by text, of one group, grouped, sorted. Pure. */
import { groupOf, groupRows } from '../numbers/groups.ts';
import type { Model } from '../numbers/model.ts';
import type { Row } from '../numbers/row.ts';
import type { State } from '../state.ts';
import { SORTS } from './columns.ts';

export type Choice = Pick<State, 'all' | 'filter' | 'group' | 'within' | 'sort' | 'reversed'>;

export interface Chosen {
  readonly rows: readonly Row[];
  readonly kind: 'container' | 'group';
  /** Whether a row opens into the containers that it is made of. */
  readonly opens: boolean;
  /** How many containers are left out because they do not run, or do not fit the filter. */
  readonly stopped: number;
  readonly filtered: number;
}

export function chosenRows(model: Model, choice: Choice): Chosen {
  // A collector without its page of containers has groups alone.
  const onlyGroups = model.containers.length === 0 && model.groups.length > 0;
  const source = onlyGroups ? model.groups : model.containers;
  const { within } = choice;
  const inGroup = within ? source.filter((row) => groupOf(row, within.by) === within.name) : source;
  const fitting = inGroup.filter(fits(choice.filter));
  const rows = onlyGroups || choice.group === 'none' ? fitting : groupRows(fitting, choice.group);
  const shown = choice.all || onlyGroups ? rows : rows.filter(({ runs }) => runs);
  return {
    rows: sortedRows(shown, choice),
    opens: !onlyGroups && choice.group !== 'none',
    kind: onlyGroups || choice.group !== 'none' ? 'group' : 'container',
    stopped: choice.all || onlyGroups ? 0 : fitting.filter(({ runs }) => !runs).length,
    filtered: inGroup.length - fitting.length,
  };
}

/** Every word of the filter must be somewhere in what a row is called. */
function fits(filter: string): (row: Row) => boolean {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return () => true;
  return ({ name, service, node, image, state, health }) => {
    const text = `${name} ${service} ${node} ${image} ${state} ${health}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
}

/** Numbers from the largest, text from A; what has none comes last; names decide between equals, so that nothing jumps. */
export function sortedRows(rows: readonly Row[], { sort, reversed }: Pick<State, 'sort' | 'reversed'>): Row[] {
  const of = SORTS.get(sort) ?? SORTS.get('cpu');
  const turn = reversed ? -1 : 1;
  const keyed = rows.map((row) => ({ row, value: of?.(row) }));
  keyed.sort((a, b) => {
    if (a.value === undefined || b.value === undefined) {
      if (a.value !== b.value) return a.value === undefined ? 1 : -1;
    } else if (a.value !== b.value) {
      return turn * (typeof a.value === 'string' ? compare(a.value, b.value as string) : (b.value as number) - a.value);
    }
    return compare(a.row.name, b.row.name) || compare(a.row.node, b.row.node) || compare(a.row.id, b.row.id);
  });
  return keyed.map(({ row }) => row);
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
