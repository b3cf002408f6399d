/**
 * What the API server knows of this node's pods, kept up to date: a container's record comes in, labels and requests go out. Where the server may not be asked, or is away, what is
 * known stays; nothing else of the agent depends on it.
 */
import { field, textField } from '../../../src/http/field.ts';
import { type ApiClient, ApiError } from '../../../src/kubernetes/client.ts';
import { startWatched, type Watched } from '../../../src/kubernetes/watched.ts';
import type { Log } from '../../../src/log.ts';
import { type LabelPair, type Labels, labelName, labels, NO_LABELS } from '../../../src/model/labels.ts';
import type { Clock } from '../../../src/run/clock.ts';
import { globs } from '../../docker/glob.ts';
import type { Requests } from '../../container.ts';
import type { CriRecord } from '../record.ts';
import { createOwners, type Owners } from './owners.ts';
import { type PodFacts, podFacts, sameFacts } from './podfacts.ts';

type Who = Pick<CriRecord, 'namespace' | 'pod' | 'uid' | 'container'>;

export interface PodDirectory {
  /** `workload`, `workload_type`, and the pod's own labels as far as they are allowed. */
  labelsOf(record: Who): Labels;
  /** Undefined where it is not known. */
  requestsOf(record: Who): Requests | undefined;
  /** Calls back with who may have other labels now; undefined for everyone. */
  onChange(listener: (isMeant: (record: Who) => boolean) => void): void;
  /** Resolves after the first answer, or when that takes too long. */
  start(): Promise<void>;
  /** How it stands, in words; empty for well. */
  readonly trouble: string;
  /** What may not be read, with the remedy: a line each. */
  missing(): string[];
  readonly pods: number;
  close(): Promise<void>;
}

export interface PodDirectoryOptions {
  readonly client: ApiClient;
  /** As Kubernetes calls it. */
  readonly node: string;
  /** Globs on pods' labels. */
  readonly podLabels: readonly string[];
  /** Whether pods are read whole, which tells their requests, and not their metadata alone. */
  readonly requests: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

const NOT_ASKED = 'the API server has not been asked yet';
const START_MS = 5000;
const RETRY_OWNERS_MS = 60_000;
/** What has gone from the API server is known for so long. */
const KEEP_MS = 10 * 60_000;
const MAX_VALUE = 1024;

export function createPodDirectory(options: PodDirectoryOptions): PodDirectory {
  const { client, node, requests, clock, log } = options;
  const allowed = globs(options.podLabels);
  const abort = new AbortController();
  /** By uid, and of static pods by the uid that they have on the node too. */
  const byUid = new Map<string, PodFacts>();
  const listeners = new Set<(isMeant: (record: Who) => boolean) => void>();
  let watched: Watched | undefined;
  let cancelRetry = (): void => undefined;
  const tell = (isMeant: (record: Who) => boolean): void => {
    for (const listener of listeners) listener(isMeant);
  };
  const owners = createOwners({
    client,
    signal: abort.signal,
    onLearnt: (uid) => tell((record) => byUid.get(record.uid)?.owner?.uid === uid),
  });

  const table = createTable(byUid, { allowed, owners, tell, clock });

  function retryOwners(): void {
    cancelRetry = clock.after(RETRY_OWNERS_MS, () => {
      if (owners.retry()) tell((record) => byUid.has(record.uid));
      retryOwners();
    });
  }

  return {
    labelsOf(record) {
      const facts = byUid.get(record.uid);
      if (facts === undefined) return NO_LABELS;
      const { name, type } = owners.workloadOf(facts);
      const own = [...facts.labels].map(([key, value]): LabelPair => [labelName('pod_label_', key), value]);
      const pairs: LabelPair[] = [['workload', name], ['workload_type', type], ...own];
      return labels(pairs.map(([key, value]) => [key, value.slice(0, MAX_VALUE)]));
    },
    requestsOf: ({ uid, container }) => byUid.get(uid)?.requests?.get(container),
    onChange: (listener) => void listeners.add(listener),
    start: () =>
      new Promise<void>((resolve) => {
        const cancel = clock.after(START_MS, resolve);
        const settled = (): void => {
          cancel();
          resolve();
        };
        watched = startWatched({
          client,
          path: '/api/v1/pods',
          query: { fieldSelector: `spec.nodeName=${node}` },
          metadataOnly: !requests,
          list: 'cached',
          what: 'pods',
          onList: table.takeAll,
          onPut: table.put,
          onGone: table.drop,
          onState: settled,
          clock,
          log,
        });
        retryOwners();
      }),
    get trouble() {
      return watched === undefined ? NOT_ASKED : (watched.trouble?.message ?? '');
    },
    missing: () => missingWords(watched?.trouble, owners.forbidden),
    get pods() {
      return new Set(byUid.values()).size;
    },
    async close() {
      abort.abort(new Error('closed'));
      cancelRetry();
      await watched?.stop();
      await client.close();
    },
  };
}

interface TableAround {
  readonly allowed: (label: string) => boolean;
  readonly owners: Owners;
  readonly clock: Clock;
  tell(isMeant: (record: Who) => boolean): void;
}

/** Lists and events become the map of pods, and who changed is told. */
function createTable(byUid: Map<string, PodFacts>, { allowed, owners, clock, tell }: TableAround) {
  function settle(facts: PodFacts): void {
    const before = byUid.get(facts.uid);
    for (const uid of [facts.uid, facts.mirrorOf]) if (uid !== '') byUid.set(uid, facts);
    // A pod is there before its containers are: its owner is known when they come.
    owners.workloadOf(facts);
    if (before === undefined || !sameFacts(before, facts)) tell((record) => byUid.get(record.uid) === facts);
  }

  return {
    put(item: unknown): void {
      const facts = podFacts(item, allowed);
      if (facts !== undefined) settle(facts);
    },
    takeAll(items: readonly unknown[]): void {
      const there = items.flatMap((item) => podFacts(item, allowed) ?? []);
      const uids = new Set(there.flatMap(({ uid, mirrorOf }) => [uid, mirrorOf]));
      for (const uid of byUid.keys()) if (!uids.has(uid)) byUid.delete(uid);
      owners.retry();
      for (const facts of there) settle(facts);
    },
    /** Its containers may live on for a while (`--force`), and are looked at once more when they end. */
    drop(item: unknown): void {
      const facts = byUid.get(textField(field(item, 'metadata'), 'uid') ?? '');
      if (facts === undefined) return;
      clock.after(KEEP_MS, () => {
        for (const uid of [facts.uid, facts.mirrorOf]) if (byUid.get(uid) === facts) byUid.delete(uid);
      });
    },
  };
}

const REMEDY = 'see deploy/kubernetes/with-api';

function missingWords(trouble: Error | undefined, forbidden: ReadonlySet<string>): string[] {
  if (trouble instanceof ApiError && trouble.status === 403)
    return [
      `the API server lets nobody like us list and watch pods (${trouble.words}); ${REMEDY}. Labels and workloads of pods are missing`,
    ];
  if (trouble instanceof ApiError && trouble.status === 401)
    return [`the API server does not know who we are (${trouble.words}): is the service account's token mounted?`];
  const kinds = [...forbidden].map((kind) =>
    kind.startsWith('replicasets')
      ? 'replicasets.apps: their owners are told by the pods’ label pod-template-hash'
      : `${kind}: runs of CronJobs are shown as Jobs`,
  );
  return kinds.map((words) => `the API server does not let us get ${words}; ${REMEDY}`);
}
