/** The shape of what is known of others' InfluxDB schemas: measurements with their fields and tags. */
import type { OtherLabel } from './cadvisor.ts';
import type { Other } from './other.ts';

export interface Measurement {
  readonly names: readonly string[] | RegExp;
  readonly fields: readonly Other[];
  /** What is said of a field that is in no row. */
  readonly rest?: Omit<Other, 'names'>;
}

export interface Schema {
  readonly from: string;
  readonly measurements: readonly Measurement[];
  readonly tags: ReadonlyMap<string, OtherLabel>;
}

/** A measurement that is looked up by its exact names, separated by spaces. */
export function measurement(names: string, fields: readonly Other[], rest?: Measurement['rest']): Measurement {
  return { names: names.split(' '), fields, ...(rest === undefined ? {} : { rest }) };
}
