/**
 * Tables turned round for the exposition, which wants all lines of a metric together: one block per metric, holding every
 * column of every table that has it.
 */
import type { Table } from '../model/table.ts';
import type { Heading } from './format.ts';

/** One column of one table. */
export interface Part {
  readonly table: Table;
  readonly column: number;
  /** The labels that every series of the column has. */
  readonly labels: readonly (readonly [string, string])[];
}

/** All that is exposed under one name; what is said above it comes from the first column that has it. */
export interface Block extends Heading {
  readonly parts: readonly Part[];
  /** Parts differ in shape, or two columns of one table in nothing, so that one may repeat the series of another. */
  readonly mixed: boolean;
}

interface OpenBlock extends Block {
  readonly parts: Part[];
  mixed: boolean;
}

/** The blocks in the order in which their names come up. */
export function blocksOf(tables: Iterable<Table>): Block[] {
  const blocks = new Map<string, OpenBlock>();
  for (const table of tables) {
    if (table.rows.length === 0) continue;
    for (const [i, column] of table.shape.columns.entries()) {
      let block = blocks.get(column.metric);
      if (!block) {
        const { metric, kind, unit, help } = column;
        block = { metric, type: kind, unit, help, parts: [], mixed: false };
        blocks.set(metric, block);
      }
      block.mixed ||= block.parts.some((part) => mayRepeat(part, table, column.labels));
      block.parts.push({ table, column: i, labels: column.labels });
    }
  }
  return [...blocks.values()];
}

/** Rows of tables of one shape are compared with one another elsewhere. */
function mayRepeat(part: Part, table: Table, labels: Part['labels']): boolean {
  return part.table.shape !== table.shape || (part.table === table && sameLabels(part.labels, labels));
}

function sameLabels(a: Part['labels'], b: Part['labels']): boolean {
  return a.length === b.length && a.every(([name, value], i) => b[i]?.[0] === name && b[i]?.[1] === value);
}
