/**
 * A window as Heapster would have written it: the single containers' and the machines' numbers come in, one table a measurement goes out, with its tags and the window's
 * end as time. Needs the window before for rates; made again of the same window, it is the same.
 */
import type { Frame, LevelTable } from '../../../../src/model/batch.ts';
import { type LabelPair, type Labels, labels as labelsOf, labelValue } from '../../../../src/model/labels.ts';
import type { Column, Shape } from '../../../../src/model/shape.ts';
import { MEASURES, type Measure, SHARES, STARTED, type Type, UPTIME } from './metrics.ts';
import { type Counters, increaseRate } from './counters.ts';
import type { Selection } from '../../levels.ts';

export interface HeapsterOptions {
  /** The tag `cluster_name`. */
  readonly cluster: string;
}

export interface HeapsterSchema extends Selection {
  /** Changes what rates are reckoned from: asked for windows in their order. */
  tables(frame: Frame): LevelTable[];
  /** How many points there are at least: those of rates come beside them, where they are known. */
  samples(frame: Frame): number;
}

/** One point. */
interface Point {
  readonly labels: Labels;
  value: number;
}

/** By measurement, then by tags. */
type Points = Map<Measure, Map<string, Point>>;

/** A measurement's table; what it is of says how it is written and counted. */
export interface HeapsterShape extends Shape {
  readonly whole: boolean;
  /** Not among what a sink is said to have received: derived from numbers that are. */
  readonly isDerived: boolean;
}

const NOTHING: Counters = new Map();

export function createHeapsterSchema({ cluster }: HeapsterOptions): HeapsterSchema {
  let frameEndMs = 0;
  let [before, now]: [Counters, Counters] = [new Map(), new Map()];

  return {
    tables(frame) {
      // Of a window that was missed, its own window before is not known: without rates.
      const isLate = frame.late !== undefined || frame.endMs < frameEndMs;
      if (!isLate && frame.endMs > frameEndMs) {
        before = now;
        frameEndMs = frame.endMs;
      }
      const counters: Counters = new Map();
      const points = pointsOf(frame, { cluster, before: isLate ? NOTHING : before, counters });
      if (!isLate) now = counters;
      share(points);
      return [...points].map(([measure, of]) => tableOf(measure, of, frame.endMs));
    },
    samples(frame) {
      let count = 0;
      const points = pointsOf(frame, { cluster, before: NOTHING, counters: undefined });
      for (const of of points.values()) count += of.size;
      return count;
    },
  };
}

function pointsOf(frame: Frame, further: Omit<Taking, 'points' | 'endMs'>): Points {
  const taking: Taking = { ...further, points: new Map(), endMs: frame.endMs };
  for (const table of frame.tables) if (table.level === 'container') take(table, taking);
  return taking.points;
}

interface Taking {
  readonly points: Points;
  readonly cluster: string;
  readonly endMs: number;
  readonly before: Counters;
  /** Undefined where rates are not wanted. */
  readonly counters: Counters | undefined;
}

function take({ shape, rows, values, timesMs }: LevelTable, taking: Taking): void {
  for (const [c, column] of shape.columns.entries()) {
    const key = [column.metric, ...column.labels.map(([, value]) => value)].join('/');
    const measures = column.metric === STARTED ? [UPTIME] : MEASURES.get(key);
    if (measures === undefined) continue;
    for (const [r, row] of rows.entries()) {
      const value = values[c * rows.length + r] as number;
      if (Number.isNaN(value)) continue;
      const reading = { labels: row.labels, value, timeMs: timesMs[r] as number, key: `${key}\n${row.labels.key}` };
      for (const measure of measures) add(measure, reading, taking);
    }
  }
}

interface Reading {
  readonly labels: Labels;
  readonly value: number;
  readonly timeMs: number;
  readonly key: string;
}

