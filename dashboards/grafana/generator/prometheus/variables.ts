/**
 * The variables, each with what depends on it: cluster → (collector) → host → project → service → container. Every dashboard has all of
 * its chain, hidden where it does not matter, so that links keep what was chosen.
 */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  CustomVariableBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableHide,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { COMPOSE, DATASOURCE, SWARM } from './query.ts';

type Variable = Builder<VariableModel>;

const ALL = { selected: true, text: ['All'], value: ['$__all'] };

interface Choice {
  readonly name: string;
  readonly label: string;
  readonly query: string;
  readonly regex?: string;
  /** What All stands for, where that is more than the list: also those without the label. */
  readonly all?: string;
  readonly hidden?: boolean;
}

function choice({ name, label, query, regex = '', all, hidden = false }: Choice): Variable {
  const variable = new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query({ query, refId: `variable-${name}` })
    .definition(query)
    .regex(regex)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc)
    .multi(true)
    .includeAll(true)
    .current(ALL)
    .hide(hidden ? VariableHide.HideVariable : VariableHide.DontHide);
  return all === undefined ? variable : variable.allValue(all);
}

/** One series of each container that the engine knows, running or not. */
const EACH = 'container_state{state="running"';

/** The values of a label that Compose and Swarm call by different names. */
function ofEither(label: 'project' | 'service', chosen: (names: typeof COMPOSE) => string): string {
  const each = [COMPOSE, SWARM].map((names) => {
    const selector = `${EACH}, node=~"$host", ${names[label]}!=""${chosen(names)}}`;
    return `label_replace(${selector}, "${label}", "$1", "${names[label]}", "(.*)")`;
  });
  return `query_result(count by (${label}) (${each.join(' or ')}))`;
}

const NAMES = [COMPOSE, SWARM].map(
  (names) => `${EACH}, node=~"$host", ${names.project}=~"$project", ${names.service}=~"$service"}`,
);

const datasource = new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus');

/** `hidden` ones stay in the address. */
export interface Shown {
  readonly hidden?: readonly string[];
}

const CHAIN: readonly Choice[] = [
  { name: 'cluster', label: 'Cluster', query: 'label_values(cluster_containers, cluster)' },
  {
    name: 'collector',
    label: 'Collector',
    query: 'label_values(cluster_containers{cluster=~"$cluster"}, instance)',
    hidden: true,
  },
  { name: 'host', label: 'Host', query: 'label_values(node_containers{instance=~"$collector"}, node)' },
  {
    name: 'project',
    label: 'Project',
    query: ofEither('project', () => ''),
    regex: '/project="([^"]*)"/',
    all: '.*',
  },
  {
    name: 'service',
    label: 'Service',
    query: ofEither('service', ({ project }) => `, ${project}=~"$project"`),
    regex: '/service="([^"]*)"/',
    all: '.*',
  },
  {
    name: 'container',
    label: 'Container',
    query: `query_result(count by (name) (${NAMES.join(' or ')}))`,
    regex: '/name="([^"]*)"/',
  },
];

const TOP = new CustomVariableBuilder('top')
  .label('Lines')
  .description('How many containers a graph shows: those that had most in the time shown. Tables have all.')
  .values('5,10,20,50')
  .current({ selected: true, text: '10', value: '10' });

function chain(names: readonly string[], { hidden = [] }: Shown): Variable[] {
  return CHAIN.filter(({ name }) => names.includes(name)).map((one) =>
    choice({ ...one, hidden: one.hidden ?? hidden.includes(one.name) }),
  );
}

/** Of the dashboards about containers. */
export function containerVariables(shown: Shown = {}): Variable[] {
  return [datasource, ...chain(['cluster', 'collector', 'host', 'project', 'service', 'container'], shown), TOP];
}

export function kubernetesVariables(): Variable[] {
  const within = 'instance=~"$collector"';
  return [
    datasource,
    ...chain(['cluster', 'collector'], {}),
    choice({
      name: 'namespace',
      label: 'Namespace',
      query: `label_values(namespace_containers{${within}}, namespace)`,
    }),
    choice({
      name: 'pod',
      label: 'Pod',
      query: `label_values(pod_containers{${within}, namespace=~"$namespace"}, pod)`,
    }),
    TOP,
  ];
}

/** Of the pipeline itself: its agents and collectors are told apart by the address at which Prometheus asks them. */
export function pipelineVariables(): Variable[] {
  return [
    datasource,
    choice({ name: 'job', label: 'Job', query: 'label_values(plimsoll_build_info, job)' }),
    choice({ name: 'instance', label: 'Instance', query: 'label_values(plimsoll_build_info{job=~"$job"}, instance)' }),
  ];
}
