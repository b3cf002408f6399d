/** Prometheus' HTTP API on this origin: questions in, series out, or an error that says what is wrong and where. */

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** Unix seconds and value. */
  readonly points: readonly (readonly [time: number, value: number])[];
}

export interface Answer {
  readonly kind: 'matrix' | 'vector' | 'scalar' | 'string';
  readonly series: readonly Series[];
  readonly warnings: readonly string[];
}

/** `missing`: nothing here answers such questions, because nothing keeps history. */
export class QueryError extends Error {
  readonly missing: boolean;

  constructor(words: string, missing = false) {
    super(words);
    this.name = 'QueryError';
    this.missing = missing;
  }
}

export interface RangeQuestion {
  readonly expr: string;
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

interface Body {
  readonly status?: string;
  readonly error?: string;
  readonly data?: unknown;
  readonly warnings?: readonly string[];
}

type Raw = readonly [number, string];

interface Result {
  readonly metric?: Record<string, string>;
  readonly value?: Raw;
  readonly values?: readonly Raw[];
}

async function ask(path: string, given: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<Body> {
  const query = new URLSearchParams(given).toString();
  const answer = await fetch(`api/v1/${path}${query === '' ? '' : `?${query}`}`, signal ? { signal } : {});
  const body: unknown = await answer.json().catch(() => undefined);
  const said = (typeof body === 'object' && body !== null ? body : {}) as Body;
  if (answer.ok && said.status === 'success') return said;
  throw new QueryError(said.error ?? `The collector answers ${answer.status}.`);
}

export async function queryRange({ expr, from, to, step }: RangeQuestion, signal?: AbortSignal): Promise<Answer> {
  const times = { start: String(from), end: String(to), step: String(step) };
  return answerOf(await ask('query_range', { query: expr, ...times }, signal));
}

export async function query(expr: string, time: number, signal?: AbortSignal): Promise<Answer> {
  return answerOf(await ask('query', { query: expr, time: time.toFixed(3) }, signal));
}

/** Exported for its test. */
export function answerOf({ data, warnings = [] }: Body): Answer {
  const { resultType: kind, result } = data as { resultType: Answer['kind']; result: unknown };
  if (kind === 'scalar' || kind === 'string')
    return { kind, warnings, series: [{ labels: {}, points: [point(result as Raw)] }] };
  const series = (result as Result[]).map(({ metric = {}, value, values }) => ({
    labels: metric,
    points: (values ?? (value ? [value] : [])).map(point),
  }));
  return { kind, warnings, series };
}

/** `+Inf` is no number of JavaScript's. */
function point([time, text]: Raw): [number, number] {
  const value = text === '+Inf' ? Number.POSITIVE_INFINITY : text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text);
  return [time, value];
}

export interface Meta {
  readonly type: string;
  readonly help: string;
}

/** Of all metrics: kind and help. */
export async function metadata(): Promise<ReadonlyMap<string, Meta>> {
  const { data } = await ask('metadata', {});
  return new Map(
    Object.entries(data as Record<string, readonly Meta[]>).flatMap(([name, [first]]) =>
      first ? [[name, first]] : [],
    ),
  );
}

export async function metricNames(): Promise<readonly string[]> {
  return (await ask('label/__name__/values', {})).data as string[];
}

export async function labelNames(metric: string | undefined): Promise<readonly string[]> {
  return (await ask('labels', matching(metric))).data as string[];
}

export async function labelValues(label: string, metric: string | undefined): Promise<readonly string[]> {
  return (await ask(`label/${encodeURIComponent(label)}/values`, matching(metric))).data as string[];
}

function matching(metric: string | undefined): Record<string, string> {
  return metric === undefined ? {} : { 'match[]': metric };
}

/** In PromQL: whatever a name holds, it is only text. */
export function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
