/**
 * Where the collector's numbers have ended up, asked for them again: a store that can tell the points of its series. InfluxDB, Prometheus,
 * VictoriaMetrics and the collector's own store are such; one that answers Prometheus' query API is another with a row in `prometheus.ts`.
 */

export type Level = 'container' | 'service' | 'node' | 'cluster';
/** The one counter and the one gauge that the generator has. */
export type What = 'counter' | 'gauge';

export const LEVELS: readonly Level[] = ['container', 'service', 'node', 'cluster'];

/** Unix milliseconds and value, in the order of time. */
export type Point = readonly [timeMs: number, value: number];

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly Point[];
}

export interface Reader {
  /** As the sink is called. */
  readonly name: string;
  /** The collector's own store: no sink feeds it, it reads the log. */
  readonly isOwn?: boolean;
  /** All series of a level, each with all its points. */
  series(level: Level, what: What): Promise<Series[]>;
  /** How many numbers it holds in all; undefined where that cannot be asked. */
  numbers?(): Promise<number>;
  /** A crash of it may take what it has acknowledged in the seconds before. */
  readonly forgets?: boolean;
}

/** What a level's metrics begin with. */
export function prefixOf(level: Level): string {
  return level === 'node' ? 'node_containers' : level;
}
