/**
 * Families: the catalogue's entries. A family is the set of metrics that one read gives for one thing: its columns, the
 * labels that tell its rows apart, and how each column is summed up over a group.
 */
import type { Column, Kind, Shape, Unit } from './shape.ts';

/**
 * What a group (service, pod, node …) may get of a column. Of counters: `total`, of their increases; `max_ratio`, the most that one member
 * took of each second. Of gauges: `sum`, `avg`, `max` over the members; `count`, of a state that is 1 or 0, how many are in it.
 */
export type GroupOutput = 'total' | 'max_ratio' | 'sum' | 'avg' | 'max' | 'count';

/** How a catalogue file describes one metric. */
export interface MetricDef {
  /** The exposed name, for example `container_cpu_usage_seconds_total`. */
  readonly metric: string;
  readonly kind: Kind;
  readonly unit: Unit;
  readonly help: string;
  /** Labels with one fixed value, for example `{ cpu: 'total' }`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** What groups get of it: what somebody would ask for at that level. Counters: the total unless said. Gauges: nothing unless said. */
  readonly grouped?: false | readonly GroupOutput[];
  /** A counter that goes on when its container is started again; others begin at zero with each start. */
  readonly acrossStarts?: true;
  /** Where the number comes from, for METRICS.md: the file and key of cgroup v2 and of v1, or the API field. */
  readonly source: string;
}

/** A ratio that groups get: `of` (a gauge, or a counter's increase per second) over `against`, of the members that have both. */
export interface RatioDef<K extends string> {
  /** The name's stem, for example `memory_limit_utilization_ratio`; the level is put before it. */
  readonly stem: string;
  readonly of: K;
  readonly against: K;
  readonly help: string;
  /** Of the member that is nearest to its own limit, too: together the members may be far from theirs. */
  readonly nearest?: { readonly stem: string; readonly help: string };
}

/** A column of a family, with what only the catalogue needs. */
export interface FamilyColumn extends Column {
  /** What groups get of it; empty for nothing. */
  readonly groups: readonly GroupOutput[];
  readonly acrossStarts: boolean;
  readonly source: string;
}

export interface Family<K extends string = string> extends Shape {
  /** One lower-case word, the switch in the configuration and the measurement's last part: `cpu`. */
  readonly name: string;
  /** Labels that tell the rows of one entity apart, for example `['interface']`. */
  readonly dims: readonly string[];
  readonly columns: readonly FamilyColumn[];
  /** The column's number by its short key. */
  readonly at: Readonly<Record<K, number>>;
  readonly ratios: readonly RatioDef<K>[];
  /** Read unless switched off, or only when switched on. */
  readonly byDefault: boolean;
  /** It is of a network namespace, which a pod has in its sandbox: groups take it from there too. */
  readonly ofNetwork: boolean;
  readonly help: string;
}

/** What a catalogue file hands to {@link family}. */
export interface FamilyDef<K extends string> {
  readonly name: string;
  readonly help: string;
  readonly dims?: readonly string[];
  readonly metrics: Readonly<Record<K, MetricDef>>;
  readonly ratios?: readonly RatioDef<NoInfer<K>>[];
  readonly byDefault?: boolean;
  readonly ofNetwork?: true;
}

/** Makes a family of its definition. The field name in InfluxDB is the metric without `container_<family>_`, and with the fixed labels' values. */
export function family<K extends string>(def: FamilyDef<K>): Family<K> {
  const keys = Object.keys(def.metrics) as K[];
  const columns = keys.map((key) => column(def.name, def.metrics[key]));
  const at = Object.fromEntries(keys.map((key, i) => [key, i])) as Record<K, number>;
  return {
    name: def.name,
    // The machine's own families are about no container.
    measurement: def.name.startsWith('machine') ? def.name : `container_${def.name}`,
    help: def.help,
    dims: def.dims ?? [],
    columns,
    at,
    ratios: def.ratios ?? [],
    byDefault: def.byDefault ?? true,
    ofNetwork: def.ofNetwork ?? false,
  };
}

const BY_DEFAULT: Readonly<Record<Kind, readonly GroupOutput[]>> = { counter: ['total'], gauge: [] };

function column(familyName: string, def: MetricDef): FamilyColumn {
  const fixed = Object.entries(def.labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const stem = def.metric.replace(/^(container|machine)_/, '').replace(new RegExp(`^${familyName}_`), '');
  const suffix =
    fixed.length > 1 || !fixed.some(([, v]) => v === 'total') ? fixed.map(([, v]) => `_${v}`).join('') : '';
  return {
    metric: def.metric,
    field: stem + suffix,
    labels: fixed,
    kind: def.kind,
    unit: def.unit,
    help: def.help,
    groups: def.grouped === undefined ? BY_DEFAULT[def.kind] : def.grouped || [],
    acrossStarts: def.acrossStarts ?? false,
    source: def.source,
  };
}
