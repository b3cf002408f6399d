/**
 * Levels that can have no group, because the agent's configuration leaves out the label that they group by: one sentence each, with the
 * remedy. Known where one configuration holds both sides, in `plimsoll run` and `plimsoll check`.
 */
import { globs } from '../../agents/docker/glob.ts';
import { DEFAULT_LEVELS, type GroupLabel, type LevelDef } from '../../collector/aggregate/levels.ts';
import { levelsOf } from '../../collector/levels.ts';
import { DEFAULT_LABELS } from '../config/defaultlabels.ts';
import type { Config } from '../config/schema.ts';
import { labelName } from '../model/labels.ts';

type Readable = (label: string) => boolean;

/** Labels that every container has. */
const ALWAYS = new Set(['id', 'name', 'image', 'node', 'cluster']);
/** Those that a container runtime's files tell. */
const OF_RUNTIMES = new Set(['namespace', 'pod', 'container']);
/** Those that the Kubernetes API server tells, where it is asked: without it their standard level is empty, as others are where there are no pods. */
const OF_API = new Set(['workload', 'workload_type']);
const POD_LABEL = 'pod_label_';
const LABEL = 'container_label_';
const ENV = 'container_env_';
/** What a container says of the alert rules is let through whatever is configured. */
const OF_ALERTS = /^container_label_plimsoll_alert(_|$)/;

/** The sentences. Throws a ConfigError for levels that cannot be. */
export function unreadLevels({ agent, collector }: Pick<Config, 'agent' | 'collector'>): string[] {
  const readable = readableLabels(agent);
  return levelsOf(collector.levels).flatMap((level) => {
    if (level.by.some(({ from }) => OF_API.has(from))) return [];
    const unread = level.by.filter(({ from, or = from }) => !readable(from) && !readable(or));
    // Of a label that only runtimes tell nothing can be let through: then the other one is meant.
    const meant = unread.map(({ as, from, or }) => ({ as, from: OF_RUNTIMES.has(from) ? (or ?? from) : from }));
    return unread.length === 0 ? [] : [sentence(level, meant)];
  });
}

/** Whether a container can have a label of this name: every one has it, or the agent lets it through. */
export function readableLabels({
  labels,
  env,
  runtimes,
  kubernetes,
}: Pick<Config['agent'], 'labels' | 'env' | 'runtimes'> & Partial<Pick<Config['agent'], 'kubernetes'>>): Readable {
  const hasRuntimes = runtimes.some((runtime) => runtime !== 'none');
  const labelRead = globs(labels.map(asLabelPattern));
  const ofPods = kubernetes === undefined || kubernetes.api === 'off' ? [] : kubernetes.pod_labels;
  const podRead = globs(ofPods.map(asLabelPattern));
  const envRead = globs(env.map((pattern) => asLabelPattern(pattern.toLowerCase())));
  return (label) =>
    ALWAYS.has(label) ||
    (hasRuntimes && OF_RUNTIMES.has(label)) ||
    OF_API.has(label) ||
    (label.startsWith(POD_LABEL) && podRead(label.slice(POD_LABEL.length))) ||
    OF_ALERTS.test(label) ||
    (label.startsWith(LABEL) && labelRead(label.slice(LABEL.length))) ||
    (label.startsWith(ENV) && envRead(label.slice(ENV.length)));
}

/** What a pattern of keys is as a pattern of label names, where other characters become `_`. */
function asLabelPattern(pattern: string): string {
  return pattern.replace(/[^a-zA-Z0-9_*?]/g, '_');
}

function sentence({ name }: LevelDef, unread: readonly GroupLabel[]): string {
  const labels = unread.map(({ from }) => from).join(' and ');
  const isStandard = DEFAULT_LEVELS.some((level) => level.name === name);
  const without = isStandard ? `switch the level off with "collector.levels.${name}: null"` : 'remove the level';
  return `the level ${name} will have no groups: it groups by ${labels}, which ${why(unread)}; or ${without}.`;
}

function why(unread: readonly GroupLabel[]): string {
  if (unread.every(({ from }) => from.startsWith(POD_LABEL)))
    return 'are pods’ labels: set agent.kubernetes.api, and allow them in agent.kubernetes.pod_labels';
  const own = unread.map(({ from }) => from).filter((from) => !from.startsWith(LABEL) && !from.startsWith(ENV));
  if (own.length > 0) return `no container has: the label of a container is called ${LABEL}${own[0]}`;
  const section = unread.every(({ from }) => from.startsWith(ENV)) ? 'env' : 'labels';
  return `agent.${section} does not let through: add ${unread.map(({ from }) => `"${keyOf(from)}"`).join(', ')} to agent.${section}`;
}

/** The key that the label is made of, where it is known; else a pattern that finds it. */
export function keyOf(label: string): string {
  if (label.startsWith(ENV)) return label.slice(ENV.length).toUpperCase();
  return (
    DEFAULT_LABELS.find((key) => labelName(LABEL, key) === label) ?? label.slice(LABEL.length).replaceAll('_', '?')
  );
}