function add(measure: Measure, reading: Reading, taking: Taking): void {
  const value = numberOf(measure, reading, taking);
  if (value === undefined) return;
  for (const type of typesOf(reading.labels)) {
    if (!measure.types.includes(type)) continue;
    const tags = tagsOf(type, reading.labels, { cluster: taking.cluster, byDevice: measure.byDevice === true });
    const of = taking.points.get(measure) ?? new Map<string, Point>();
    taking.points.set(measure, of);
    const point = of.get(tags.key);
    if (point === undefined) of.set(tags.key, { labels: tags, value });
    // A pod is as old as the oldest of its containers; all else is added up.
    else point.value = measure === UPTIME ? Math.max(point.value, value) : point.value + value;
  }
}

/** Undefined for a rate that is not known. */
function numberOf(
  measure: Measure,
  { value, timeMs, key }: Reading,
  { endMs, before, counters }: Taking,
): number | undefined {
  if (measure === UPTIME) return Math.max(0, endMs - value * 1000);
  if (!measure.isRate) return value * measure.factor;
  counters?.set(key, [timeMs, value]);
  const rate = increaseRate(before.get(key), [timeMs, value]);
  return rate === undefined ? undefined : rate * measure.factor;
}

/** Of a container: itself and all that it is part of. A pod's sandbox has its network; other cgroups are nobody's. */
function typesOf(of: Labels): readonly Type[] {
  if (labelValue(of, 'id') === '/') return ['node'];
  if (!labelValue(of, 'namespace') || !labelValue(of, 'pod')) return [];
  return labelValue(of, 'container') ? ['pod_container', 'pod', 'ns', 'cluster'] : SANDBOX;
}

const SANDBOX: readonly Type[] = ['pod'];

function tagsOf(type: Type, of: Labels, { cluster, byDevice }: { cluster: string; byDevice: boolean }): Labels {
  const pairs: LabelPair[] = [
    ['type', type],
    ['cluster_name', cluster],
  ];
  const add = (tag: string, label: string): void => void pairs.push([tag, labelValue(of, label) ?? '']);
  if (type === 'node' || type === 'pod' || type === 'pod_container') add('nodename', 'node');
  if (type === 'ns' || type === 'pod' || type === 'pod_container') add('namespace_name', 'namespace');
  if (type === 'pod' || type === 'pod_container') add('pod_name', 'pod');
  if (type === 'pod_container') {
    add('container_name', 'container');
    add('container_base_image', 'image');
  }
  // A container's layer was its root to Heapster.
  if (byDevice) {
    if (type === 'node') add('resource_id', 'device');
    else pairs.push(['resource_id', '/']);
  }
  return labelsOf(pairs);
}

function share(points: Points): void {
  const named = (name: string) => [...points].find(([{ measurement }]) => measurement === name)?.[1];
  for (const [name, of, against] of SHARES) {
    const all = named(against);
    if (all === undefined) continue;
    const shares = new Map<string, Point>();
    for (const [key, { labels, value }] of all) {
      const used = named(of)?.get(key)?.value;
      if (used !== undefined && value > 0) shares.set(key, { labels, value: used / value });
    }
    if (shares.size > 0) points.set(shareMeasure(name), shares);
  }
}

const shareMeasures = new Map<string, Measure>(
  SHARES.map(([measurement]) => [
    measurement,
    { measurement, factor: 1, whole: false, isRate: false, types: ['node'] },
  ]),
);

function shareMeasure(name: string): Measure {
  return shareMeasures.get(name) as Measure;
}

const shapes = new WeakMap<Measure, HeapsterShape>();

function shapeOf(measure: Measure): HeapsterShape {
  const known = shapes.get(measure);
  if (known) return known;
  const { measurement, whole, isRate } = measure;
  const column: Column = { metric: measurement, field: 'value', labels: [], kind: 'gauge', unit: 'none', help: '' };
  const shape = { measurement, columns: [column], whole, isDerived: isRate || shareMeasures.has(measurement) };
  shapes.set(measure, shape);
  return shape;
}

function tableOf(measure: Measure, of: ReadonlyMap<string, Point>, endMs: number): LevelTable {
  const all = [...of.values()];
  return {
    level: 'container',
    shape: shapeOf(measure),
    rows: all.map(({ labels }) => ({ labels })),
    timesMs: new Float64Array(all.length).fill(endMs),
    values: Float64Array.from(all, ({ value }) => (measure.whole ? Math.round(value) : value)),
  };
}
