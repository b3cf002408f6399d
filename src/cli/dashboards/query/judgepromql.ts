/** A PromQL query's metrics, one by one: Plimsoll's, after a setting, another program's with what to use instead, or nobody's that is known. */
import { nearest } from '../../../config/nearest.ts';
import { CADVISOR } from '../known/cadvisor.ts';
import { NODE_EXPORTER } from '../known/nodeexporter.ts';
import { knownIn } from '../known/other.ts';
import { TELEGRAF_IN_PROMETHEUS } from '../known/telegraf.ts';
import type { Finding } from '../items.ts';
import type { Offered, OfferedMetric } from '../offered.ts';
import { grouping, matching, ofAnyMetric } from './judgelabel.ts';
import { patternOf } from './pattern.ts';
import type { Asked, Selector } from './promql.ts';
import { isOpen, labelsNamed, openPattern, readable } from './variables.ts';

const PROGRAMS = [CADVISOR, NODE_EXPORTER, TELEGRAF_IN_PROMETHEUS];

interface Known {
  readonly offered: Offered;
  readonly recorded: ReadonlySet<string>;
}

export function judgePromql({ asked, legend }: { asked: Asked; legend: string }, known: Known): Finding[] {
  const findings = asked.selectors.flatMap((selector) => judgeSelector(selector, known));
  const grouped = new Set(asked.labels.map(({ label }) => label));
  // What it groups by as well is spoken of there.
  const inLegend = labelsNamed(legend).filter((label) => !grouped.has(label));
  const uses = [...asked.labels, ...inLegend.map((label) => ({ label, how: 'legend', of: asked.selectors }))];
  for (const use of uses) if (!asked.made.has(use.label)) findings.push(...grouping(use, known));
  return [...findings, ...habitsOf(asked)];
}

function judgeSelector({ metric, matchers }: Selector, { offered, recorded }: Known): Finding[] {
  if (metric === undefined) return byPattern(matchers, offered);
  if (recorded.has(metric)) return [];
  if (isOpen(metric)) return openMetric(metric, offered);
  const own = offered.metrics.get(metric);
  if (!own) return [notOurs(metric, offered)];
  return [...switchOf(metric, own), ...matchers.flatMap((matcher) => matching(matcher, { metric, own, offered }))];
}

/** `{__name__=~"container_.*"}`. */
function byPattern(matchers: Selector['matchers'], offered: Offered): Finding[] {
  const pattern = matchers.find(({ label, op }) => label === '__name__' && op === '=~')?.value;
  if (pattern === undefined) return matchers.flatMap((matcher) => ofAnyMetric(matcher, offered));
  if (isOpen(pattern)) return [];
  const regex = patternOf(pattern, { whole: true });
  if (!regex)
    return [{ status: 'unread', name: pattern, why: 'A pattern of metric names that cannot be followed here.' }];
  if ([...offered.metrics.keys()].some((name) => regex.test(name))) return [];
  return [
    { status: 'no', name: pattern, why: 'No metric of Plimsoll’s fits this pattern; METRICS.md lists them all.' },
  ];
}

function openMetric(metric: string, offered: Offered): Finding[] {
  const pattern = openPattern(metric);
  if ([...offered.metrics.keys()].some((name) => pattern.test(name))) return [];
  return [{ status: 'no', name: readable(metric), why: 'No metric of Plimsoll’s fits, whatever is chosen.' }];
}

function switchOf(metric: string, { off }: OfferedMetric): Finding[] {
  if (off === undefined) return [];
  return [{ status: 'setting', name: metric, use: `agent.families: [${off}]`, why: `The family ${off} is off.` }];
}

/** Prefixes of ours: a name that begins so and is not there is a mistake, or of another version. */
const OURS = /^(container|machine|plimsoll|service|pod|namespace|node_containers|cluster)_/;

function notOurs(metric: string, { metrics }: Offered): Finding {
  const known = knownIn(PROGRAMS, metric);
  if (known) {
    const { use, why, from } = known;
    return { status: 'no', name: metric, why, from, ...(use === undefined ? {} : { use }) };
  }
  const near = nearest(metric, [...metrics.keys()]);
  if (near !== undefined)
    return { status: 'no', name: metric, use: near, why: 'There is no such metric; this one is close.' };
  if (OURS.test(metric) && !metric.includes(':'))
    return { status: 'no', name: metric, why: 'Plimsoll has no such metric; METRICS.md lists those that there are.' };
  const why = metric.includes(':')
    ? 'A recording rule’s: check the file that it is in as well.'
    : 'Neither Plimsoll’s nor of those that it replaces: it goes on as long as what exposes it does.';
  return { status: 'elsewhere', name: metric, why };
}

/** Numbers that are absent where cAdvisor has a zero. */
const ABSENT_NOT_ZERO = new Set([
  'container_spec_memory_limit_bytes',
  'container_spec_memory_swap_limit_bytes',
  'container_spec_memory_reservation_limit_bytes',
  'container_spec_cpu_quota',
]);

function habitsOf({ comparedWithZero, aged }: Asked): Finding[] {
  const zeros = comparedWithZero.filter((metric) => ABSENT_NOT_ZERO.has(metric));
  return [
    ...zeros.map(
      (metric): Finding => ({
        status: 'no',
        name: `${metric} == 0`,
        use: `container_last_seen{name!=""} unless on(id) ${metric}`,
        why: 'Absent without a limit, never 0: the comparison answers nothing.',
      }),
    ),
    ...(aged.includes('container_last_seen') ? [LAST_SEEN] : []),
  ];
}

const LAST_SEEN: Finding = {
  status: 'no',
  name: 'time() - container_last_seen',
  use: 'container_state{state="exited"} == 1',
  why: 'What has gone is absent at once, so its age never grows; container_exit_code != 0 tells how it ended.',
};
