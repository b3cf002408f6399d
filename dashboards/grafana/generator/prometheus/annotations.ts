/** What is marked in the graphs: containers that started, processes killed for want of memory, alerts that fire. */
import { AnnotationQueryBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { CHOSEN, DATASOURCE, POD, SERVICE } from './query.ts';

interface Mark {
  readonly name: string;
  readonly expr: string;
  readonly title: string;
  readonly text: string;
  readonly color: string;
  /** The value is the moment, in milliseconds. */
  readonly valueIsTime?: boolean;
}

function mark({ name, expr, title, text, color, valueIsTime = false }: Mark): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor(color)
    .expr(expr)
    .step('10s')
    .titleFormat(title)
    .textFormat(text)
    .useValueForTime(valueIsTime);
}

/** Every start, at its own time: the first one and each restart. */
export function starts(): AnnotationQueryBuilder {
  return mark({
    name: 'Starts',
    expr: `max by (node, name) (container_start_time_seconds{${CHOSEN}}) * 1000`,
    title: 'Started',
    text: '{{name}} on {{node}}',
    color: 'blue',
    valueIsTime: true,
  });
}

export function kills(): AnnotationQueryBuilder {
  return mark({
    name: 'Out of memory',
    expr: `sum by (node, name) (increase(container_oom_events_total{${CHOSEN}}[30s])) > 0`,
    title: 'Killed for want of memory',
    text: '{{name}} on {{node}}',
    color: 'red',
  });
}

/** Counters of groups say that, not which container and when exactly. */
export function groupRestarts(level: 'service' | 'pod'): AnnotationQueryBuilder {
  const [by, selector, text] =
    level === 'service'
      ? ['project, service', SERVICE, '{{project}} {{service}}']
      : ['namespace, pod', POD, '{{namespace}} {{pod}}'];
  return mark({
    name: 'Restarts',
    expr: `sum by (${by}) (increase(${level}_restarts_total{${selector}}[30s])) > 0`,
    title: 'Restarted',
    text,
    color: 'blue',
  });
}

/** Those that fire, by the labels that the rules in dashboards/prometheus give to alerts. */
export function alerts(selector = ''): AnnotationQueryBuilder {
  return mark({
    name: 'Alerts',
    expr: `ALERTS{alertstate="firing"${selector}}`,
    title: '{{alertname}}, {{severity}}',
    text: '{{host}} {{project}} {{service}} {{container}} {{instance}}',
    color: 'orange',
  });
}
