/**
 * The labels of pods and nodes, for selectors: of the API server where it may be asked (names and labels alone, of running pods), kept current by a watch. Without
 * it, what series carry of them.
 */
import type { Log } from '../../src/log.ts';
import { labelName, type Labels, labelValue } from '../../src/model/labels.ts';
import type { Clock } from '../../src/run/clock.ts';
import type { ApiClient } from '../../src/kubernetes/client.ts';
import { startWatched, type Watched } from '../../src/kubernetes/watched.ts';
import type { NodeReading, PodReading } from './nodereadings.ts';
import type { LabelOf } from './selectors.ts';

export type Pairs = ReadonlyMap<string, string>;

export interface KnownLabels {
  /** As the API server has them; undefined where it is not asked, or knows no such pod. */
  pod(namespace: string, name: string): Pairs | undefined;
  node(name: string): Pairs | undefined;
  /** For selectors. */
  ofPod(reading: PodReading): LabelOf;
  ofNode(reading: NodeReading): LabelOf;
  /** By what is watched: why it is not current, or undefined. */
  troubles(): ReadonlyMap<string, string | undefined>;
  stop(): Promise<void>;
}

interface Metadata {
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

const NONE: Pairs = new Map();
/** What an agent makes of a container's or pod's labels. */
const PREFIXES = ['pod_label_', 'label_', 'container_label_'];

export function watchLabels(client: ApiClient, { clock, log }: { clock: Clock; log: Log }): KnownLabels {
  const common = { client, metadataOnly: true, list: 'paged', clock, log } as const;
  const pods = table();
  const nodes = table();
  const query = { fieldSelector: 'status.phase=Running' };
  const watches: Readonly<Record<string, Watched>> = {
    pods: startWatched({ ...common, path: '/api/v1/pods', query, what: 'pods', ...pods.taking }),
    nodes: startWatched({ ...common, path: '/api/v1/nodes', query: {}, what: 'nodes', ...nodes.taking }),
  };
  const told = (pairs: Pairs | undefined, watch: Watched | undefined, series: () => LabelOf): LabelOf => {
    // One that the list has not got is no running pod, or came a moment ago.
    const own = pairs ?? (watch?.synced ? NONE : undefined);
    return own ? (key) => own.get(key) : series();
  };
  return {
    pod: (namespace, name) => pods.get(`${namespace}/${name}`),
    node: (name) => nodes.get(`/${name}`),
    ofPod: (reading) =>
      told(pods.get(`${reading.namespace}/${reading.name}`), watches.pods, () => seriesLabels(reading)),
    ofNode: ({ name }) => told(nodes.get(`/${name}`), watches.nodes, () => () => undefined),
    troubles: () => new Map(Object.entries(watches).map(([what, { trouble }]) => [what, trouble?.message])),
    async stop() {
      await Promise.all(Object.values(watches).map((watch) => watch.stop()));
    },
  };
}

/** Where no API server is asked. */
export const SERIES_LABELS: KnownLabels = {
  pod: () => undefined,
  node: () => undefined,
  ofPod: seriesLabels,
  ofNode: () => () => undefined,
  troubles: () => new Map(),
  stop: async () => undefined,
};

function seriesLabels({ containers }: PodReading): LabelOf {
  const sets: readonly Labels[] = containers.map(({ entity }) => entity.labels);
  return (key) => {
    for (const set of sets)
      for (const prefix of PREFIXES) {
        const value = labelValue(set, labelName(prefix, key));
        if (value !== undefined) return value;
      }
    return undefined;
  };
}

/** Many pods have the same few keys and values: each text is there once. */
function table() {
  let all = new Map<string, Pairs>();
  let texts = new Map<string, string>();
  const one = (text: string): string => {
    const known = texts.get(text);
    if (known === undefined) texts.set(text, text);
    return known ?? text;
  };
  const keyOf = ({ metadata = {} }: Metadata): string => `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
  const put = (object: unknown): void => {
    const pairs = Object.entries((object as Metadata).metadata?.labels ?? {});
    all.set(keyOf(object as Metadata), new Map(pairs.map(([key, value]) => [one(key), one(value)])));
  };
  return {
    get: (key: string): Pairs | undefined => all.get(key),
    taking: {
      onList: (items: readonly unknown[]): void => {
        all = new Map();
        texts = new Map();
        for (const item of items) put(item);
      },
      onPut: put,
      onGone: (object: unknown): void => void all.delete(keyOf(object as Metadata)),
    },
  };
}
