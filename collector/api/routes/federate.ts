/** `/federate`: the latest sample of each series that was asked for, with its time, as Prometheus' text. What has ended is left out. */
import type { LabelPair } from '../../../src/model/labels.ts';
import { QueryError } from '../../query/query.ts';
import type { ExportedSeries, Scope, Store } from '../../store/types.ts';
import { valueText } from '../numbers.ts';

/** As far back as an instant query looks. */
const LOOKBACK_MS = 5 * 60_000;

export interface Federation {
  readonly store: Store;
  readonly matchers: Scope['matchers'];
  readonly nowMs: number;
  readonly maxSeries: number;
  readonly signal: AbortSignal;
}

/** Lines of one metric stand together, metrics in order: all are gathered first, one line each. */
export async function federation({ store, matchers, nowMs, maxSeries, signal }: Federation): Promise<Iterable<string>> {
  const byName = new Map<string, Map<string, string>>();
  let count = 0;
  for await (const piece of store.export({ matchers, fromMs: nowMs - LOOKBACK_MS, toMs: nowMs })) {
    if (signal.aborted) throw new QueryError('canceled', 'the client has gone');
    for (const series of piece) {
      if (series.timesMs.length === 0 && series.ends.length === 0) continue;
      const latest = latestOf(series);
      const name = nameOf(series.labels);
      const lines = byName.get(name) ?? new Map<string, string>();
      byName.set(name, lines);
      const key = labelsText(series.labels);
      // A later piece of a series is about a later time.
      if (latest === undefined) lines.delete(key);
      else {
        count += lines.has(key) ? 0 : 1;
        lines.set(key, latest);
      }
      if (count > maxSeries)
        throw new QueryError('execution', `more than ${maxSeries} series fit: narrow match[] (query.max_points)`);
    }
  }
  return federationLines(byName);
}

function* federationLines(byName: ReadonlyMap<string, ReadonlyMap<string, string>>): Generator<string> {
  for (const name of [...byName.keys()].sort()) {
    const lines = byName.get(name) as ReadonlyMap<string, string>;
    if (lines.size === 0) continue;
    const plain = PLAIN.test(name);
    const shown = plain ? name : `"${escaped(name)}"`;
    yield `# TYPE ${shown} untyped\n`;
    for (const [labels, sample] of lines) {
      if (plain) yield `${name}${labels === '' ? '' : `{${labels}}`} ${sample}\n`;
      else yield `{${labels === '' ? shown : `${shown},${labels}`}} ${sample}\n`;
    }
  }
}

/** Value and time; undefined if nothing is there, or it has ended since. */
function latestOf({ timesMs, values, ends }: ExportedSeries): string | undefined {
  const at = timesMs.length - 1;
  if (at < 0) return undefined;
  const timeMs = timesMs[at] as number;
  if (ends.some((endMs) => endMs > timeMs)) return undefined;
  return `${valueText(values[at] as number)} ${timeMs}`;
}

/** As in Prometheus every series has an `instance`, if an empty one: whoever scrapes it would set its own. */
function labelsText(labels: readonly LabelPair[]): string {
  const shown = labels.filter(([name]) => name !== '__name__');
  const all = shown.some(([name]) => name === 'instance') ? shown : [...shown, ['instance', ''] as const];
  return all
    .map(([name, value]) => `${PLAIN_LABEL.test(name) ? name : `"${escaped(name)}"`}="${escaped(value)}"`)
    .join(',');
}

function nameOf(labels: readonly LabelPair[]): string {
  return labels.find(([name]) => name === '__name__')?.[1] ?? '';
}

const PLAIN = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const PLAIN_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
