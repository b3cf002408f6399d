/** What the dashboards for InfluxDB have in common: their variables, and panels made of measures. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { DatasourceVariableBuilder, type VariableModel } from '@grafana/grafana-foundation-sdk/dashboard';
import { lines, type LinesAbout, type PanelOf, stat, type About } from '../../looks/panels.ts';
import { type LabelColumn, type NumberColumn, table } from '../../looks/table.ts';
import { type Choice, type Dialect, type Measure, optional, variable } from '../measure.ts';

export const COMPOSE = [
  'container_label_com_docker_compose_project',
  'container_label_com_docker_compose_service',
] as const;
export const SWARM = [
  'container_label_com_docker_stack_namespace',
  'container_label_com_docker_swarm_service_name',
] as const;

const HOST = variable('node', 'host');

const HOSTS: Choice = { name: 'host', label: 'Host', measurement: 'node_containers_group', tags: ['node'], where: [] };
const CHAIN: readonly Choice[] = [
  HOSTS,
  {
    name: 'project',
    label: 'Project',
    measurement: 'container_state',
    tags: [COMPOSE[0], SWARM[0]],
    where: [[HOST]],
    all: '.*',
  },
  {
    name: 'service',
    label: 'Service',
    measurement: 'container_state',
    tags: [COMPOSE[1], SWARM[1]],
    where: [COMPOSE, SWARM].map(([project]) => [HOST, optional(project, 'project')]),
    all: '.*',
  },
  {
    name: 'container',
    label: 'Container',
    measurement: 'container_state',
    tags: ['name'],
    where: [COMPOSE, SWARM].map(([project, service]) => [
      HOST,
      optional(project, 'project'),
      optional(service, 'service'),
    ]),
  },
];

function datasource({ label }: Dialect): Builder<VariableModel> {
  return new DatasourceVariableBuilder('datasource').label(label).type('influxdb');
}

export function containerVariables(dialect: Dialect): Builder<VariableModel>[] {
  return [datasource(dialect), ...CHAIN.map(dialect.choice)];
}

export function kubernetesVariables(dialect: Dialect): Builder<VariableModel>[] {
  const within = [variable('namespace')];
  return [
    datasource(dialect),
    dialect.choice({
      name: 'namespace',
      label: 'Namespace',
      measurement: 'namespace_group',
      tags: ['namespace'],
      where: [],
    }),
    dialect.choice({ name: 'pod', label: 'Pod', measurement: 'pod_group', tags: ['pod'], where: [within] }),
  ];
}

/** What a level's rows are told apart by, and which of them were chosen. */
export interface Level {
  readonly prefix: string;
  readonly by: readonly string[];
  readonly where: Measure['where'];
}

export const CONTAINERS: Level = {
  prefix: 'container',
  by: ['node', 'name'],
  where: [HOST, variable('name', 'container')],
};
export const NODES: Level = { prefix: 'node_containers', by: ['node'], where: [HOST] };
export const MACHINES: Level = { prefix: 'machine', by: ['node'], where: [HOST] };
export const SERVICES: Level = {
  prefix: 'service',
  by: ['project', 'service'],
  where: [variable('project'), variable('service')],
};
export const NAMESPACES: Level = { prefix: 'namespace', by: ['namespace'], where: [variable('namespace')] };
export const PODS: Level = {
  prefix: 'pod',
  by: ['namespace', 'pod'],
  where: [variable('namespace'), variable('pod')],
};

/** Families of which a container has several rows, and what tells these apart. */
const ROWS: Readonly<Record<string, string>> = { network: 'interface', diskio: 'device', filesystem: 'device' };

/** A level's field: `of(SERVICES, 'memory', 'working_set_bytes')`. */
export function of(level: Level, family: string, field: string, more: Partial<Measure> = {}): Measure {
  const { prefix, by, where } = level;
  const measurement = family === '' ? prefix : `${prefix}_${family}`;
  const rows = prefix === 'container' ? ROWS[family] : undefined;
  const each = rows === undefined ? by : [...by, rows];
  return { measurement, field, where, as: 'gauge', each, by, ...more };
}

export const rateOf = (level: Level, family: string, field: string, more: Partial<Measure> = {}): Measure =>
  of(level, family, field, { as: 'rate', ...more });

export interface Line {
  readonly measure: Measure;
  readonly legend: string;
}

type LinesOf = Omit<LinesAbout, 'queries' | 'names' | 'w'> & { readonly w?: number };

export function linesOf(dialect: Dialect, about: LinesOf, ...all: readonly Line[]): PanelOf {
  const named = all.map(({ measure, legend }) => dialect.over(measure, legend));
  return lines({
    w: 12,
    ...about,
    queries: named.map(({ query }) => query),
    names: named.map(({ displayName }) => displayName),
  });
}

/** One number: the last of what is there over time, or what grew in all. */
export function statOf(dialect: Dialect, about: Omit<About, 'queries'>, measure: Measure): PanelOf {
  const one = { ...measure, by: [] };
  const query = one.as === 'growth' ? dialect.cells(one, 'grown') : dialect.over(one, '').query;
  return stat({ ...about, queries: [query] });
}

export interface Column extends Omit<NumberColumn, 'query'> {
  readonly measure: Measure;
}

export interface TableOf {
  readonly title: string;
  readonly help?: string;
  readonly h?: number;
  readonly labels: readonly LabelColumn[];
  readonly columns: readonly Column[];
  readonly sortBy?: string;
}

/** Of the last minute: what has gone is not in it. */
export function tableOf(dialect: Dialect, { columns, ...about }: TableOf): PanelOf {
  const numbers = columns.map(({ measure, ...column }) => ({ ...column, query: dialect.cells(measure, column.title) }));
  return table({ ...about, numbers, named: true, timeFrom: '1m' });
}
