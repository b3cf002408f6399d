/** METRICS.md, written from the catalogue: `npm run docs` writes it, and a test fails when it is out of date. */
import type { Family, FamilyColumn } from '../model/family.ts';
import { ABSENT } from './absent.ts';
import { FAMILIES } from './index.ts';
import { PIPELINE_METRICS } from './pipeline.ts';

const INTRODUCTION = `# Metrics

This page is generated from \`src/catalog\` by \`npm run docs\`. It lists every metric that Plimsoll knows; nothing else is exposed.

- Container series carry \`id\` (the cgroup's path), \`name\`, \`image\` and the allow-listed \`container_label_…\` labels
  (those of \`plimsoll.alert…\`, for the alert rules, always); at the collector also \`node\`. The host itself is \`id="/"\`.
- What could not be measured is absent; it is never a zero. Counters are raw since the container's start.
- A limit or weight that was set through the engine (\`docker update\`) shows at the next tick; one that was set behind its back (somebody
  writes the cgroup's file, \`systemctl set-property\`) after at most 60 s.
- A gauge whose name ends in \`_total\` or \`_count\`, as some of cAdvisor's do (\`container_fs_inodes_total\`, \`machine_dimm_count\`), is typed
  \`untyped\` in Prometheus text and \`unknown\` in OpenMetrics, where \`_total\` is a counter's; cAdvisor types it \`gauge\`. Queries, dashboards
  and alerts do not look at the type; only what reads Prometheus' metadata sees the difference.
- A family's *groups* column says what the levels (service, pod, workload, namespace, node, cluster and your own) get of it. The level's prefix
  replaces \`container\` in the name: \`service\`, \`pod\`, \`namespace\`, \`cluster\`, your own level's name, and \`node_containers\` for the
  level node, since \`node_…\` is node_exporter's. Labels such as \`interface\` and \`device\` are summed away.

  | in the column | a group gets |
  |---|---|
  | total | under the same name the sum of the members' increases, which never goes down while members come and go |
  | sum | under the same name the sum over the members |
  | avg, max | \`…_avg\`, the average over the members; \`…_max\`, the largest value of any member in the window |
  | count | under the same name and label how many of the members are in that state |
  | max_ratio | \`…_max_ratio\` for \`…_seconds_total\`: the seconds in each second, of the member that has most of them |

- Every group has \`<level>_containers\` (\`node_containers\` at the level node), the containers seen in the window, stopped ones included;
  those that run are \`<level>_state{state="running"}\`. Where a group may span nodes, \`<level>_nodes\` (\`service_nodes\`, \`cluster_nodes\` …) says on how
  many nodes these were: one that is away is missing there.
- Families marked *off* are read when switched on: \`agent.families: [tcp, process]\`. A minus switches one off: \`[-pressure]\`.
- In InfluxDB a family is a measurement (\`container_cpu\`, \`service_cpu\`, \`node_containers_cpu\` …) with the field named in the table; a group's
  fields have the same endings as its metrics. Tags: the labels and \`node\`; \`cgroup\`, the whole path, for what is no container; \`engine\` for
  containers of another engine than root's Docker. The container's id is the field \`id\`. Two points at one time and of one series are put a millisecond apart.
`;

/** The whole page. */
export function metricsDocument(): string {
  return [INTRODUCTION, ...FAMILIES.map(familySection), pipelineSection(), absentSection()].join('\n');
}

function familySection(family: Family): string {
  const dims = family.dims.length > 0 ? ` One row for each ${family.dims.map((d) => `\`${d}\``).join(', ')}.` : '';
  const ratios = family.ratios
    .flatMap((ratio) => [ratio, ratio.nearest ?? []].flat())
    .map(({ stem, help }) => `- \`<level>_${stem}\`: ${help}`);
  return [
    `## ${family.name}${family.byDefault ? '' : ' (off)'}`,
    '',
    `${family.help}${dims}`,
    '',
    '| metric | kind | unit | groups | field | what it is | where it comes from |',
    '|---|---|---|---|---|---|---|',
    ...family.columns.map(columnRow),
    ...(ratios.length > 0 ? ['', 'Groups also get:', '', ...ratios] : []),
    '',
  ].join('\n');
}

function columnRow(column: FamilyColumn): string {
  const fixed = column.labels.map(([name, value]) => `${name}="${value}"`).join(',');
  const name = fixed === '' ? column.metric : `${column.metric}{${fixed}}`;
  const groups = column.groups.length === 0 ? '–' : column.groups.join(', ');
  const cells = [`\`${name}\``, column.kind, column.unit === 'none' ? '–' : column.unit, groups, `\`${column.field}\``];
  return `| ${[...cells, cell(column.help), cell(column.source)].join(' | ')} |`;
}

function pipelineSection(): string {
  const rows = PIPELINE_METRICS.map((row) => {
    const name = row.labels.length > 0 ? `${row.metric}{${row.labels.join(',')}}` : row.metric;
    return `| \`${name}\` | ${row.kind} | ${cell(row.help)} |`;
  });
  return [
    '## The pipeline itself',
    '',
    'On /metrics of the agent and of the collector, whichever they concern, with the usual `process_…` and `nodejs_…` ones.',
    '',
    '| metric | kind | what it is |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function absentSection(): string {
  const names = (metrics: readonly string[]): string => metrics.map((metric) => `\`${metric}\``).join(', ');
  return [
    '## What cAdvisor has and Plimsoll has not',
    '',
    'CPU time per CPU (`container_cpu_usage_seconds_total{cpu="cpu00"}`) is there on cgroup v1 only; Plimsoll has the total, `cpu="total"`, on both.',
    'The labels `machine_id`, `system_uuid` and `boot_id` are on `machine_info` alone; join it by `node` or `instance`.',
    '',
    '| metric | why not, and what instead |',
    '|---|---|',
    ...ABSENT.map(({ metrics, why }) => `| ${names(metrics)} | ${cell(why)} |`),
    '',
  ].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
