/**
 * Shapes: the columns of a table. A shape says, for every number in a table's row, which metric it is. The catalogue is
 * made of families, which are shapes at the level of the single container; the collector derives a shape per level.
 */

export type Kind = 'counter' | 'gauge';

/** Base units only. `none` is a plain count, an identifier or a state. */
export type Unit = 'seconds' | 'bytes' | 'ratio' | 'cores' | 'microseconds' | 'none';

/** One number of a row. */
export interface Column {
  /** The metric's full name as exposed, for example `container_cpu_usage_seconds_total`. */
  readonly metric: string;
  /** The name of the field in InfluxDB, unique within the shape, for example `usage_seconds_total`. */
  readonly field: string;
  /** Labels that every series of this column has, for example `cpu="total"`; sorted by name. */
  readonly labels: readonly (readonly [string, string])[];
  readonly kind: Kind;
  readonly unit: Unit;
  readonly help: string;
}

/** The columns of a table, and the name of the table in InfluxDB. */
export interface Shape {
  /** For example `container_cpu`, `service_cpu`. */
  readonly measurement: string;
  readonly columns: readonly Column[];
}
