/** What is asked of the model: a path below `/api/v1/model` comes in, taken apart; whom it is about goes out as matchers of PromQL. */
import type { About, Level } from './metrics.ts';

export type Asked =
  /** Names of what there is: nodes, namespaces, pods, containers. */
  | { readonly kind: 'list'; readonly of: 'node' | 'namespace' | 'pod' | 'container'; readonly matchers: string }
  | { readonly kind: 'names'; readonly level: Level; readonly about: About }
  | { readonly kind: 'values'; readonly metric: string; readonly about: About }
  /** The same of several pods, in order. */
  | { readonly kind: 'several'; readonly metric: string; readonly about: readonly About[] }
  | { readonly kind: 'keys' };

/** The series that say who is there. */
export const PRESENCE = 'container_memory_working_set_bytes';

/** Undefined for a path that Heapster had not got. */
export function askedIn(path: string): Asked | undefined {
  const parts = path.split('/').filter((part) => part !== '');
  if (parts.join('/') === 'debug/allkeys') return { kind: 'keys' };
  const [first, ...others] = parts;
  if (first === 'metrics') return metrics({ level: 'cluster', matchers: 'namespace!="",pod!=""' }, others);
  if (first === 'nodes') return ofNodes(others);
  if (first === 'namespaces') return ofNamespaces(others);
  return undefined;
}

function metrics(about: About, [first, ...others]: readonly string[]): Asked {
  if (first === undefined) return { kind: 'names', level: about.level, about };
  return { kind: 'values', metric: [first, ...others].join('/'), about };
}

function ofNodes([node, what, ...others]: readonly string[]): Asked | undefined {
  if (node === undefined) return { kind: 'list', of: 'node', matchers: 'id="/"' };
  if (what === 'metrics') return metrics({ level: 'node', matchers: `id="/",node=${quoted(node)}` }, others);
  // Containers of no pod: the kubelet's own, which are no containers here.
  return what === 'freecontainers' && others.length === 0
    ? { kind: 'list', of: 'container', matchers: 'id="none"' }
    : undefined;
}

function ofNamespaces([namespace, what, ...others]: readonly string[]): Asked | undefined {
  if (namespace === undefined) return { kind: 'list', of: 'namespace', matchers: 'namespace!=""' };
  const matchers = `namespace=${quoted(namespace)}`;
  if (what === 'metrics') return metrics({ level: 'namespace', matchers }, others);
  if (what === 'pod-list') {
    const [pods = '', word, ...metric] = others;
    if (word !== 'metrics' || metric.length === 0) return undefined;
    const about = pods.split(',').map((pod) => podOf(matchers, pod));
    return { kind: 'several', metric: metric.join('/'), about };
  }
  return what === 'pods' ? ofPods(matchers, others) : undefined;
}

function ofPods(namespace: string, [pod, what, ...others]: readonly string[]): Asked | undefined {
  if (pod === undefined) return { kind: 'list', of: 'pod', matchers: `${namespace},pod!=""` };
  const about = podOf(namespace, pod);
  if (what === 'metrics') return metrics(about, others);
  if (what !== 'containers') return undefined;
  const [container, word, ...metric] = others;
  if (container === undefined) return { kind: 'list', of: 'container', matchers: `${about.matchers},container!=""` };
  if (word !== 'metrics') return undefined;
  return metrics({ level: 'container', matchers: `${about.matchers},container=${quoted(container)}` }, metric);
}

function podOf(namespace: string, pod: string): About {
  return { level: 'pod', matchers: `${namespace},pod=${quoted(pod)}` };
}

/** As PromQL wants it; JSON's escapes are among its own. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}
