/**
 * Levels: how containers are grouped. A level names the labels of its groups and where each comes from; the default list is
 * here, further levels come from the configuration. Adding a level is one entry in a list.
 */
import { ConfigError } from '../../src/errors.ts';
import type { Entity, EntityKind } from '../../src/model/table.ts';
import { type LabelPair, type Labels, labels, labelValue } from '../../src/model/labels.ts';

/** One label of a level's groups. */
export interface GroupLabel {
  /** The label's name on the group's series, for example `project`. */
  readonly as: string;
  /**
   * The label of the container it is taken from. `node` and `cluster` are always there: the name of the node that sent
   * it, and the collector's own cluster name; a container's label of that name does not replace them.
   */
  readonly from: string;
  /** The label it is taken from where a container lacks the first. */
  readonly or?: string;
}

export interface LevelDef {
  /** Lower-case word: what it is called in the configuration. */
  readonly name: string;
  /** What its metrics and measurements begin with; the name, unless said. */
  readonly prefix?: string;
  readonly by: readonly GroupLabel[];
  /** What kind of thing is counted. Containers (and their pods' network), unless said: the host would count them all twice. */
  readonly kinds?: readonly EntityKind[];
}

/** The level of the single containers, which is not a group: rows pass as they were read, with `node` added. */
export const CONTAINER_LEVEL = 'container';

const MEMBERS: readonly EntityKind[] = ['container', 'sandbox'];

export const DEFAULT_LEVELS: readonly LevelDef[] = [
  {
    name: 'service',
    by: [
      // Swarm's words for the same things.
      {
        as: 'project',
        from: 'container_label_com_docker_compose_project',
        or: 'container_label_com_docker_stack_namespace',
      },
      {
        as: 'service',
        from: 'container_label_com_docker_compose_service',
        or: 'container_label_com_docker_swarm_service_name',
      },
    ],
  },
  {
    name: 'pod',
    by: [
      // The runtime's files tell them; with Docker below it, the kubelet's labels.
      { as: 'namespace', from: 'namespace', or: 'container_label_io_kubernetes_pod_namespace' },
      { as: 'pod', from: 'pod', or: 'container_label_io_kubernetes_pod_name' },
    ],
  },
  {
    name: 'workload',
    by: [
      // An agent that asks the API server tells them.
      { as: 'namespace', from: 'namespace' },
      { as: 'workload', from: 'workload' },
      { as: 'workload_type', from: 'workload_type' },
    ],
  },
  {
    name: 'namespace',
    by: [{ as: 'namespace', from: 'namespace', or: 'container_label_io_kubernetes_pod_namespace' }],
  },
  // `node_…` is node_exporter's and the kubelet's, who mean the whole machine: ours are sums over its containers.
  { name: 'node', prefix: 'node_containers', by: [{ as: 'node', from: 'node' }] },
  { name: 'cluster', by: [{ as: 'cluster', from: 'cluster' }] },
];

/** What a level's metrics and measurements begin with. */
export function prefixOf({ name, prefix = name }: Pick<LevelDef, 'name' | 'prefix'>): string {
  return prefix;
}

/** The label of a level's groups that names their node; undefined where a group may have containers of several. */
export function nodeLabel({ by }: LevelDef): string | undefined {
  return by.find(({ from, or = from }) => from === 'node' && or === 'node')?.as;
}

/** Whether a group may have containers of several nodes. */
export function spansNodes(level: LevelDef): boolean {
  return nodeLabel(level) === undefined;
}

/** What a level sees of a container beside its labels. */
export interface Place {
  readonly node: string;
  readonly cluster: string;
}

/** The labels of the group that an entity belongs to at a level, or undefined where it has no part in that level. */
export function groupLabels(level: LevelDef, entity: Entity, place: Place): Labels | undefined {
  if (!(level.kinds ?? MEMBERS).includes(entity.kind)) return undefined;
  const pairs: LabelPair[] = [];
  for (const { as, from, or = from } of level.by) {
    const value = valueAt(from, entity, place) || valueAt(or, entity, place);
    if (!value) return undefined;
    pairs.push([as, value]);
  }
  return labels(pairs);
}

function valueAt(label: string, { labels: own }: Entity, { node, cluster }: Place): string | undefined {
  return label === 'node' ? node : label === 'cluster' ? cluster : labelValue(own, label);
}

const LEVEL_NAME = /^[a-z][a-z0-9_]{0,62}$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
/** Prefixes that would give a metric the name of something else, and whose they are. */
const TAKEN: ReadonlyMap<string, string> = new Map([
  [CONTAINER_LEVEL, 'single containers have it'],
  ['machine', 'the machine has it'],
  ['plimsoll', 'the pipeline itself has it'],
  ['process', 'every program’s own metrics have it'],
  ['nodejs', 'the metrics of Node.js have it'],
  ['node', 'node_exporter and the kubelet have it, for the whole machine'],
]);

/** Throws a ConfigError that names the level and what is legal. */
export function checkLevels(levels: readonly LevelDef[]): void {
  const names = new Set<string>();
  for (const level of levels) {
    const { name, by } = level;
    const prefix = prefixOf(level);
    if (!LEVEL_NAME.test(name))
      throw new ConfigError(`levels: name "${name}" is not legal; use lower-case letters, digits and _`);
    if (name === CONTAINER_LEVEL) throw new ConfigError(`levels: name "${name}" is taken: single containers have it`);
    if (!LEVEL_NAME.test(prefix))
      throw new ConfigError(`levels: "${name}" has the prefix "${prefix}"; use lower-case letters, digits and _`);
    if (TAKEN.has(prefix))
      throw new ConfigError(
        `levels: "${name}" has the prefix "${prefix}", which is taken: ${TAKEN.get(prefix)}; give it another (collector.levels.${name}.prefix)`,
      );
    if (names.has(name)) throw new ConfigError(`levels: name "${name}" is there twice; each level needs its own`);
    names.add(name);
    if (by.length === 0) throw new ConfigError(`levels: "${name}" groups by nothing; name at least one label`);
    const outs = new Set<string>();
    for (const { as, from, or = from } of by) {
      for (const label of [as, from, or]) {
        if (!LABEL_NAME.test(label))
          throw new ConfigError(`levels: "${name}" has the label "${label}"; a label is letters, digits and _`);
      }
      if (outs.has(as)) throw new ConfigError(`levels: "${name}" makes the label "${as}" twice`);
      outs.add(as);
    }
  }
}
