/** Pods and workloads for the tests' cluster: of our one image, on its one node, with names that tests ask for. */
import { IMAGE } from './containerd.ts';

export interface ContainerSpec {
  readonly name: string;
  /** Runs under `sh -c`. */
  readonly script: string;
  readonly requests?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, string>>;
}

export interface PodOptions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly init?: readonly ContainerSpec[];
  readonly hostNetwork?: boolean;
}

/** Does nothing, and ends when it is told to. */
export const REST = 'trap "exit 0" TERM; sleep 100000 & wait';

export function podSpec(containers: readonly ContainerSpec[], { init = [], hostNetwork = false }: PodOptions = {}) {
  return {
    nodeName: 'node-1',
    hostNetwork,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 1,
    initContainers: init.map(container),
    containers: containers.map(container),
  };
}

function container({ name, script, requests, limits }: ContainerSpec) {
  const resources = { ...(requests ? { requests } : {}), ...(limits ? { limits } : {}) };
  return { name, image: IMAGE, imagePullPolicy: 'Never', command: ['/bin/sh', '-c', script], resources };
}

export function pod(name: string, containers: readonly ContainerSpec[], options: PodOptions = {}): object {
  const { labels = {} } = options;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels },
    spec: podSpec(containers, options),
  };
}

export function deployment(name: string, containers: readonly ContainerSpec[], replicas = 1): object {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podSpec(containers) },
    },
  };
}

/** Of a Deployment, by the share of the CPU that its pods ask for. */
export function autoscaler(
  name: string,
  { min, max, percent }: { readonly min: number; readonly max: number; readonly percent: number },
): object {
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name, namespace: 'default' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      minReplicas: min,
      maxReplicas: max,
      targetCPUUtilizationPercentage: percent,
    },
  };
}

/** One that does not run by itself before long. */
export function cronJob(name: string): object {
  return {
    apiVersion: 'batch/v1beta1',
    kind: 'CronJob',
    metadata: { name, namespace: 'default' },
    spec: { schedule: '0 0 1 1 *', suspend: true, jobTemplate: { spec: jobSpec([{ name, script: REST }]) } },
  };
}

/** A run of it, as its controller would make one. */
export function runOf(cron: string, uid: string, name: string): object {
  const owner = { apiVersion: 'batch/v1beta1', kind: 'CronJob', name: cron, uid, controller: true };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: 'default', ownerReferences: [owner] },
    spec: jobSpec([{ name: cron, script: REST }]),
  };
}

function jobSpec(containers: readonly ContainerSpec[]): object {
  return { backoffLimit: 0, template: { spec: { ...podSpec(containers), restartPolicy: 'Never' } } };
}
