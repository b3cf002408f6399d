/**
 * What is asked of an InfluxDB, in words of neither of its languages: a field of a measurement, whose rows, by which tags. A dialect
 * makes InfluxQL or Flux of it, so that the dashboards for both are the same.
 */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { VariableModel } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Store } from '../frame.ts';
import type { Query } from '../looks/panels.ts';

/** A tag that a variable chooses, or that has one value. `optional`: All has those without the tag as well. */
export type Condition = readonly [
  tag: string,
  is: { readonly variable: string; readonly optional?: boolean } | { readonly value: string },
];

export interface Measure {
  readonly measurement: string;
  readonly field: string;
  readonly where: readonly Condition[];
  /**
   * `gauge` as it is; `rate` of a counter per second; `growth` of a counter, in all of the time shown; `share`: this field over another of
   * the same measurement, `rest`: one less that.
   */
  readonly as: 'gauge' | 'rate' | 'growth' | 'share' | 'rest';
  readonly against?: string;
  /** The tags that tell its series apart, as far as they matter: a container's interfaces. */
  readonly each: readonly string[];
  /** The tags that are left; what is apart beyond them is joined. */
  readonly by: readonly string[];
  readonly join?: 'sum' | 'max' | 'count';
}

/** A query with the name that its series get: `{{name}} · {{node}}`. */
export interface Named {
  readonly query: Query;
  /** What names the series, where the query itself cannot. */
  readonly displayName?: string;
}

/** Variables in the order in which they depend on each other. */
export interface Choice {
  readonly name: string;
  readonly label: string;
  readonly measurement: string;
  /** The tags whose values it offers: Compose's and Swarm's word for the same. */
  readonly tags: readonly string[];
  /** Of these sets of conditions one must hold. */
  readonly where: readonly (readonly Condition[])[];
  /** What All stands for, where that is more than the list: also those without the tag. */
  readonly all?: string;
}

export interface Dialect {
  readonly store: Store;
  /** How its data source is called, for a person. */
  readonly label: string;
  /** Over time. */
  over(measure: Measure, legend: string): Named;
  /** Of now, one row for each of `by`, the number in a column of that title. */
  cells(measure: Measure, title: string): Query;
  choice(choice: Choice): Builder<VariableModel>;
}

export const variable = (tag: string, name = tag): Condition => [tag, { variable: name }];
export const optional = (tag: string, name: string): Condition => [tag, { variable: name, optional: true }];
export const value = (tag: string, text: string): Condition => [tag, { value: text }];
