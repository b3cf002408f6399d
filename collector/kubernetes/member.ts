/** Whose numbers metrics.k8s.io tells: an entity comes in; a pod's container or the node itself goes out, by the labels of the runtime's files or of the kubelet on Docker. */
import { type Labels, labelValue } from '../../src/model/labels.ts';
import type { Entity } from '../../src/model/table.ts';

export interface Member {
  readonly kind: 'container' | 'node';
  readonly entity: Entity;
  /** Empty for the node. */
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

const LABELS = {
  namespace: ['namespace', 'container_label_io_kubernetes_pod_namespace'],
  pod: ['pod', 'container_label_io_kubernetes_pod_name'],
  container: ['container', 'container_label_io_kubernetes_container_name'],
} as const;

/** The pause container, as the kubelet called it on Docker. */
const PAUSE = 'POD';

/** Undefined for pods’ own cgroups, pause, and containers of no pod. */
export function memberOf(entity: Entity): Member | undefined {
  if (entity.kind === 'host') return { kind: 'node', entity, namespace: '', pod: '', container: '' };
  if (entity.kind !== 'container') return undefined;
  const [namespace, pod, container] = [
    told(entity.labels, LABELS.namespace),
    told(entity.labels, LABELS.pod),
    told(entity.labels, LABELS.container),
  ];
  if (!namespace || !pod || !container || container === PAUSE) return undefined;
  return { kind: 'container', entity, namespace, pod, container };
}

function told(set: Labels, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = labelValue(set, name);
    if (value !== undefined) return value;
  }
  return undefined;
}
