/** What a PromQL expression names: its metrics with the labels that each selector asks for, and the labels that it groups by. */
import { parser } from '@prometheus-io/lezer-promql';

export interface PromqlNames {
  readonly selectors: readonly { readonly metric: string; readonly labels: readonly string[] }[];
  /** Of `by`, `without`, `on` and `group_left`. */
  readonly grouping: readonly string[];
  /** Labels that label_replace and label_join make. */
  readonly made: readonly string[];
}

/** Grafana's variables as values of the kind that stands there; those in strings are text like any other. */
export function withoutVariables(expr: string): string {
  return expr
    .replaceAll(/\[\$__(rate_interval|interval|range)(?=[\]:])/g, '[1m')
    .replaceAll(/topk\(\$top,/g, 'topk(10,');
}

/** Throws where the grammar is not PromQL's. */
export function promqlNames(expression: string): PromqlNames {
  const expr = withoutVariables(expression);
  const selectors: { metric: string; labels: string[] }[] = [];
  const grouping: string[] = [];
  const made: string[] = [];
  const text = ({ from, to }: { from: number; to: number }): string => expr.slice(from, to);
  let within: 'selector' | 'grouping' = 'selector';
  parser.parse(expr).iterate({
    enter(node) {
      if (node.type.isError)
        throw new Error(`${expr} is no PromQL at ${node.from}: ${expr.slice(node.from, node.from + 20)}`);
      if (node.name === 'VectorSelector') selectors.push({ metric: '', labels: [] });
      if (node.name === 'LabelMatchers') within = 'selector';
      if (node.name === 'GroupingLabels') within = 'grouping';
      if (node.name === 'Identifier') selectors.at(-1)!.metric = text(node);
      if (node.name === 'LabelName') (within === 'selector' ? selectors.at(-1)!.labels : grouping).push(text(node));
      if (node.name === 'FunctionCall')
        made.push(...(/^label_(?:replace|join)\(.*?, "(\w+)", /.exec(text(node))?.slice(1) ?? []));
    },
  });
  return { selectors, grouping, made };
}
