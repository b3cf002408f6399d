/**
 * Holds PromQL against the catalogue: an expression goes in, out comes what is wrong with its names. A metric must be one that Plimsoll
 * exposes, Prometheus itself makes, or a rule records; a matched label must be one that the metric can have, with a value it can take. An
 * expression with Grafana's variables must have them filled in first.
 */
import { parser } from '@prometheus-io/lezer-promql';
import { DEFAULT_LEVELS, type LevelDef } from '../../collector/aggregate/levels.ts';
import { GAUGE_OUTPUTS } from '../../collector/aggregate/options.ts';
import { membersShape, planLevel } from '../../collector/aggregate/plan.ts';
import { FAMILIES } from '../../src/catalog/index.ts';
import { PIPELINE_METRICS } from '../../src/catalog/pipeline.ts';
import { DEFAULT_LABELS } from '../../src/config/defaultlabels.ts';
import { labelName } from '../../src/model/labels.ts';
import { createSelfMetrics } from '../../src/self/metrics.ts';

export interface Matcher {
  readonly label: string;
  readonly op: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
}

export interface Expression {
  readonly selectors: readonly Selector[];
  /** Labels after by, without, on, ignoring and group_left, and those that label_replace and label_join read. */
  readonly reads: ReadonlySet<string>;
  /** Labels that label_replace and label_join make. */
  readonly makes: ReadonlySet<string>;
  /** What is no PromQL. */
  readonly errors: readonly string[];
}

/** What a metric's series can carry: the label, and which values if they are few and known. */
export type KnownLabels = ReadonlyMap<string, ReadonlySet<string> | undefined>;
/** Metrics by name; `undefined` for one whose labels are anything, such as a recorded one. */
export type KnownMetrics = ReadonlyMap<string, KnownLabels | undefined>;

type Node = ReturnType<typeof parser.parse>['topNode'];

/** Takes an expression to pieces. */
export function readExpression(text: string): Expression {
  const selectors: Selector[] = [];
  const reads = new Set<string>();
  const makes = new Set<string>();
  const errors: string[] = [];
  const of = (node: Node): string => text.slice(node.from, node.to);
  parser.parse(text).iterate({
    enter({ node }) {
      if (node.type.isError) errors.push(`no PromQL at "${text.slice(node.from, node.from + 30)}"`);
      else if (node.name === 'VectorSelector') selectors.push(selectorOf(node, of));
      else if (node.name === 'GroupingLabels') for (const label of node.getChildren('LabelName')) reads.add(of(label));
      else if (node.name === 'FunctionCall') relabelled(node, of, { reads, makes });
    },
  });
  return { selectors, reads, makes, errors };
}

function selectorOf(node: Node, of: (node: Node) => string): Selector {
  const name = node.getChild('Identifier');
  const listed = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
  const matchers = listed.map((matcher): Matcher => {
    const [label, op, value] = ['LabelName', 'MatchOp', 'StringLiteral'].map((part) => matcher.getChild(part) as Node);
    return {
      label: of(label as Node),
      op: of(op as Node) as Matcher['op'],
      value: unquoted(of(value as Node)),
    };
  });
  return { metric: name ? of(name) : '', matchers };
}

/** label_replace(v, to, replacement, from, regex) and label_join(v, to, separator, from …). */
function relabelled(
  node: Node,
  of: (node: Node) => string,
  { reads, makes }: { reads: Set<string>; makes: Set<string> },
): void {
  const name = node.getChild('FunctionIdentifier');
  const called = name ? of(name) : '';
  if (called !== 'label_replace' && called !== 'label_join') return;
  const [to = '', , ...from] = (node.getChild('FunctionCallBody')?.getChildren('StringLiteral') ?? []).map((each) =>
    unquoted(of(each)),
  );
  makes.add(to);
  for (const label of called === 'label_replace' ? from.slice(0, 1) : from) if (label !== '') reads.add(label);
}

/** A literal in double quotes is JSON's, but for what no rule of ours uses. */
function unquoted(literal: string): string {
  return literal.startsWith('"') ? (JSON.parse(literal) as string) : literal.slice(1, -1);
}

