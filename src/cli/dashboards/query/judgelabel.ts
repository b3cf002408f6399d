/**
 * A label that a query matches or groups by, against the metric it is asked of. A label that is not there is as an empty one: a matcher that an
 * empty text fits goes on working, the others answer nothing.
 */
import { ALWAYS_THERE } from '../known/ambient.ts';
import { OTHER_LABELS } from '../known/cadvisor.ts';
import type { Finding } from '../items.ts';
import type { LabelValues, Offered, OfferedMetric } from '../offered.ts';
import { keyOf } from '../../unread.ts';
import { patternOf } from './pattern.ts';
import type { LabelUse, Matcher } from './promql.ts';
import { isOpen, openPattern, readable } from './variables.ts';

/** Of every series that Prometheus has scraped, or made; `cluster` is what most set for all of a server's. */
const PROMETHEUS = new Set([
  '__name__',
  'job',
  'instance',
  'cluster',
  'le',
  'quantile',
  'alertname',
  'alertstate',
  'severity',
]);
const CONTAINERS = new Set(['name', 'image', 'id', 'node']);
const FOREIGN = /^container_(label|env)_/;

interface Place {
  readonly metric: string;
  readonly own: OfferedMetric;
  readonly offered: Offered;
}

/** Of `{label="value"}`. */
export function matching(matcher: Matcher, place: Place): Finding[] {
  const { label } = matcher;
  if (PROMETHEUS.has(label) || isOpen(label)) return [];
  const values = place.own.labels.get(label);
  if (values !== undefined) return amongValues(matcher, values, place.metric);
  if (has(label, place)) return [];
  // One that is let through might be there; one that is not changes what the query means, even where it answers.
  if (FOREIGN.test(label) && place.own.ofContainers) return [absent(label, place)];
  return fitsEmpty(matcher) ? [] : [absent(label, place)];
}

/** Of `{label="value"}` without a metric, as `label_values(label)` asks: only what others alone have is spoken of. */
export function ofAnyMetric(matcher: Matcher, offered: Offered): Finding[] {
  const { label } = matcher;
  const known = FOREIGN.test(label) || OTHER_LABELS.has(label);
  const ours = [...offered.metrics.values()].some(({ labels }) => labels.has(label));
  const own = offered.metrics.get('container_last_seen');
  return known && !ours && own ? matching(matcher, { metric: 'container_last_seen', own, offered }) : [];
}

/** Of `by (label)`, `on (label)`, and of a legend. */
export function grouping(
  { label, how, of }: LabelUse,
  known: { offered: Offered; recorded: ReadonlySet<string> },
): Finding[] {
  const { offered } = known;
  if (PROMETHEUS.has(label) || isOpen(label) || of.length === 0) return [];
  const places: Place[] = [];
  for (const { metric } of of) {
    const own = metric === undefined ? undefined : offered.metrics.get(metric);
    // What others expose may have any label, and they are spoken of already.
    if (metric === undefined || !own || known.recorded.has(metric)) return [];
    places.push({ metric, own, offered });
  }
  const [first] = places;
  if (!first || places.some((place) => has(label, place))) return [];
  const finding = absent(label, first);
  return [how === 'legend' ? { ...finding, why: `The legend names it. ${finding.why}` } : finding];
}

/** Prometheus' own metrics have whatever labels the target or the alert has. */
const OF_ANYTHING: ReadonlySet<string> = new Set(ALWAYS_THERE.map(({ metric }) => metric));

function has(label: string, { metric, own, offered }: Place): boolean {
  if (OF_ANYTHING.has(metric)) return true;
  if (own.labels.has(label)) return true;
  if (!own.ofContainers) return false;
  return CONTAINERS.has(label) || (FOREIGN.test(label) && offered.readable(label));
}

function fitsEmpty({ op, value }: Matcher): boolean {
  if (isOpen(value)) return false;
  if (op === '=') return value === '';
  if (op === '!=') return value !== '';
  const regex = patternOf(value, { whole: true });
  return regex !== undefined && regex.test('') === (op === '=~');
}

function amongValues({ label, op, value }: Matcher, values: NonNullable<LabelValues>, metric: string): Finding[] {
  const regex = patternOf(value, { whole: true });
  const fits = (each: string): boolean => {
    if (isOpen(value)) return openPattern(value).test(each) || op.endsWith('~');
    if (op === '=' || op === '!=') return (each === value) === (op === '=');
    return regex === undefined || regex.test(each) === (op === '=~');
  };
  if ([...values].some(fits)) return [];
  const there = [...values].map((each) => `${label}="${each}"`);
  const use = there.length === 1 ? { use: `${metric}{${there[0]}}` } : {};
  const why = there.length === 1 ? 'This is the only one there is.' : `There are ${there.join(', ')}.`;
  return [{ status: 'no', name: `${metric}{${label}${op}"${readable(value)}"}`, ...use, why }];
}

function absent(label: string, { metric, own, offered }: Place): Finding {
  const name = `label ${label}`;
  if (FOREIGN.test(label) && own.ofContainers) return letThrough(label);
  const other = OTHER_LABELS.get(label);
  if (other && (own.ofContainers || other.ofMachines)) {
    const { use, why, byRelabelling } = other;
    return { status: byRelabelling ? 'setting' : 'no', name, why, ...(use === undefined ? {} : { use }) };
  }
  const elsewhere = CONTAINERS.has(label) || [...offered.metrics.values()].some(({ labels }) => labels.has(label));
  if (elsewhere || FOREIGN.test(label) || other) {
    const labels = [...own.labels.keys(), ...(own.ofContainers ? ['name', 'image', 'container_label_…'] : [])];
    const list = labels.length === 0 ? 'no label of its own' : `the labels ${labels.join(', ')}`;
    return { status: 'no', name, why: `${metric} has ${list}, and those of its target.` };
  }
  return { status: 'works', name, why: 'No label of Plimsoll’s: it works if the scrape configuration adds it.' };
}

function letThrough(label: string): Finding {
  const section = label.startsWith('container_env_') ? 'env' : 'labels';
  const key = keyOf(label);
  return {
    status: 'setting',
    name: `label ${label}`,
    use: `agent.${section}: ["${key}"]`,
    why: `Not among those that become labels: add it${key.includes('?') ? ' (? stands for the dot or dash that was there)' : ''} to agent.${section}${section === 'labels' ? ', a list that stands in place of the default one: repeat what you keep of that' : ''}.`,
  };
}
