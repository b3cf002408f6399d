/**
 * What a level makes of a family: its shape (for the sinks) and, column by column, which output reads which column of the
 * family. Made once per family and level.
 */
import type { Family, FamilyColumn, RatioDef } from '../../src/model/family.ts';
import type { Column, Shape } from '../../src/model/shape.ts';
import { OUTPUTS } from './outputs/index.ts';
import type { Output } from './outputs/output.ts';
import type { OutputChoice } from './options.ts';

/** An output of one column of the family. */
export interface PlannedOutput {
  readonly output: Output;
  /** The family's column. */
  readonly of: number;
}

/** A ratio of two columns of the family. */
export interface PlannedRatio {
  readonly of: number;
  readonly against: number;
}

/** The shape's columns are first the outputs, then the ratios, in these orders. */
export interface Plan {
  readonly level: string;
  readonly shape: Shape;
  readonly outputs: readonly PlannedOutput[];
  readonly ratios: readonly PlannedRatio[];
}

/** What `level` makes of `family`, or undefined if that is nothing. */
export function planLevel(level: string, family: Family, choice: OutputChoice): Plan | undefined {
  const outputs: PlannedOutput[] = [];
  const columns: Column[] = [];
  const own = new Set(family.columns.map((column) => column.metric));
  family.columns.forEach((column, of) => {
    if (!column.grouped) return;
    for (const output of OUTPUTS) {
      const wanted: readonly string[] = choice[column.kind];
      if (output.kind !== column.kind || !wanted.includes(output.name)) continue;
      outputs.push({ output, of });
      columns.push(groupColumn(level, column, { output, suffix: suffixOf(column, output, own) }));
    }
  });
  const ratios = family.ratios.map((ratio) => {
    columns.push(ratioColumn(level, family.name, ratio));
    return { of: family.at[ratio.of] as number, against: family.at[ratio.against] as number };
  });
  if (columns.length === 0) return undefined;
  return { level, shape: { measurement: `${level}_${family.name}`, columns }, outputs, ratios };
}

/** The shape of a level's own table: how many containers each group had. */
export function membersShape(level: string): Shape {
  const column: Column = {
    metric: `${level}_containers`,
    field: 'containers',
    labels: [],
    kind: 'gauge',
    unit: 'none',
    help: 'Containers seen in the window, stopped ones included.',
  };
  return { measurement: `${level}_group`, columns: [column] };
}

/** `threads` and `threads_max` are two metrics of their own: the largest number of threads is then `threads_member_max`. */
function suffixOf(column: FamilyColumn, { suffix }: Output, own: ReadonlySet<string>): string {
  return suffix !== '' && own.has(column.metric + suffix) ? `_member${suffix}` : suffix;
}

function groupColumn(
  level: string,
  column: FamilyColumn,
  { output, suffix }: { output: Output; suffix: string },
): Column {
  return {
    metric: `${level}_${column.metric.replace(/^container_/, '')}${suffix}`,
    field: column.field + suffix,
    labels: groupFixedLabels(column),
    kind: output.kind,
    unit: column.unit,
    help: output.help(column.help),
  };
}

/** A lone fixed label that says `total` (cAdvisor's `cpu="total"`) tells nothing of a group and is left out. */
function groupFixedLabels(column: FamilyColumn): Column['labels'] {
  return column.labels.length === 1 && column.labels[0]?.[1] === 'total' ? [] : column.labels;
}

function ratioColumn(level: string, familyName: string, ratio: RatioDef<string>): Column {
  const prefix = `${familyName}_`;
  const field = ratio.stem.startsWith(prefix) ? ratio.stem.slice(prefix.length) : ratio.stem;
  return { metric: `${level}_${ratio.stem}`, field, labels: [], kind: 'gauge', unit: 'ratio', help: ratio.help };
}
