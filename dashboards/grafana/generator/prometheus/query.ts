/** PromQL: what is asked of which containers, and the shapes that queries have in common. */
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import type { Query } from '../looks/panels.ts';

export const DATASOURCE = { type: 'prometheus', uid: `\${datasource}` };

/** A container's labels of its project and service, by Compose and by Swarm. */
export const COMPOSE = {
  project: 'container_label_com_docker_compose_project',
  service: 'container_label_com_docker_compose_service',
};
export const SWARM = {
  project: 'container_label_com_docker_stack_namespace',
  service: 'container_label_com_docker_swarm_service_name',
};

/** The containers that were chosen: the variable `container` lists those of the chosen hosts, projects and services. */
export const CHOSEN = 'node=~"$host", name=~"$container"';
/** The chosen hosts as machines. */
export const MACHINE = 'node=~"$host", id="/"';
export const HOST = 'node=~"$host"';
/** Groups have the labels they are made of and no host; `collector` is where the chosen clusters are added up. */
export const SERVICE = 'instance=~"$collector", project=~"$project", service=~"$service"';
export const NAMESPACE = 'instance=~"$collector", namespace=~"$namespace"';
export const POD = 'instance=~"$collector", namespace=~"$namespace", pod=~"$pod"';

/** A query over time. */
export function over(expr: string, legend: string): Query {
  return (refId) => new DataqueryBuilder().datasource(DATASOURCE).refId(refId).expr(expr).legendFormat(legend).range();
}

/** A query of now: for a stat or a bar, with its legend. */
export function now(expr: string, legend = ''): Query {
  return (refId) =>
    new DataqueryBuilder().datasource(DATASOURCE).refId(refId).expr(expr).legendFormat(legend).instant();
}

/** A query of now, as rows of a table. */
export function cells(expr: string): Query {
  return (refId) =>
    new DataqueryBuilder().datasource(DATASOURCE).refId(refId).expr(expr).format(PromQueryFormat.Table).instant();
}

export function sumBy(by: string, expr: string): string {
  return `sum by (${by}) (${expr})`;
}

export function maxBy(by: string, expr: string): string {
  return `max by (${by}) (${expr})`;
}

export function rate(metric: string, selector: string): string {
  return `rate(${metric}{${selector}}[$__rate_interval])`;
}

/** What a counter grew by in the time shown, as a whole number: Prometheus reckons beyond the first and the last sample. */
export function grown(by: string, metric: string, selector: string): string {
  return `round(sum by (${by}) (increase(${metric}{${selector}}[$__range])))`;
}

/** The counter's rate, of those that counted most in the whole time shown: so many lines and no more, whatever the moment. */
export function topRate(by: string, metric: string, selector: string): string {
  const most = `topk($top, sum by (${by}) (rate(${metric}{${selector}}[$__range] @ end())))`;
  return `${sumBy(by, rate(metric, selector))} and ${most}`;
}

/** The gauge, of those that had most on average in the whole time shown; of ratios not the sum, but the largest. */
export function topGauge(by: string, metric: string, selector: string, join: 'sum' | 'max' = 'sum'): string {
  const most = `topk($top, ${join} by (${by}) (avg_over_time(${metric}{${selector}}[$__range] @ end())))`;
  return `${join} by (${by}) (${metric}{${selector}}) and ${most}`;
}

/** An expression of rates as it goes, and the same over the whole time shown: what chooses the lines of a graph. */
export interface Moving {
  readonly now: string;
  readonly whole: string;
}

/** The same expression twice: `make` is given what stands for `rate(metric{selector}[…])` and for a gauge. */
export function moving(
  make: (
    rateOf: (metric: string, selector: string) => string,
    gaugeOf: (metric: string, selector: string) => string,
  ) => string,
): Moving {
  return {
    now: make(rate, (metric, selector) => `${metric}{${selector}}`),
    whole: make(
      (metric, selector) => `rate(${metric}{${selector}}[$__range] @ end())`,
      (metric, selector) => `avg_over_time(${metric}{${selector}}[$__range] @ end())`,
    ),
  };
}

/** Those that had most in the whole time shown. */
export function topMoving({ now, whole }: Moving): string {
  return `(${now}) and topk($top, ${whole})`;
}
