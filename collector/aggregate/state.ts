/**
 * Everything the aggregation remembers between windows, in one place: what a checkpoint would have to save. The parts own
 * their caps and deadlines; here they are put together.
 */
import type { Family } from '../../src/model/family.ts';
import type { Shape } from '../../src/model/shape.ts';
import { Entities } from './entities.ts';
import { Groups } from './groups.ts';
import type { IncreaseCounts, Moment } from './increase.ts';
import { type NodeState, Nodes } from './nodes.ts';
import { AGGREGATOR_DEFAULTS, type AggregatorOptions } from './options.ts';
import type { SetBack } from './ownclock.ts';
import { membersShape, planLevel } from './plan.ts';
import { Refusals } from './refusals.ts';
import { FamilySeries } from './series.ts';
import { Tally } from './tally.ts';
import { GroupColumns } from './totals.ts';
import { windowStart } from './window.ts';

export class AggregatorState {
  readonly options: AggregatorOptions;
  readonly series = new Map<Family, FamilySeries>();
  /** Per family, per level; undefined where the level makes nothing of the family. */
  readonly groupColumns = new Map<FamilySeries, readonly (GroupColumns | undefined)[]>();
  /** Per level: the shape of its own table, the number of containers. */
  readonly groupShapes: readonly Shape[];
  readonly nodes: Nodes;
  readonly groups: Groups;
  readonly entities: Entities;
  /** Samples dropped, by reason, on arrival and later. */
  readonly dropped = new Tally();
  /** What was given up for its age: rows, groups, nodes. */
  readonly evicted = new Tally();
  readonly increases: IncreaseCounts = {
    first: 0,
    newcomer: 0,
    resets: 0,
    backward: 0,
    gaps: 0,
    implausible: 0,
    late: 0,
  };
  /** Filled anew for each reading. */
  readonly moment: Moment = {
    previousMs: 0,
    previousStartMs: 0,
    timeMs: 0,
    startMs: 0,
    replaceable: false,
    watchedSinceMs: 0,
  };
  /** The number of the window that is being closed, from 1. */
  epoch = 0;
  /** The nodes of the window that is being closed, and those that are behind: none of them is silent. */
  current: ReadonlySet<string> = new Set();
  isBehind: (node: string) => boolean = () => false;
  /** The end of the last window that was closed on time. */
  presentMs = 0;
  /** The clock was set back, and is not as late as it was yet. */
  setBack: SetBack | undefined;
  /** A group was refused, for the cap, since the last giving up. */
  pressed = false;
  /** Samples that went into late frames. */
  late = 0;
  /** Rows x columns. */
  liveSeries = 0;
  /** Samples of the window that is being closed, without those dropped. */
  closing = 0;
  /** Samples that went into a frame. */
  processed = 0;
  /** Of those, samples of readings that were there already: the same row, read at the same time. */
  repeated = 0;
  /** By level: times that a container was left out of it, per window, for the cap on groups. */
  readonly groupsRefused = new Tally();
  /** Tables, or parts of them, for which there was no room to wait. */
  tablesRefused = 0;
  readonly refusals = new Refusals();

  constructor(options: AggregatorOptions) {
    const { staleAfterMs, maxNodes = AGGREGATOR_DEFAULTS.maxNodes as number } = options;
    this.options = options;
    this.groupShapes = options.levels.map((level) => membersShape(level));
    this.nodes = new Nodes({ maxNodes, staleAfterMs });
    this.groups = new Groups({ ...options, holders: () => this.nodes.live });
    this.entities = new Entities(this.groups, options.cluster);
  }

  /** The rows of a family, from its first batch on. */
  seriesOf(family: Family): FamilySeries {
    let series = this.series.get(family);
    if (series === undefined) {
      series = new FamilySeries(family);
      this.series.set(family, series);
      const columns = this.groups.levels.map(({ level, capacity }) => {
        const plan = planLevel(level, family, this.options.gauges);
        return plan === undefined ? undefined : new GroupColumns(plan, capacity);
      });
      this.groupColumns.set(series, columns);
    }
    return series;
  }

