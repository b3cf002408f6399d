/** What the aggregation can be told, with its defaults and the check that refuses what cannot work. */
import type { Frame } from '../../src/model/batch.ts';
import type { Family } from '../../src/model/family.ts';
import { ConfigError } from '../../src/errors.ts';
import { checkLevels, DEFAULT_LEVELS, type LevelDef } from './levels.ts';

/** The outputs of gauges that can be done without: each says something of its own about the same members. */
export const GAUGE_OUTPUTS = ['sum', 'avg', 'max'] as const;
export type GaugeOutput = (typeof GAUGE_OUTPUTS)[number];

export interface AggregatorOptions {
  /** Length of a window; windows are aligned to it. */
  readonly windowMs: number;
  /** How long a window stays open after its end. */
  readonly latenessMs: number;
  /** How far in the future of the collector's clock a reading may be. */
  readonly maxAheadMs: number;
  /** How late a reading may be for a window that was closed without its node: those go into a late frame. 0: none are taken. */
  readonly maxLateMs: number;
  /** Without a reading for this long (event time) a row's state is dropped. */
  readonly staleAfterMs: number;
  /** Without a member for this long (event time) a group and its totals are dropped. */
  readonly groupStaleAfterMs: number;
  /** Series (rows x columns) in all; over it new rows are refused, of nodes over their fair share first (src/model/share.ts). */
  readonly maxSeries: number;
  /** Series of one node. */
  readonly maxSeriesPerNode: number;
  /** Groups over all levels but those of nodes and the cluster; over it new groups are refused, as series are. */
  readonly maxGroups: number;
  /** When the collector began, Unix milliseconds: windows that began before have no groups, since a part of their members is missing, unless they go on from a run before. */
  readonly startedMs?: number;
  /** Milliseconds of a clock that is never set: by how much ours was set is known exactly with it, else a little less than it was. */
  readonly monotonic?: (() => number) | undefined;
  /** Nodes; over it new nodes are refused. Default 10 000. */
  readonly maxNodes?: number;
  /** What may wait for its window, in cells of 8 bytes: of a table, rows x (columns + 2). */
  readonly maxPendingCells: number;
  readonly levels: readonly LevelDef[];
  /** Which of these groups get, of those that the catalogue names for a gauge. */
  readonly gauges: readonly GaugeOutput[];
  /** Whether frames hold the single containers (and hosts, and other cgroups) too. */
  readonly containers: boolean;
  /** Whether frames carry what a restart needs to go on from them. */
  readonly journal?: boolean;
  /** The last window of an earlier run, with its journal: goes on from there. */
  readonly restored?: { readonly frame: Frame; readonly familyNamed: (name: string) => Family | undefined };
  /** The value of the cluster level's label. */
  readonly cluster: string;
}

export const AGGREGATOR_DEFAULTS: AggregatorOptions = {
  windowMs: 10_000,
  latenessMs: 10_000,
  maxAheadMs: 60_000,
  maxLateMs: 0,
  staleAfterMs: 300_000,
  groupStaleAfterMs: 3_600_000,
  maxSeries: 2_000_000,
  maxSeriesPerNode: 100_000,
  maxGroups: 50_000,
  maxNodes: 10_000,
  maxPendingCells: 64 * 1024 * 1024,
  levels: DEFAULT_LEVELS,
  gauges: GAUGE_OUTPUTS,
  containers: true,
  cluster: 'default',
};

const POSITIVE = [
  'windowMs',
  'staleAfterMs',
  'groupStaleAfterMs',
  'maxSeries',
  'maxSeriesPerNode',
  'maxGroups',
  'maxNodes',
  'maxPendingCells',
] as const;
const NOT_NEGATIVE = ['latenessMs', 'maxAheadMs', 'maxLateMs'] as const;

/** Throws a ConfigError that names the option, its value and what is legal. */
export function checkOptions(options: AggregatorOptions): void {
  for (const name of POSITIVE) requireInteger(name, options[name], 1);
  for (const name of NOT_NEGATIVE) requireInteger(name, options[name], 0);
  if (options.staleAfterMs < options.windowMs) {
    throw new ConfigError(
      `staleAfterMs is ${options.staleAfterMs}; it must not be below windowMs (${options.windowMs})`,
    );
  }
  if (options.cluster === '') throw new ConfigError('cluster is empty; give the cluster a name');
  checkLevels(options.levels);
}

function requireInteger(name: string, value: number | undefined, least: number): void {
  if (value !== undefined && !(Number.isSafeInteger(value) && value >= least)) {
    throw new ConfigError(`${name} is ${value}; it must be a whole number from ${least}`);
  }
}
