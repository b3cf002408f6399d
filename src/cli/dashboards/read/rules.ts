/** Files of rules: Prometheus' own, the PrometheusRule of its operator, and the alert rules that Grafana is provisioned with. */
import type { Item, Query, Source } from '../items.ts';
import { listAt, objectOf, type Raw, textAt } from './json.ts';
import { queryOf } from './targets.ts';

/** Undefined if there are no groups in it. */
export function readRules(raw: Raw): Source | undefined {
  const within = Array.isArray(raw.groups) ? raw : objectOf(raw.spec);
  if (!within || !Array.isArray(within.groups)) return undefined;
  const groups = listAt(within, 'groups');
  const title = groups.flatMap((group) => textAt(group, 'name') ?? []).join(', ');
  const items = groups.flatMap((group) => listAt(group, 'rules').map(ruleOf));
  return { kind: 'rules', title, items, variables: new Map() };
}

function ruleOf(rule: Raw): Item {
  const alert = textAt(rule, 'alert') ?? textAt(rule, 'title');
  const record = textAt(rule, 'record');
  const name = alert === undefined ? `record ${record ?? 'without a name'}` : `alert ${alert}`;
  const expr = textAt(rule, 'expr');
  if (expr === undefined) return grafanas(rule, name);
  const query: Query = { language: 'promql', text: expr, legend: `${texts(rule.annotations)} ${texts(rule.labels)}` };
  return { name, queries: [query], ...(record === undefined ? {} : { records: record }) };
}

function texts(value: unknown): string {
  return Object.values(objectOf(value) ?? {})
    .filter((each) => typeof each === 'string')
    .join(' ');
}

/** A rule of Grafana's own holds queries as a panel does. */
function grafanas(rule: Raw, name: string): Item {
  const queries = listAt(rule, 'data').flatMap((data) => {
    const found = queryOf(objectOf(data.model) ?? {}, undefined);
    return typeof found === 'object' ? [found] : [];
  });
  if (queries.length > 0) return { name, queries };
  return { name, queries: [], unread: 'It has no "expr", and no query that is known here.' };
}