  /** Families in the order of their names: the order of a frame's tables must not depend on who came first. */
  inOrder(): FamilySeries[] {
    return [...this.series.values()].sort((a, b) => (a.family.name < b.family.name ? -1 : 1));
  }

  /** The node, with its times brought up to a batch of `tickMs`; undefined if it would be one too many. */
  seen(name: string, tickMs: number): NodeState | undefined {
    let node = this.nodes.seen(name, tickMs);
    while (node === undefined && this.giveUpSilent()) node = this.nodes.seen(name, tickMs);
    return node;
  }

  /** Gives up what was not read for too long, as of the end of a window. */
  evict(endMs: number): void {
    const { groupStaleAfterMs } = this.options;
    this.presentMs = endMs;
    while (this.pressed && this.giveUpSilent());
    this.pressed = false;
    for (const node of this.nodes.all()) node.keptFromMs = this.#keptFrom(node, endMs);
    this.#evictRows('stale_row');
    this.evicted.add('stale_node', this.nodes.evict(endMs - this.#keptMs));
    this.groups.evict(endMs - groupStaleAfterMs, (levelAt, slot) => {
      this.evicted.add('stale_group');
      for (const columns of this.groupColumns.values()) columns[levelAt]?.clear(slot);
    });
  }

  /** Under a cap: gives up the node that has been silent longest, with its rows; false if none is silent. */
  giveUpSilent(): boolean {
    if (this.options.maxLateMs === 0) return false;
    let longest: NodeState | undefined;
    for (const node of this.nodes.all()) {
      if (node.lastBatchMs >= this.presentMs - this.options.staleAfterMs) continue;
      if (this.current.has(node.name) || this.isBehind(node.name)) continue;
      if (longest === undefined || node.lastBatchMs < longest.lastBatchMs) longest = node;
    }
    if (longest === undefined) return false;
    for (const node of this.nodes.all()) node.keptFromMs = Number.NEGATIVE_INFINITY;
    longest.keptFromMs = Number.POSITIVE_INFINITY;
    this.#evictRows('silent_node');
    this.nodes.drop(longest);
    return true;
  }

  /** The clock was set back by so much, or is right again (negative): all times go with it, and counters go on from what was read last. */
  moveBack(byMs: number): void {
    for (const series of this.series.values()) series.moveBack(byMs);
    this.nodes.moveBack(byMs);
    this.groups.moveBack(byMs);
    this.presentMs -= byMs;
  }

  /** When a node's things were started is not known any more. */
  forgetStarts(node: NodeState): void {
    for (const series of this.series.values())
      for (const slot of node.rows.get(series.family.name)?.index.slots() ?? []) series.startMs[slot] = 0;
  }

  /** How long a node may be silent and still go on: as long as what it has kept may come late. */
  get #keptMs(): number {
    return Math.max(this.options.staleAfterMs, this.options.maxLateMs);
  }

  /**
   * Whether a row that was read then is given up at this reading of it, as it was when windows were closed meanwhile: while its node went on without it.
   * What a node that said nothing at all has counted meanwhile is not lost.
   */
  isStale({ beforeMs }: NodeState, lastMs: number, timeMs: number): boolean {
    const { staleAfterMs, windowMs, maxLateMs } = this.options;
    if (maxLateMs === 0) return timeMs - lastMs > staleAfterMs;
    return lastMs < windowStart(beforeMs, windowMs) + windowMs - staleAfterMs || beforeMs < timeMs - this.#keptMs;
  }

  /** From when on a node's rows are kept. A silent one's time stands still. */
  #keptFrom({ lastBatchMs }: NodeState, endMs: number): number {
    const { staleAfterMs, windowMs, maxLateMs } = this.options;
    if (maxLateMs === 0 || lastBatchMs >= endMs - windowMs) return endMs - staleAfterMs;
    return lastBatchMs < endMs - this.#keptMs ? Number.POSITIVE_INFINITY : lastBatchMs - staleAfterMs;
  }

  #evictRows(reason: string): void {
    for (const series of this.series.values()) {
      const evicted = series.evict(this.entities);
      this.liveSeries -= evicted * series.width;
      this.evicted.add(reason, evicted);
    }
  }
}
