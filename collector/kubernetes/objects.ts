/** NodeMetrics and PodMetrics as metrics.k8s.io has them, `v1` and `v1beta1` alike: readings come in, JSON objects go out. */
import type { NodeReading, PodReading, Usage } from './nodereadings.ts';
import { bytes, cores, duration, instant } from './quantity.ts';
import { GROUP } from './status.ts';

export type Version = 'v1' | 'v1beta1';
export const VERSIONS: readonly Version[] = ['v1', 'v1beta1'];

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly creationTimestamp: string;
  readonly labels?: Readonly<Record<string, string>>;
}

interface UsageText {
  readonly cpu: string;
  readonly memory: string;
}

export interface MetricsObject {
  readonly metadata: Metadata;
  readonly timestamp: string;
  readonly window: string;
  readonly usage?: UsageText;
  readonly containers?: readonly { readonly name: string; readonly usage: UsageText }[];
}

export interface Around {
  /** When it is answered, as text: nobody creates one. */
  readonly now: string;
  /** As the API server knows them. */
  readonly labels: ReadonlyMap<string, string> | undefined;
}

export function nodeObject(reading: NodeReading, around: Around): MetricsObject {
  const metadata = metadataOf({ name: reading.name }, around);
  return { metadata, ...times(reading), usage: usageOf(reading) };
}

export function podObject(reading: PodReading, around: Around): MetricsObject {
  const { name, namespace, containers } = reading;
  return {
    metadata: metadataOf({ name, namespace }, around),
    ...times(reading),
    containers: containers.map((one) => ({ name: one.name, usage: usageOf(one) })),
  };
}

/** What a list is of, or a single object, with `apiVersion`. */
export function versioned(kind: string, version: Version): { kind: string; apiVersion: string } {
  return { kind, apiVersion: `${GROUP}/${version}` };
}

function metadataOf(names: Pick<Metadata, 'name' | 'namespace'>, { now, labels }: Around): Metadata {
  const own = labels && labels.size > 0 ? { labels: Object.fromEntries(labels) } : {};
  return { ...names, creationTimestamp: now, ...own };
}

function times({ timeMs, windowMs }: Pick<Usage, 'timeMs' | 'windowMs'>) {
  return { timestamp: instant(timeMs), window: duration(windowMs) };
}

function usageOf({ nanocores, memory }: Usage): UsageText {
  return { cpu: cores(nanocores), memory: bytes(memory) };
}
