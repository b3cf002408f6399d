/** The same objects as a Table, for `kubectl get podmetrics` and `nodemetrics`: a pod's cells are the sums of its containers. */
import type { NodeReading, PodReading } from './nodereadings.ts';
import type { MetricsObject } from './objects.ts';
import { bytes, cores } from './quantity.ts';

const COLUMNS = [
  { name: 'Name', type: 'string', format: 'name', description: 'Name of the resource', priority: 0 },
  { name: 'cpu', type: 'string', format: 'quantity', description: 'Cores used, averaged over the window', priority: 0 },
  { name: 'memory', type: 'string', format: 'quantity', description: 'Working set', priority: 0 },
  { name: 'Window', type: 'string', format: 'duration', description: 'Time between the two readings', priority: 0 },
] as const;

/** Which of Table's versions is asked for, by the header `Accept`; undefined if none is, or JSON is asked for before it. */
export function tableVersion(accept: string | undefined): string | undefined {
  for (const part of (accept ?? '').split(',').map((one) => one.trim().toLowerCase())) {
    const [type = '', ...params] = part.split(';').map((one) => one.trim());
    if (type !== 'application/json' && type !== '*/*' && type !== 'application/*') continue;
    if (!params.includes('as=table')) return undefined;
    const version = params.find((param) => param.startsWith('v='))?.slice(2);
    if (params.includes('g=meta.k8s.io') && (version === 'v1' || version === 'v1beta1')) return version;
  }
  return undefined;
}

export interface TableOptions {
  readonly version: string;
  /** The parameter `includeObject`. */
  readonly include: string | undefined;
}

export type Listed = readonly [reading: NodeReading | PodReading, object: MetricsObject];

export function tableOf(listed: Iterable<Listed>, { version, include }: TableOptions): object {
  const apiVersion = `meta.k8s.io/${version}`;
  const rows = Array.from(listed, ([reading, object]) => ({
    cells: [object.metadata.name, ...sums(reading), object.window],
    ...(include === 'None' ? {} : { object: included(object, include, apiVersion) }),
  }));
  return { kind: 'Table', apiVersion, metadata: {}, columnDefinitions: COLUMNS, rows };
}

function included(object: MetricsObject, include: string | undefined, apiVersion: string): object {
  return include === 'Object' ? object : { kind: 'PartialObjectMetadata', apiVersion, metadata: object.metadata };
}

function sums(reading: NodeReading | PodReading): [cpu: string, memory: string] {
  const all = 'containers' in reading ? reading.containers : [reading];
  const sum = (of: 'nanocores' | 'memory'): number => all.reduce((total, one) => total + one[of], 0);
  return [cores(sum('nanocores')), bytes(sum('memory'))];
}
