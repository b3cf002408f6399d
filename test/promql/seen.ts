/**
 * What a server of the Prometheus API has seen, as a vocabulary: questions about real series need not be thought of. Times are chosen so that no sample lies
 * on the end of a range.
 */
import type { Vocabulary } from './questions.ts';

export interface Seen {
  /** Metrics whose whole name fits. */
  readonly metrics: RegExp;
  /** A matcher of all that is asked for. */
  readonly always?: string;
  /** Whose series are each of another value. */
  readonly distinct: string;
  /** Lists of labels that tell the series of some metrics apart; the first tells those of the metric that brings labels. */
  readonly joins: readonly string[];
  readonly brought: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly ranges: readonly string[];
  readonly subqueries: boolean;
  /** Not compared, because whoever is pushed to has them otherwise. */
  readonly without?: readonly string[];
}

/** Containers as a collector with windows of a second has them and pushes them: all but the job, which is of a scrape. */
export function seenContainers(toMs: number, overMs = 30_000): Seen {
  return {
    metrics: /^container_.+$/,
    distinct: 'container_start_time_seconds',
    joins: ['name', 'name, device', 'name, interface', 'name, cpu', 'node', ''],
    brought: 'image',
    fromMs: toMs - overMs,
    toMs: toMs - 3000,
    ranges: ['3s', '5s', '12s', '30s'],
    subqueries: true,
    without: ['job'],
  };
}

type Labels = Readonly<Record<string, string>>;
interface Exported {
  readonly metric: Labels;
  readonly timestamps: readonly number[];
}

/** Values of a label that are asked for by name. */
const MOST_VALUES = 12;

/** `url`: a collector, whose export says what there is. */
export async function vocabularyAt(url: string, seen: Seen): Promise<Vocabulary> {
  const exported = await exportedOf(url, seen);
  if (exported.length === 0) throw new Error(`${url} has seen nothing that fits ${seen.metrics}`);
  const values = valuesOf(exported, new Set(['__name__', ...(seen.without ?? [])]));
  const metrics = [...new Set(exported.map(({ metric }) => metric.__name__ as string))].sort();
  const offMs = freeMs(exported);
  const fromMs = Math.ceil(seen.fromMs / 1000) * 1000 + offMs;
  return {
    metrics,
    matchers: [...values].flatMap(([label, all]) => matchersOf(label, all)),
    ...(seen.always === undefined ? {} : { always: seen.always }),
    several: `__name__=~"${metrics.slice(0, 3).join('|')}"`,
    labels: [...values.keys(), 'absent'],
    joins: seen.joins,
    brought: seen.brought,
    ranges: seen.ranges,
    offsets: ['1s', '-2s', '3s'],
    single: selectorOf(exported, seen.without ?? []),
    distinct: seen.always === undefined ? seen.distinct : `${seen.distinct}{${seen.always}}`,
    subqueries: seen.subqueries,
    fromMs,
    spanMs: Math.max(1000, seen.toMs - fromMs),
    stepsMs: [1000, 2000, 5000],
    pinned: String(fromMs / 1000),
  };
}

async function exportedOf(url: string, { metrics, fromMs, toMs }: Seen): Promise<Exported[]> {
  const range = `start=${fromMs / 1000}&end=${toMs / 1000}`;
  const answer = await fetch(`${url}/api/v1/export?match[]=${encodeURIComponent('{__name__!=""}')}&${range}`);
  if (!answer.ok) throw new Error(`${url}: HTTP ${answer.status}: ${await answer.text()}`);
  const lines = (await answer.text()).split('\n').filter((line) => line !== '');
  return lines
    .map((line) => JSON.parse(line) as Exported)
    .filter(({ metric }) => metrics.test(metric.__name__ as string));
}

function valuesOf(exported: readonly Exported[], without: ReadonlySet<string>): Map<string, string[]> {
  const found = new Map<string, Set<string>>();
  for (const { metric } of exported) {
    for (const [label, value] of Object.entries(metric)) {
      if (without.has(label)) continue;
      const known = found.get(label) ?? new Set();
      found.set(label, known.add(value));
    }
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([label, all]) => [label, [...all].sort()]));
}

function matchersOf(label: string, values: readonly string[]): string[] {
  if (values.length > MOST_VALUES) return [`${label}!=""`];
  const [first = '', second = first] = values;
  const quoted = (text: string): string => JSON.stringify(text);
  const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return [
    `${label}=${quoted(first)}`,
    `${label}!=${quoted(second)}`,
    `${label}=""`,
    `${label}=~${quoted(`${escaped(first)}|${escaped(second)}`)}`,
    `${label}!~${quoted(`${escaped(second)}.*`)}`,
  ];
}

/** The first series, by all its labels. */
function selectorOf([first]: readonly Exported[], without: readonly string[]): string {
  const { __name__ = '', ...labels } = first?.metric ?? {};
  const pairs = Object.entries(labels).filter(([label]) => !without.includes(label));
  return `${__name__}{${pairs.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(',')}}`;
}

/** Milliseconds behind a second at which no sample lies. */
function freeMs(exported: readonly Exported[]): number {
  const taken = new Set(exported.flatMap(({ timestamps }) => timestamps.map((ms) => ms % 1000)));
  for (let ms = 337; ms < 1337; ms++) if (!taken.has(ms % 1000)) return ms % 1000;
  throw new Error('there are samples at each millisecond of a second');
}
