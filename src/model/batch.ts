/**
 * The two records that flow: a Batch is one scrape of one host, from an agent; a Frame is one closed window, from the
 * collector's aggregation to its sinks. Both hold tables.
 */
import type { Family } from './family.ts';
import type { EntityRow, Row, Table } from './table.ts';
import type { Shape } from './shape.ts';

/** Numbers of one family, as an agent read them. */
export type FamilyTable = Table<Family, EntityRow>;

/** What one agent read in one tick. */
export interface Batch {
  /** The node's name, unique in the cluster. */
  readonly node: string;
  /** Random, new each time the agent process starts. */
  readonly session: string;
  /** 1, 2, 3 … within the session. A batch with a number that was already accepted changes nothing. */
  readonly seq: number;
  /** When the tick began, in Unix milliseconds. Rows carry their own times. */
  readonly timeMs: number;
  /** Of a tick: how long it is until the next one. Undefined for what came about between ticks, and where it is not known. */
  readonly intervalMs?: number;
  /** By how much the agent's clock is ahead of ours, where times were put into ours: its own minus this. */
  readonly clockOffsetMs?: number;
  readonly tables: readonly FamilyTable[];
}

/** Numbers of one level, for a sink. */
export interface LevelTable extends Table<Shape, Row> {
  /** `container`, `service`, `node` … */
  readonly level: string;
  /** At the level of containers, per row: the agent's own row, which says whose numbers these are. For the log, not for sinks. */
  readonly sources?: readonly EntityRow[] | undefined;
  /** Of a table that was read from the log: a bit for each of `values`, whether it may be another than in the last frame that had the table. Rows are the same as there. */
  readonly changed?: Uint32Array | undefined;
}

/** One closed window. Immutable: every sink is handed the same object and may keep it. */
export interface Frame {
  /** The window is `[startMs, endMs)`, aligned to its length. */
  readonly startMs: number;
  readonly endMs: number;
  readonly tables: readonly LevelTable[];
  /** How many numbers the tables hold. */
  readonly samples: number;
  /**
   * A late frame: these nodes were away when the window was closed, and the tables hold what was missing of them, and nothing else: their containers,
   * and the groups that are of one node. It comes after frames of later windows, puts its rows in place of any of the same window, and may come twice.
   */
  readonly late?: readonly string[] | undefined;
  /** Nodes that are behind, by name: from when on what waits of them is not in this window or any before. For the log's books. */
  readonly behind?: ReadonlyMap<string, number> | undefined;
  /** What a restart must know of the window and is not in its tables; for the log, not for sinks. */
  readonly journal?: readonly LevelTable[];
}
