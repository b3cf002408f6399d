/** Every measurement that the InfluxDB sinks write, from the catalogue: its fields and its tags. */
import { DEFAULT_LEVELS } from '../../collector/aggregate/levels.ts';
import { GAUGE_OUTPUTS } from '../../collector/aggregate/options.ts';
import { membersShape, planLevel } from '../../collector/aggregate/plan.ts';
import { FAMILIES } from '../../src/catalog/index.ts';
import { DEFAULT_LABELS } from '../../src/config/defaultlabels.ts';
import type { Shape } from '../../src/model/shape.ts';

const CONTAINER_LABELS = DEFAULT_LABELS.map((label) => `container_label_${label.replace(/[^a-zA-Z0-9_]/g, '_')}`);
const OF_CONTAINER = ['node', 'id', 'name', 'image', ...CONTAINER_LABELS];

/** What each level makes of each family, with the labels of its groups. */
function groupShapes(): { shape: Shape; labels: string[] }[] {
  return DEFAULT_LEVELS.flatMap((level) => {
    const labels = level.by.map(({ as }) => as);
    const plans = FAMILIES.flatMap((family) => planLevel(level, family, GAUGE_OUTPUTS)?.shape ?? []);
    return [membersShape(level), ...plans].map((shape) => ({ shape, labels }));
  });
}

export interface KnownMeasurement {
  readonly fields: ReadonlySet<string>;
  readonly tags: ReadonlySet<string>;
}

/** By name. The container's id is a field there, not a tag. */
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
