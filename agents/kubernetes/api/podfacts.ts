/** What the API server says of a pod, as far as it is wanted: a pod or its metadata comes in, a few facts go out. Everything else of it, its environment too, is dropped here. */
import type { Requests } from '../../container.ts';
import { field, listField, textField, textMapField, trueField } from '../../../src/http/field.ts';
import { quantity } from './quantity.ts';

export interface Owner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

export interface PodFacts {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** Those that are allowed. */
  readonly labels: ReadonlyMap<string, string>;
  /** Who made it and looks after it; undefined for one that somebody made by hand. */
  readonly owner: Owner | undefined;
  /** What a Deployment's ReplicaSet puts behind the Deployment's name. */
  readonly templateHash: string;
  /** Of a static pod: the uid that it has on the node. */
  readonly mirrorOf: string;
  /** By container, init containers too; undefined where only the metadata was asked for. */
  readonly requests: ReadonlyMap<string, Requests> | undefined;
}

const MIRROR = 'kubernetes.io/config.mirror';

/** Undefined for what is no pod. */
export function podFacts(object: unknown, allowed: (label: string) => boolean): PodFacts | undefined {
  const metadata = field(object, 'metadata');
  const [uid, namespace, name] = ['uid', 'namespace', 'name'].map((key) => textField(metadata, key));
  if (uid === undefined || namespace === undefined || name === undefined) return undefined;
  const labels = textMapField(metadata, 'labels');
  return {
    uid,
    namespace,
    name,
    labels: new Map([...labels].filter(([key]) => allowed(key))),
    owner: controllerOf(metadata),
    templateHash: labels.get('pod-template-hash') ?? '',
    mirrorOf: textMapField(metadata, 'annotations').get(MIRROR) ?? '',
    requests: requestsOf(field(object, 'spec')),
  };
}

/** The one owner that looks after it. */
export function controllerOf(metadata: unknown): Owner | undefined {
  const owner = listField(metadata, 'ownerReferences').find((one) => trueField(one, 'controller'));
  if (owner === undefined) return undefined;
  const text = (key: string): string => textField(owner, key) ?? '';
  return { apiVersion: text('apiVersion'), kind: text('kind'), name: text('name'), uid: text('uid') };
}

function requestsOf(spec: unknown): Map<string, Requests> | undefined {
  if (spec === undefined) return undefined;
  const containers = [...listField(spec, 'containers'), ...listField(spec, 'initContainers')];
  return new Map(
    containers.map((container) => {
      const asked = textMapField(field(container, 'resources'), 'requests');
      const of = (key: string): number => quantity(asked.get(key) ?? '');
      return [textField(container, 'name') ?? '', { cpu: of('cpu'), memory: of('memory') }];
    }),
  );
}

/** Whether two say the same. */
export function sameFacts(a: PodFacts, b: PodFacts): boolean {
  return comparable(a) === comparable(b);
}

function comparable({ labels, requests, ...rest }: PodFacts): string {
  const asked = [...(requests ?? [])].map(([name, { cpu, memory }]) => [name, String(cpu), String(memory)]);
  return JSON.stringify([rest, [...labels], asked]);
}
