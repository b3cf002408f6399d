/** Every name that a query may use, from the catalogue: metrics with their labels, measurements with their fields and tags. */
import { DEFAULT_LEVELS } from '../../collector/aggregate/levels.ts';
import { GAUGE_OUTPUTS } from '../../collector/aggregate/options.ts';
import { membersShape, planLevel } from '../../collector/aggregate/plan.ts';
import { FAMILIES } from '../../src/catalog/index.ts';
import { PIPELINE_METRICS } from '../../src/catalog/pipeline.ts';
import { DEFAULT_LABELS } from '../../src/config/defaultlabels.ts';
import type { Shape } from '../../src/model/shape.ts';

/** What Prometheus adds to everything that it scrapes. */
const OF_TARGET = ['job', 'instance'];
/** Of a program's own metrics those that dashboards may use: they are prom-client's, not the catalogue's. */
const OF_PROCESS = [
  'process_cpu_seconds_total',
  'process_resident_memory_bytes',
  'process_start_time_seconds',
  'nodejs_eventloop_lag_p99_seconds',
];
const CONTAINER_LABELS = DEFAULT_LABELS.map((label) => `container_label_${label.replace(/[^a-zA-Z0-9_]/g, '_')}`);
const OF_CONTAINER = ['node', 'id', 'name', 'image', ...CONTAINER_LABELS];

function labelsOf(shape: Shape, own: readonly string[]): [metric: string, labels: Set<string>][] {
  return shape.columns.map(({ metric, labels }) => [
    metric,
    new Set([...OF_TARGET, ...own, ...labels.map(([name]) => name)]),
  ]);
}

/** What each level makes of each family, with the labels of its groups. */
function groupShapes(): { shape: Shape; labels: string[] }[] {
  return DEFAULT_LEVELS.flatMap((level) => {
    const labels = level.by.map(({ as }) => as);
    const plans = FAMILIES.flatMap((family) => planLevel(level, family, GAUGE_OUTPUTS)?.shape ?? []);
    return [membersShape(level), ...plans].map((shape) => ({ shape, labels }));
  });
}

/** Every metric on the pages of agents and collectors, by the labels that its series may have. */
export function knownMetrics(): ReadonlyMap<string, ReadonlySet<string>> {
  const known = new Map<string, Set<string>>();
  const add = (metric: string, labels: Iterable<string>): void => {
    known.set(metric, new Set([...(known.get(metric) ?? []), ...labels]));
  };
  for (const family of FAMILIES)
    for (const [metric, labels] of labelsOf(family, [...OF_CONTAINER, ...family.dims])) add(metric, labels);
  for (const { shape, labels } of groupShapes()) for (const [metric, all] of labelsOf(shape, labels)) add(metric, all);
  for (const { metric, labels } of PIPELINE_METRICS) add(metric, [...OF_TARGET, ...labels]);
  for (const metric of OF_PROCESS) add(metric, OF_TARGET);
  return known;
}

export interface KnownMeasurement {
  readonly fields: ReadonlySet<string>;
  readonly tags: ReadonlySet<string>;
}

/** Every measurement that the InfluxDB sinks write. The container's id is a field there, not a tag. */
export function knownMeasurements(): ReadonlyMap<string, KnownMeasurement> {
  const known = new Map<string, KnownMeasurement>();
  const add = ({ measurement, columns }: Shape, tags: readonly string[], more: readonly string[] = []): void => {
    const fields = new Set([...columns.map(({ field }) => field), ...more]);
    known.set(measurement, { fields, tags: new Set(tags) });
  };
  const tags = [...OF_CONTAINER.filter((label) => label !== 'id'), 'cgroup', 'engine'];
  for (const family of FAMILIES) add(family, [...tags, ...family.dims], ['id']);
  for (const { shape, labels } of groupShapes()) add(shape, labels);
  return known;
}
