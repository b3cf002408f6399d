/** Nodes and pods as they were asked for: by version, namespace, name and selectors; readings in, objects out. */
import type { KnownLabels } from './knownlabels.ts';
import { type MetricsObject, nodeObject, podObject, type Version, versioned } from './objects.ts';
import type { Readings } from './readings.ts';
import { instant } from './quantity.ts';
import { fieldTest, labelTest } from './selectors.ts';
import { notFound } from './status.ts';
import type { Listed } from './table.ts';

export interface Source {
  readonly readings: Pick<Readings, 'nodes' | 'node' | 'pods' | 'pod'>;
  readonly labels: Pick<KnownLabels, 'pod' | 'node' | 'ofPod' | 'ofNode'>;
}

export interface Question {
  readonly resource: 'nodes' | 'pods';
  readonly version: Version;
  /** Empty for all. */
  readonly namespace: string;
  readonly nowMs: number;
  readonly labelSelector: string;
  readonly fieldSelector: string;
}

export const KINDS = {
  nodes: { item: 'NodeMetrics', list: 'NodeMetricsList', words: 'nodemetrics' },
  pods: { item: 'PodMetrics', list: 'PodMetricsList', words: 'podmetrics' },
} as const;

/** In order, each made when it is taken: of a large cluster they are many. Throws a StatusError for a selector that is none. */
export function listed({ readings, labels }: Source, question: Question): Iterable<Listed> {
  // Without a selector nobody's labels are looked up for it.
  const labelled = question.labelSelector === '' ? undefined : labelTest(question.labelSelector);
  const wanted = fieldTest(question.fieldSelector);
  const { nowMs, resource, namespace } = question;
  const now = instant(nowMs);
  if (resource === 'nodes') {
    const nodes = readings
      .nodes(nowMs)
      .filter((node) => wanted({ name: node.name, namespace: '' }) && (labelled?.(labels.ofNode(node)) ?? true));
    return each(nodes, (node) => nodeObject(node, { now, labels: labels.node(node.name) }));
  }
  const pods = readings
    .pods(nowMs, namespace || undefined)
    .filter((pod) => wanted(pod) && (labelled?.(labels.ofPod(pod)) ?? true));
  return each(pods, (pod) => podObject(pod, { now, labels: labels.pod(pod.namespace, pod.name) }));
}

function* each<T extends Listed[0]>(readings: readonly T[], make: (reading: T) => MetricsObject): Generator<Listed> {
  for (const reading of readings) yield [reading, make(reading)];
}

/** Throws a StatusError for what is not there, or has no rate yet. */
export function single({ readings, labels }: Source, question: Question, name: string): Listed {
  const { nowMs, namespace } = question;
  const now = instant(nowMs);
  const { words } = KINDS[question.resource];
  if (question.resource === 'nodes') {
    const node = readings.node(name, nowMs);
    if (node === undefined) throw notFound(words, name);
    return [node, nodeObject(node, { now, labels: labels.node(name) })];
  }
  const pod = readings.pod(namespace, name, nowMs);
  if (pod === undefined) throw notFound(words, `${namespace}/${name}`);
  return [pod, podObject(pod, { now, labels: labels.pod(namespace, name) })];
}

/** A list as JSON, one object after the other: of a large cluster it is megabytes. */
export function* listPieces(question: Question, items: Iterable<Listed>): Generator<string> {
  const head = JSON.stringify({ ...versioned(KINDS[question.resource].list, question.version), metadata: {} });
  yield `${head.slice(0, -1)},"items":[`;
  let comma = '';
  for (const [, object] of items) {
    yield comma + JSON.stringify(object);
    comma = ',';
  }
  yield ']}\n';
}

export function singleObject({ resource, version }: Question, object: MetricsObject): object {
  return { ...versioned(KINDS[resource].item, version), ...object };
}
