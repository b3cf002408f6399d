/**
 * A kubelet's `/metrics/resource`: its text comes in, the same as of a summary goes out, with what it has: CPU time and working sets. For kubelets whose summaries we may not read. It tells no uid: a pod made anew under
 * its name is told by its start time, from Kubernetes 1.29 on.
 */
import type { PodUsage, Summary, Usage } from './summary.ts';

interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
  /** Unix milliseconds, 0 if it is not said. */
  readonly timeMs: number;
}

const LINE = /^([a-z_]+)(?:\{(.*)\})? (\S+)(?: (\d+))?$/;
/** Names of Kubernetes hold nothing that would have to be escaped. */
const LABEL = /([a-z_]+)="([^"\\]*)"/g;

function samplesOf(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const match = line.startsWith('#') ? null : LINE.exec(line);
    if (match === null) return [];
    const [, name = '', inside = '', value = '', time = '0'] = match;
    const labels = new Map([...inside.matchAll(LABEL)].map(([, key = '', of = '']) => [key, of]));
    return [{ name, labels, value: Number(value), timeMs: Number(time) }];
  });
}

/** `nowMs`: for what says no time. Throws for a page that has nothing of it. */
export function parseResource(text: string, nowMs: number): Summary {
  const usages = new Map<string, Building>();
  for (const { name, labels, value, timeMs } of samplesOf(text)) {
    const match = /^(node|pod|container)_(cpu_usage_seconds_total|memory_working_set_bytes|start_time_seconds)$/.exec(
      name,
    );
    if (match === null) continue;
    const key = [labels.get('namespace') ?? '', labels.get('pod') ?? '', labels.get('container') ?? ''];
    const place = JSON.stringify(match[1] === 'pod' ? key.slice(0, 2) : match[1] === 'node' ? [] : key);
    const known = usages.get(place) ?? { key: JSON.parse(place) as string[], usage: NOTHING };
    usages.set(place, {
      ...known,
      usage: withValue(known.usage, { what: match[2] as string, value, timeMs: timeMs || nowMs }),
    });
  }
  const node = usages.get('[]')?.usage;
  if (node === undefined) throw new Error('the kubelet’s answer has no numbers of its node');
  return { node: { ...node, network: undefined }, pods: podsOf([...usages.values()]) };
}

interface Building {
  readonly key: readonly string[];
  readonly usage: Usage;
}

const NONE = Number.NaN;
const NOTHING: Usage = {
  startMs: 0,
  cpu: { timeMs: 0, seconds: NONE },
  memory: { timeMs: 0, usage: NONE, workingSet: NONE, rss: NONE, pageFaults: NONE, majorFaults: NONE },
};

function withValue(
  before: Usage,
  { what, value, timeMs }: { readonly what: string; readonly value: number; readonly timeMs: number },
): Usage {
  if (what === 'start_time_seconds') return { ...before, startMs: Math.trunc(value * 1000) };
  if (what === 'cpu_usage_seconds_total') return { ...before, cpu: { timeMs, seconds: value } };
  return { ...before, memory: { ...before.memory, timeMs, workingSet: value } };
}

/** Kubelets before 1.20 tell of containers and not of pods. */
function podsOf(all: readonly Building[]): PodUsage[] {
  const pods = new Map<string, PodUsage>();
  const podAt = (namespace: string, name: string): PodUsage => {
    const uid = `${namespace}/${name}`;
    return pods.get(uid) ?? { ...NOTHING, namespace, name, uid, network: undefined, containers: [] };
  };
  for (const { key, usage } of all) {
    const [namespace = '', name = '', container] = key;
    if (name === '') continue;
    const before = podAt(namespace, name);
    const next = container === undefined ? { ...before, ...usage } : withContainer(before, container, usage);
    pods.set(next.uid, next);
  }
  return [...pods.values()];
}

function withContainer(pod: PodUsage, name: string, usage: Usage): PodUsage {
  return { ...pod, containers: [...pod.containers, { name, ...usage }] };
}
