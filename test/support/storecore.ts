/** A store without its thread: a core over a folder in memory (or another), what it answers, and its upkeep up to a time. */
import { createEngine, DEFAULT_LIMITS } from '../../collector/query/engine.ts';
import type { QueryAnswer } from '../../collector/query/query.ts';
import { StoreCore } from '../../collector/store/core.ts';
import type { StoreFiles } from '../../collector/store/files.ts';
import type { Retention } from '../../collector/store/life/plan.ts';
import { Packer } from '../../collector/store/received/packing.ts';
import { labels } from '../../src/model/labels.ts';
import { silent } from '../../src/log.ts';
import { INSTANCE } from '../collector/store/model.ts';
import { storeDisk } from './storedisk.ts';

const EVER = 1e15;

export interface StageOptions {
  readonly files?: StoreFiles;
  readonly retention?: Partial<Retention>;
  readonly fewSamples?: number;
  readonly manySamples?: number;
}

export function coreOf({ files = storeDisk(), retention = {}, fewSamples, manySamples }: StageOptions = {}): StoreCore {
  return new StoreCore({
    files,
    log: silent,
    instance: INSTANCE,
    retention: { single: [EVER, EVER, EVER], group: [EVER, EVER, EVER], maxBytes: EVER, ...retention },
    taking: { acceptAgeMs: EVER, maxSeries: 1e6 },
    breathe: () => undefined,
    onNoted: () => undefined,
    ...(fewSamples === undefined ? {} : { fewSamples }),
    ...(manySamples === undefined ? {} : { manySamples }),
  });
}

/** All that is due, one step after another. */
export function tendAll(core: StoreCore, nowMs: number): void {
  while (core.tend(nowMs));
}

export interface Ranged {
  readonly startMs: number;
  readonly endMs: number;
  /** 0: an instant. */
  readonly stepMs: number;
}

/** Points of each series, by its labels but for name, job and instance; in order. */
export function ask(core: StoreCore, query: string, range: Ranged): Record<string, (readonly [number, number])[]> {
  const found = answer(core, query, range).series.map(({ labels: pairs, timesMs, values }) => {
    const own = pairs.filter(([name]) => !['__name__', 'job', 'instance'].includes(name));
    const points = Array.from(timesMs, (timeMs, i) => [timeMs, values[i] as number] as const);
    return [own.map((pair) => pair.join('=')).join(','), points] as const;
  });
  return Object.fromEntries(found);
}

export function answer(core: StoreCore, query: string, range: Ranged): QueryAnswer {
  return createEngine(DEFAULT_LIMITS, () => 0).query({ query, ...range }, core.source);
}

/** Samples of others, in one message; what is not kept fails. */
export function receive(
  core: StoreCore,
  pairs: Readonly<Record<string, string>>,
  points: readonly (readonly [timeMs: number, value: number])[],
): void {
  const series = {
    labels: labels(Object.entries(pairs)),
    timesMs: Float64Array.from(points, ([timeMs]) => timeMs),
    values: Float64Array.from(points, ([, value]) => value),
  };
  const [outcome] = core.receiving.take([{ series: new Packer().pack([series]), info: [] }], EVER);
  if (outcome === undefined || outcome.dropped.size > 0) throw new Error(`not kept: ${outcome?.problem}`);
}
