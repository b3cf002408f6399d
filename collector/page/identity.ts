/** Who a thing is, for the page: its labels come in, the few words that people know it by go out. Foreign text stays text. */
import { type Labels, labelValue } from '../../src/model/labels.ts';
import type { Thing } from './reading.ts';

export interface Identity {
  /** Its number in the messages of this run. */
  readonly n: number;
  readonly kind: 'container' | 'host' | 'cgroup';
  readonly node: string;
  /** As in the series' label `id`. */
  readonly id: string;
  readonly name: string;
  readonly image?: string;
  readonly project?: string;
  readonly service?: string;
  readonly namespace?: string;
  readonly pod?: string;
  /** What `container_info` or `machine_info` says: `hostname`, `kernel`, `os`. */
  readonly facts?: Readonly<Record<string, string>>;
  /** Thresholds of its own, by what comes after `plimsoll.alert.`: `memory: '90'`. */
  readonly alerts?: Readonly<Record<string, string>>;
}

const LABEL = 'container_label_';
const ALERT = `${LABEL}plimsoll_alert_`;

/** Which labels name the project and the service, the better known ones first; with the name of the level's group. */
const SERVICES = [
  ['com_docker_compose_project', 'com_docker_compose_service'],
  ['com_docker_stack_namespace', 'com_docker_swarm_service_name'],
] as const;

export function identityOf({ kind, node, entity, facts }: Thing, n: number): Identity {
  const { labels } = entity;
  const label = (name: string): string | undefined => labelValue(labels, name);
  const id = label('id') ?? entity.key;
  const [project, service] =
    SERVICES.map((pair) => pair.map((name) => label(LABEL + name))).find(([, own]) => own) ?? [];
  const alerts = alertsOf(labels);
  return {
    n,
    // It is none of the containers; what it shows is its pod's network.
    kind: kind === 'sandbox' ? 'cgroup' : kind,
    node,
    id,
    name: kind === 'host' ? node || '(this host)' : (ownName(label) ?? label('name') ?? id),
    ...known('image', label('image')),
    ...known('project', project),
    ...known('service', service),
    ...known('namespace', label('namespace') ?? label(`${LABEL}io_kubernetes_pod_namespace`)),
    ...known('pod', label('pod') ?? label(`${LABEL}io_kubernetes_pod_name`)),
    ...(facts.size > 0 ? { facts: Object.fromEntries(facts) } : {}),
    ...(alerts.length > 0 ? { alerts: Object.fromEntries(alerts) } : {}),
  };
}

/** Of a pod or its container: what runtimes call them are ids. */
function ownName(label: (name: string) => string | undefined): string | undefined {
  const pod = label('pod');
  const container = label('container');
  return pod !== undefined && container !== undefined ? `${pod}/${container}` : pod;
}

function known<K extends string>(key: K, value: string | undefined): { [k in K]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { [k in K]?: string };
}

/** The names are ours, after a prefix of ours; the values are foreign. */
function alertsOf({ names, values }: Labels): [string, string][] {
  return names.flatMap((name, i): [string, string][] =>
    name.startsWith(ALERT) ? [[name.slice(ALERT.length), values[i] as string]] : [],
  );
}
