/**
 * What a level makes of a family: its shape (for the sinks) and, column by column, which output reads which column of the
 * family. Made once per family and level.
 */
import type { Family, FamilyColumn, GroupOutput, RatioDef } from '../../src/model/family.ts';
import type { Column, Shape } from '../../src/model/shape.ts';
import { type LevelDef, prefixOf, spansNodes } from './levels.ts';
import { OUTPUTS } from './outputs/index.ts';
import type { Output } from './outputs/output.ts';
import { foldNearest, foldRatio } from './outputs/ratio.ts';
import { GAUGE_OUTPUTS, type GaugeOutput } from './options.ts';

/** An output of one column of the family. */
export interface PlannedOutput {
  readonly output: Output;
  /** The family's column. */
  readonly of: number;
}

/** A ratio of two columns of the family, and how it is made of the members. */
export interface PlannedRatio {
  readonly fold: typeof foldRatio;
  readonly of: number;
  readonly against: number;
}

/** The shape's columns are first the outputs, then the ratios, in these orders. */
export interface Plan {
  readonly shape: Shape;
  readonly outputs: readonly PlannedOutput[];
  readonly ratios: readonly PlannedRatio[];
}

/** What a level is called in names. */
type Named = Pick<LevelDef, 'name' | 'prefix'>;

const OPTIONAL: ReadonlySet<GroupOutput> = new Set(GAUGE_OUTPUTS);

/** What `level` makes of `family`, or undefined if that is nothing. `gauges` are those of the optional outputs that are wanted. */
export function planLevel(level: Named, family: Family, gauges: readonly GaugeOutput[]): Plan | undefined {
  const prefix = prefixOf(level);
  const wanted: ReadonlySet<GroupOutput> = new Set(gauges);
  const outputs: PlannedOutput[] = [];
  const columns: Column[] = [];
  family.columns.forEach((column, of) => {
    for (const name of column.groups) {
      if (OPTIONAL.has(name) && !wanted.has(name)) continue;
      const output = OUTPUTS[name];
      outputs.push({ output, of });
      columns.push(groupColumn(prefix, column, output));
    }
  });
  const ratios = family.ratios.flatMap((ratio) => {
    const both = { of: family.at[ratio.of] as number, against: family.at[ratio.against] as number };
    columns.push(ratioColumn(prefix, family.name, ratio));
    if (ratio.nearest === undefined) return [{ ...both, fold: foldRatio }];
    columns.push(ratioColumn(prefix, family.name, ratio.nearest));
    return [
      { ...both, fold: foldRatio },
      { ...both, fold: foldNearest },
    ];
  });
  if (columns.length === 0) return undefined;
  return { shape: { measurement: `${prefix}_${family.name}`, columns }, outputs, ratios };
}

/** The shape of a level's own table: how many containers each group had and, where it may span nodes, on how many nodes. */
export function membersShape(level: LevelDef): Shape {
  const prefix = prefixOf(level);
  const column: Column = {
    // A prefix that says it already is the name: `node_containers`.
    metric: /(^|_)containers$/.test(prefix) ? prefix : `${prefix}_containers`,
    field: 'containers',
    labels: [],
    kind: 'gauge',
    unit: 'none',
    help: 'Containers seen in the window, stopped ones included.',
  };
  if (!spansNodes(level)) return { measurement: `${prefix}_group`, columns: [column] };
  const nodes: Column = {
    ...column,
    metric: `${prefix}_nodes`,
    field: 'nodes',
    help: 'Nodes that the window’s containers were read on: fewer than usual means that the window is not complete.',
  };
  return { measurement: `${prefix}_group`, columns: [column, nodes] };
}

/** Every metric that a level may have. */
export function metricsOf(level: LevelDef, families: readonly Family[]): Set<string> {
  const shapes = [
    membersShape(level),
    ...families.flatMap((family) => planLevel(level, family, GAUGE_OUTPUTS)?.shape ?? []),
  ];
  return new Set(shapes.flatMap(({ columns }) => columns.map(({ metric }) => metric)));
}

function groupColumn(prefix: string, column: FamilyColumn, output: Output): Column {
  return {
    metric: `${prefix}_${output.named(column.metric.replace(/^container_/, ''))}`,
    field: output.named(column.field),
    labels: groupFixedLabels(column),
    kind: output.kind,
    unit: output.unit ?? column.unit,
    help: output.help(column.help),
  };
}

/** A lone fixed label that says `total` (cAdvisor's `cpu="total"`) tells nothing of a group and is left out. */
function groupFixedLabels(column: FamilyColumn): Column['labels'] {
  return column.labels.length === 1 && column.labels[0]?.[1] === 'total' ? [] : column.labels;
}

function ratioColumn(prefix: string, familyName: string, ratio: Pick<RatioDef<string>, 'stem' | 'help'>): Column {
  const before = `${familyName}_`;
  const field = ratio.stem.startsWith(before) ? ratio.stem.slice(before.length) : ratio.stem;
  return { metric: `${prefix}_${ratio.stem}`, field, labels: [], kind: 'gauge', unit: 'ratio', help: ratio.help };
}
