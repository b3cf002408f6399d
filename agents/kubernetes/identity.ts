/**
 * A runtime's record as the rest of the agent takes containers: what an engine would have said of it, with the labels that the kubelet's own
 * `/metrics/cadvisor` has: `namespace`, `pod`, `container`, `id`, `image`, `name`. A sandbox (its pause process) has no `container`.
 */
import { type LabelPair, type Labels, labels, labelName, mergeLabels } from '../../src/model/labels.ts';
import type { Inspected } from '../docker/engine/api.ts';
import { NO_PLACES } from '../docker/engine/places.ts';
import type { CriRecord } from './record.ts';

/** In characters; what is longer is cut. Kubernetes' own names are shorter, an image's may be anything. */
const MAX_VALUE = 1024;

/** As if an engine had been asked. `restarts` is the number of the container's attempt. */
export function inspectedFrom(record: CriRecord): Inspected {
  const { type, limits, hostNetwork } = record;
  const runs = record.pid > 0 && record.finishedMs === 0;
  return {
    id: record.id,
    name: record.name,
    image: record.image,
    imageId: record.imageId,
    imageDigest: '',
    labels: labelsOf(record),
    env: [],
    state: runs ? 'running' : record.finishedMs > 0 ? 'exited' : 'created',
    pid: record.pid,
    exitCode: record.exitCode,
    oomKilled: record.oomKilled === true,
    createdMs: record.createdMs,
    startedMs: record.startedMs,
    finishedMs: record.finishedMs,
    restarts: record.attempt ?? (type === 'container' ? undefined : 0),
    health: 'none',
    failingStreak: undefined,
    hostname: record.hostname,
    // A pod's interfaces are counted once, on its sandbox; those of the host, on the host.
    networkMode: type === 'container' ? `container:${record.sandboxId}` : hostNetwork ? 'host' : 'default',
    ports: '',
    restartPolicy: '',
    runtime: '',
    cgroupParent: '',
    cgroupPath: record.cgroupPath,
    cpuShares: limits.cpuShares,
    limits,
    places: NO_PLACES,
  };
}

/** Under the names that the kubelet gives Docker's containers too, so that filters are the same for every runtime. */
function labelsOf(record: CriRecord): Map<string, string> {
  const own = new Map(record.labels);
  const add = (name: string, value: string): void => {
    if (value !== '') own.set(`io.kubernetes.${name}`, value);
  };
  add('pod.namespace', record.namespace);
  add('pod.name', record.pod);
  add('pod.uid', record.uid);
  add('container.name', record.container);
  return own;
}

/** What the kubelet calls a container and its pod; `id` is the cgroup's path. `further`: of the pod, from the API server. */
export function kubeLabels(record: CriRecord, cgroupPath: string, further: Labels): Labels {
  const isPod = record.type !== 'plain';
  const pairs: LabelPair[] = [
    ['id', cgroupPath],
    ['name', record.name],
    ['image', record.image],
    ['namespace', isPod ? record.namespace : ''],
    ['pod', isPod ? record.pod : ''],
    ['container', record.container],
  ];
  return mergeLabels(labels(pairs.map(([name, value]) => [name, value.slice(0, MAX_VALUE)])), further);
}

/** A plain container's own labels, as far as they are allowed: the same names that Docker's have. */
export function allowedLabels(record: CriRecord, allowed: (key: string) => boolean): Labels {
  const own = [...record.labels].filter(([key]) => allowed(key));
  return labels(own.map(([key, value]) => [labelName('container_label_', key), value.slice(0, MAX_VALUE)]));
}
