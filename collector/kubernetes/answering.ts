/** Nodes and pods as they were asked for: by version, namespace, name and selectors; readings in, objects out. */
import type { KnownLabels } from './knownlabels.ts';
import { type MetricsObject, nodeObject, podObject, type Version, versioned } from './objects.ts';
import type { Readings } from './readings.ts';
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

/** In order; throws a StatusError for a selector that is none. */
export function listed(source: Source, question: Question): Listed[] {
  const labelled = labelTest(question.labelSelector);
  const wanted = fieldTest(question.fieldSelector);
  const { readings, labels } = source;
  const { nowMs } = question;
  if (question.resource === 'nodes') {
    return readings
      .nodes(nowMs)
      .filter((node) => wanted({ name: node.name, namespace: '' }) && labelled(labels.ofNode(node)))
      .map((node) => [node, nodeObject(node, { nowMs, labels: labels.node(node.name) })]);
  }
  return readings
    .pods(nowMs, question.namespace || undefined)
    .filter((pod) => wanted(pod) && labelled(labels.ofPod(pod)))
    .map((pod) => [pod, podObject(pod, { nowMs, labels: labels.pod(pod.namespace, pod.name) })]);
}

/** Throws a StatusError for what is not there, or has no rate yet. */
export function single({ readings, labels }: Source, question: Question, name: string): Listed {
  const { nowMs, namespace } = question;
  const { words } = KINDS[question.resource];
  if (question.resource === 'nodes') {
    const node = readings.node(name, nowMs);
    if (node === undefined) throw notFound(words, name);
    return [node, nodeObject(node, { nowMs, labels: labels.node(name) })];
  }
  const pod = readings.pod(namespace, name, nowMs);
  if (pod === undefined) throw notFound(words, `${namespace}/${name}`);
  return [pod, podObject(pod, { nowMs, labels: labels.pod(namespace, name) })];
}

/** A list as JSON, one object after the other: of a large cluster it is megabytes. */
export function* listPieces(question: Question, items: readonly Listed[]): Generator<string> {
  const head = JSON.stringify({ ...versioned(KINDS[question.resource].list, question.version), metadata: {} });
  let before = `${head.slice(0, -1)},"items":[`;
  for (const [, object] of items) {
    yield before + JSON.stringify(object);
    before = ',';
  }
  yield items.length === 0 ? `${before}]}\n` : ']}\n';
}

export function singleObject({ resource, version }: Question, object: MetricsObject): object {
  return { ...versioned(KINDS[resource].item, version), ...object };
}
