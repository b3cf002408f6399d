/** Levels of the user's own that would have no groups, because no container can have the label that they group by. Words for each. */
import { globs } from '../../agents/docker/glob.ts';
import type { Config } from '../config/schema.ts';

/** Labels that every container has, and those that the collector adds. */
const ALWAYS = new Set(['id', 'name', 'image', 'node', 'cluster']);

/** Agent and collector are taken to have the same configuration. */
export function unreadLabels({ agent, collector }: Config): string[] {
  const isRead = reader(agent);
  return Object.entries(collector.levels).flatMap(([name, level]) =>
    Object.values(level?.by ?? {})
      .filter((label) => !isRead(label))
      .map((label) => `collector.levels.${name}: will have no groups: ${reason(label)}`),
  );
}

function reader({ labels, env }: Config['agent']): (label: string) => boolean {
  const ofLabels = globs(labels.map(asLabel));
  const ofEnv = globs(env.map((pattern) => asLabel(pattern.toLowerCase())));
  return (label) =>
    ALWAYS.has(label) ||
    (label.startsWith(LABEL) && ofLabels(label.slice(LABEL.length))) ||
    (label.startsWith(ENV) && ofEnv(label.slice(ENV.length)));
}

const LABEL = 'container_label_';
const ENV = 'container_env_';

/** A pattern on a container's own label, as one on the label that it becomes. */
function asLabel(pattern: string): string {
  return pattern.replace(/[^a-zA-Z0-9_*?]/g, '_');
}

function reason(label: string): string {
  if (label.startsWith(LABEL))
    return `no agent reads ${label}; add the container’s label it stands for to agent.labels`;
  if (label.startsWith(ENV)) return `no agent reads ${label}; add the variable it stands for to agent.env`;
  return `no container has a label ${label}; a container’s own label com.example.team is container_label_com_example_team`;
}
