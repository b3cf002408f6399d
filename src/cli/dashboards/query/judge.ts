/** One query against what is offered: findings come out, none where every name is Plimsoll's. */
import { type Finding, gravest, type Query, type Verdict, type Item } from '../items.ts';
import type { Offered } from '../offered.ts';
import { readFlux } from './flux.ts';
import { readInfluxql } from './influxql.ts';
import { judgeInflux } from './judgeinflux.ts';
import { judgePromql } from './judgepromql.ts';
import { readPromql } from './promql.ts';
import { fillInflux, fillPromql, type Values } from './variables.ts';

export interface Judging {
  readonly offered: Offered;
  /** Names that recording rules of the files at hand give. */
  readonly recorded: ReadonlySet<string>;
  readonly variables: Values;
  /** Whether `$x` is Grafana's, and not Prometheus' own. */
  readonly fill: boolean;
}

/** What is to be said of a panel, a variable or a rule. */
export function judgeItem(item: Item, judging: Judging): Verdict {
  const findings = item.queries.flatMap((query) => judgeQuery(query, judging));
  if (item.unread !== undefined) findings.push({ status: 'unread', name: '', why: item.unread });
  if (item.elsewhere !== undefined) findings.push({ status: 'elsewhere', name: '', why: item.elsewhere });
  const once = [...new Map(findings.map((each) => [JSON.stringify(each), each])).values()];
  return { item: item.name, status: gravest(once.map(({ status }) => status)), findings: once };
}

/** The longest that people write have some thousands of characters. */
const MAX_QUERY = 20_000;

function judgeQuery({ language, text, legend = '' }: Query, judging: Judging): Finding[] {
  if (text.length > MAX_QUERY)
    return [{ status: 'unread', name: shorten(text), why: `A query of more than ${MAX_QUERY} characters.` }];
  const { variables, fill } = judging;
  try {
    if (language === 'promql') {
      const asked = readPromql(fill ? fillPromql(text, variables) : text);
      return judgePromql({ asked, legend }, judging);
    }
    const filled = fillInflux(text, variables);
    const asked = language === 'influxql' ? readInfluxql(filled) : readFlux(filled);
    return asked.flatMap((each) => judgeInflux(each, judging));
  } catch (error) {
    return [{ status: 'unread', name: shorten(text), why: `${(error as Error).message}.` }];
  }
}

function shorten(text: string): string {
  const line = text.slice(0, 1000).replace(/\s+/g, ' ').trim();
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
