/**
 * The workload of a pod: who made what made it. A ReplicaSet is asked for its Deployment and a Job for its CronJob, once each, by their metadata; where that may not be asked, a
 * Deployment is told by the hash that it puts behind its ReplicaSet's name, and a CronJob's runs are Jobs.
 */
import { field } from '../../../src/http/field.ts';
import { metadataAs } from '../../../src/kubernetes/accept.ts';
import { type ApiClient, ApiError } from '../../../src/kubernetes/client.ts';
import { controllerOf, type Owner, type PodFacts } from './podfacts.ts';

export interface Workload {
  readonly name: string;
  /** `deployment`, `statefulset`, `cronjob` …, `staticpod`, `barepod`. */
  readonly type: string;
}

export interface Owners {
  /** As far as it is known; what is not is asked for, and `onLearnt` tells when an answer has come. */
  workloadOf(pod: PodFacts): Workload;
  /** Kinds (`replicasets.apps`) that may not be asked for. */
  readonly forbidden: ReadonlySet<string>;
  /** Lets what was not answered or not allowed be asked again; false where there is nothing of that. */
  retry(): boolean;
}

export interface OwnersOptions {
  readonly client: ApiClient;
  readonly signal: AbortSignal;
  /** Whose owner has become known: the uid of the ReplicaSet or Job. */
  onLearnt(uid: string): void;
}

const META = metadataAs('PartialObjectMetadata');
/** Of what made pods, where they may have been made by something else. */
const ASKED: ReadonlyMap<string, string> = new Map([
  ['ReplicaSet', 'replicasets'],
  ['Job', 'jobs'],
]);
const MAX_KNOWN = 10_000;

/** `none`: nobody made it. `unknown`: not told (yet). */
type Above = Owner | 'none' | 'unknown';

export function createOwners({ client, signal, onLearnt }: OwnersOptions): Owners {
  const above = new Map<string, Above>();
  const forbidden = new Set<string>();
  /** Forbidden kinds that have been tried since the last retry: one question tells whether it is still so. */
  const tried = new Set<string>();

  async function learn(namespace: string, { apiVersion, kind, name, uid }: Owner): Promise<void> {
    const resource = ASKED.get(kind) as string;
    const path = `/apis/${apiVersion}/namespaces/${encodeURIComponent(namespace)}/${resource}/${encodeURIComponent(name)}`;
    try {
      const answer = await client.get(path, META, signal);
      above.set(uid, controllerOf(field(answer, 'metadata')) ?? 'none');
      forbidden.delete(kindOf({ apiVersion, kind }));
      onLearnt(uid);
    } catch (error) {
      if (error instanceof ApiError && error.status === 403) forbidden.add(kindOf({ apiVersion, kind }));
    }
  }

  function aboveOf(pod: PodFacts, owner: Owner): Above {
    const known = above.get(owner.uid);
    if (known !== undefined) return known;
    if (!ASKED.has(owner.kind) || !/^[a-z0-9.]+\/[a-z0-9]+$/.test(owner.apiVersion)) return 'none';
    const resource = kindOf(owner);
    if (forbidden.has(resource) && tried.has(resource)) return 'unknown';
    if (forbidden.has(resource)) tried.add(resource);
    if (above.size >= MAX_KNOWN) above.delete(above.keys().next().value as string);
    above.set(owner.uid, 'unknown');
    void learn(pod.namespace, owner);
    return 'unknown';
  }

  return {
    workloadOf(pod) {
      const { owner } = pod;
      if (owner === undefined) return { name: pod.name, type: pod.mirrorOf === '' ? 'barepod' : 'staticpod' };
      // A static pod's mirror belongs to its node.
      if (owner.kind === 'Node') return { name: pod.name, type: 'staticpod' };
      const found = aboveOf(pod, owner);
      if (typeof found === 'object') return workload(found);
      return (found === 'unknown' ? guessed(pod, owner) : undefined) ?? workload(owner);
    },
    forbidden,
    retry() {
      tried.clear();
      const unknown = [...above].filter(([, found]) => found === 'unknown');
      for (const [uid] of unknown) above.delete(uid);
      return unknown.length > 0 || forbidden.size > 0;
    },
  };
}

/** `replicasets.apps`, as rights are written. */
function kindOf({ apiVersion, kind }: Pick<Owner, 'apiVersion' | 'kind'>): string {
  return `${ASKED.get(kind)}.${apiVersion.replace(/\/.*/, '')}`;
}

function workload({ kind, name }: Owner): Workload {
  return { name, type: kind.toLowerCase() };
}

/** `web-6f9c` of a pod with the hash `6f9c` is the Deployment `web`'s. */
function guessed({ templateHash }: PodFacts, { kind, name }: Owner): Workload | undefined {
  const end = `-${templateHash}`;
  if (kind !== 'ReplicaSet' || templateHash === '' || !name.endsWith(end)) return undefined;
  return { name: name.slice(0, -end.length), type: 'deployment' };
}
