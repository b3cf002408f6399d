/**
 * Everything the aggregation remembers between windows, in one place: what a checkpoint would have to save. The parts own
 * their caps and deadlines; here they are put together.
 */
import type { Family } from '../../src/model/family.ts';
import type { Shape } from '../../src/model/shape.ts';
import { Entities } from './entities.ts';
import { Groups } from './groups.ts';
import type { IncreaseCounts, Moment } from './increase.ts';
import { Nodes } from './nodes.ts';
import { AGGREGATOR_DEFAULTS, type AggregatorOptions } from './options.ts';
import { membersShape, planLevel } from './plan.ts';
import { Refusals } from './refusals.ts';
import { FamilySeries } from './series.ts';
import { Tally } from './tally.ts';
import { GroupColumns } from './totals.ts';

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

  /** Gives up what was not read for too long, as of the end of a window. */
  evict(endMs: number): void {
    const { staleAfterMs, groupStaleAfterMs } = this.options;
    this.#evictRows(endMs - staleAfterMs, 'stale_row');
    this.evicted.add('stale_node', this.nodes.evict(endMs - staleAfterMs));
    this.groups.evict(endMs - groupStaleAfterMs, (levelAt, slot) => {
      this.evicted.add('stale_group');
      for (const columns of this.groupColumns.values()) columns[levelAt]?.clear(slot);
    });
  }

  /** The clock was set back to `nowMs`: what was read "later" than that cannot be compared with what comes. */
  forgetAll(nowMs: number): void {
    this.#evictRows(Number.POSITIVE_INFINITY, 'clock_set_back');
    this.nodes.evict(Number.POSITIVE_INFINITY);
    this.groups.clampTimes(nowMs);
  }

  #evictRows(beforeMs: number, reason: string): void {
    for (const series of this.series.values()) {
      const evicted = series.evict(beforeMs, this.entities);
      this.liveSeries -= evicted * series.width;
      this.evicted.add(reason, evicted);
    }
  }
}