/** What a scrape adds, and what users commonly add to targets. */
const OF_TARGETS = ['job', 'instance', 'cluster'];
/** What a container may say of its alerts: `plimsoll.alert=off`, `plimsoll.alert.memory=90`. */
export const ALERT_LABELS = [
  'plimsoll.alert',
  ...'memory oom restarts health down exit throttling cpu pids pressure network disk service'
    .split(' ')
    .map((alert) => `plimsoll.alert.${alert}`),
];
const OF_CONTAINERS = [
  ...['id', 'name', 'image', 'node'],
  ...[...DEFAULT_LABELS, ...ALERT_LABELS].map((key) => labelName('container_label_', key)),
];
/** Made by Prometheus, about every target. */
const PROMETHEUS = ['up', 'scrape_duration_seconds', 'scrape_samples_scraped', 'ALERTS'];

/** Every metric that a Prometheus with the documented jobs has, with its labels. `levels` replaces the standard ones. */
export function catalogueMetrics(levels: readonly LevelDef[] = DEFAULT_LEVELS): Map<string, KnownLabels> {
  const known = new Map<string, Map<string, Set<string> | undefined>>();
  const add = (metric: string, open: readonly string[], fixed: readonly (readonly [string, string])[] = []): void => {
    const has = known.get(metric) ?? new Map<string, Set<string> | undefined>();
    known.set(metric, has);
    for (const label of [...open, ...OF_TARGETS]) has.set(label, undefined);
    for (const [label, value] of fixed) has.set(label, (has.get(label) ?? new Set()).add(value));
  };
  for (const family of FAMILIES) {
    for (const { metric, labels } of family.columns) add(metric, [...OF_CONTAINERS, ...family.dims], labels);
    for (const level of levels) {
      const columns = planLevel(level, family, GAUGE_OUTPUTS)?.shape.columns ?? [];
      for (const { metric, labels } of columns) add(metric, labelsOf(level), labels);
    }
  }
  for (const level of levels) for (const { metric } of membersShape(level).columns) add(metric, labelsOf(level));
  for (const { metric, labels } of PIPELINE_METRICS) add(metric, labels);
  for (const { name } of createSelfMetrics({ version: '', role: 'agent' }).registry.getMetricsAsArray())
    if (/^(process|nodejs)_/.test(name)) add(name, ['type', 'kind', 'space', 'le']);
  for (const metric of PROMETHEUS) add(metric, metric === 'ALERTS' ? ['alertname', 'alertstate', 'severity'] : []);
  return known;
}

function labelsOf({ by }: LevelDef): string[] {
  return by.map(({ as }) => as);
}

/** What is wrong with an expression's names; empty if nothing is. `made` are labels that recording rules make. */
export function nameProblems(text: string, known: KnownMetrics, made: ReadonlySet<string> = new Set()): string[] {
  const { selectors, reads, makes, errors } = readExpression(text);
  const anywhere = new Set([...known.values()].flatMap((labels) => [...(labels?.keys() ?? [])]));
  const strange = [...reads].filter((label) => !anywhere.has(label) && !made.has(label) && !makes.has(label));
  return [
    ...errors,
    ...strange.map((label) => `nothing has the label ${label}`),
    ...selectors.flatMap((selector) => selectorProblems(selector, known)),
  ];
}

function selectorProblems({ metric, matchers }: Selector, known: KnownMetrics): string[] {
  if (metric === '') return ['a selector without a metric'];
  if (!known.has(metric)) return [`there is no metric ${metric}`];
  const labels = known.get(metric);
  if (!labels) return [];
  return matchers.flatMap(({ label, op, value }) => {
    if (!labels.has(label)) return [`${metric} has no label ${label}`];
    const values = labels.get(label);
    const wanted = op === '=' || op === '!=' ? [value] : value.split('|');
    return values === undefined
      ? []
      : wanted.filter((each) => !values.has(each)).map((each) => `${metric} has no ${label}="${each}"`);
  });
}
