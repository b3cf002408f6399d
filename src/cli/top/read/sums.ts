/**
 * The samples of one reading, added up: one entry for each container, host and group with its values by stem, and the pipeline's own samples
 * as they are. Interfaces and devices are added. How much it keeps is bounded, and what it leaves out is counted.
 */
import type { ViewSample } from './sample.ts';
import { CONTAINER, MACHINE, type Owned, ownerOf, PIPELINE, type Stem } from './wanted.ts';

/** A value's key: a stem, or stem and state for those that have one (`state:running`). */
export type ValueKey = Stem | `state:${string}` | `health_status:${string}`;

export interface Summed {
  /** Of one container, host or group, in every reading. */
  readonly key: string;
  /** `container` (hosts too), or the prefix of a level. */
  readonly level: string;
  /** Empty for groups. */
  readonly id: string;
  /** Empty on an agent's own page, where everything is of one host. */
  readonly node: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly values: Map<ValueKey, number>;
}

export interface Sums {
  readonly things: ReadonlyMap<string, Summed>;
  /** Metrics named `plimsoll_…`. */
  readonly own: readonly ViewSample[];
  /** Samples for which there was no more room. */
  readonly leftOut: number;
}

export interface Summer {
  wants(metric: string): boolean;
  add(sample: ViewSample): void;
  sums(): Sums;
}

/** More than a large cluster has; about a kilobyte each. */
export const MAX_THINGS = 50_000;
const MAX_OWN = 20_000;

export function summer(): Summer {
  const things = new Map<string, Summed>();
  const own: ViewSample[] = [];
  const whose = ownerOf();
  let leftOut = 0;

  function add(sample: ViewSample): void {
    const owned = whose(sample.metric);
    if (owned === undefined) return;
    if (owned.prefix === PIPELINE) {
      if (own.length < MAX_OWN) own.push(sample);
      else leftOut++;
      return;
    }
    const key = keyOf(owned, sample.labels);
    const thing = key === undefined ? undefined : (things.get(key) ?? begin(key, owned, sample.labels));
    if (!thing) return;
    const value = valueKey(owned.stem, sample.labels);
    thing.values.set(value, (thing.values.get(value) ?? 0) + sample.value);
  }

  function begin(key: string, { prefix, stem }: Owned, labels: ReadonlyMap<string, string>): Summed | undefined {
    if (things.size >= MAX_THINGS) {
      leftOut++;
      return undefined;
    }
    const ofContainer = prefix === CONTAINER || prefix === MACHINE;
    const thing = {
      key,
      level: ofContainer ? CONTAINER : levelOf(prefix, stem),
      id: ofContainer ? (labels.get('id') ?? '') : '',
      node: labels.get('node') ?? '',
      labels,
      values: new Map(),
    };
    things.set(key, thing);
    return thing;
  }

  return {
    wants: (metric) => whose(metric) !== undefined,
    add,
    sums: () => ({ things, own, leftOut }),
  };
}

/** The samples of a reading that is there as a whole. */
export function sumUp(samples: Iterable<ViewSample>): Sums {
  const { add, sums } = summer();
  for (const sample of samples) add(sample);
  return sums();
}

/** Two hosts may well have the same id: `/`, or a unit's. Of others' metrics, which have none, nothing is kept. */
function keyOf({ prefix, stem }: Owned, labels: ReadonlyMap<string, string>): string | undefined {
  const id = labels.get('id');
  if (prefix === CONTAINER || prefix === MACHINE)
    return id === undefined ? undefined : JSON.stringify([labels.get('node') ?? '', id]);
  if (id !== undefined) return undefined;
  const own = [...labels].filter(([name]) => name !== 'state' && name !== 'status');
  return JSON.stringify([levelOf(prefix, stem), ...own.flat()]);
}

/** `node_containers` is the count of a level whose other metrics begin with that very word. */
function levelOf(prefix: string, stem: string): string {
  return prefix === 'node' && stem === 'containers' ? 'node_containers' : prefix;
}

function valueKey(stem: string, labels: ReadonlyMap<string, string>): ValueKey {
  if (stem === 'state') return `state:${labels.get('state') ?? ''}`;
  if (stem === 'health_status') return `health_status:${labels.get('status') ?? ''}`;
  return stem as Stem;
}
