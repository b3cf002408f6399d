/** What an answer is to whatever prints it: series with labels and points, whichever type it came as. */
export interface Line {
  readonly labels: ReadonlyMap<string, string>;
  /** Unix milliseconds and value, as numbers. */
  readonly points: readonly (readonly [ms: number, value: number])[];
}

export interface Result {
  readonly type: 'vector' | 'matrix' | 'scalar' | 'string';
  readonly lines: readonly Line[];
  /** Of a string. */
  readonly text: string;
}

/** As the API has it. */
export interface RawResult {
  readonly resultType: Result['type'];
  readonly result: unknown;
}

type RawPoint = readonly [seconds: number, value: string];
interface RawSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: RawPoint;
  readonly values?: readonly RawPoint[];
}

export function resultOf({ resultType: type, result }: RawResult): Result {
  if (type === 'string') return { type, lines: [], text: (result as readonly [number, string])[1] };
  if (type === 'scalar')
    return { type, lines: [{ labels: new Map(), points: [pointOf(result as RawPoint)] }], text: '' };
  const lines = (result as readonly RawSeries[]).map(({ metric, value, values = [] }) => ({
    labels: new Map(Object.entries(metric)),
    points: (value === undefined ? values : [value]).map(pointOf),
  }));
  return { type, lines, text: '' };
}

function pointOf([seconds, value]: RawPoint): readonly [number, number] {
  return [Math.round(seconds * 1000), Number(value.replace('Inf', 'Infinity'))];
}

/** `name{label="value"}`, without what is the same in all: as short as tells series apart. */
export function titleOf(labels: ReadonlyMap<string, string>, without: ReadonlySet<string> = new Set()): string {
  const pairs = [...labels].filter(([name]) => name !== '__name__' && !without.has(name));
  const inside = pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ');
  const name = without.has('__name__') ? '' : (labels.get('__name__') ?? '');
  return inside === '' ? name || '{}' : `${name}{${inside}}`;
}

/** Names of labels that all lines have with one value: they tell nothing apart. Of a single line nothing is left out. */
export function sharedBy(lines: readonly Line[]): ReadonlySet<string> {
  const [first, ...rest] = lines;
  if (!first || rest.length === 0) return new Set();
  return new Set(
    [...first.labels]
      .filter(([name, value]) => rest.every(({ labels }) => labels.get(name) === value))
      .map(([name]) => name),
  );
}
