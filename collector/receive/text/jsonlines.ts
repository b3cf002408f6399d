/**
 * JSON lines as `/api/v1/export` writes them, VictoriaMetrics' among others: `{"metric":{…},"values":[…],"timestamps":[…]}`, times in
 * milliseconds; `null` is a measured NaN, and the infinities are texts. `ends`, which only we write: moments at which the series went stale. Pure.
 */
import type { LabelPair } from '../../../src/model/labels.ts';
import { checkedLabels, refusedSamples } from '../labelset.ts';
import { type LabelLimits, type Parsed, SAMPLES_A_PIECE } from '../parsed.ts';
import { textLines } from './lines.ts';

export function* readJsonLines(text: string, limits: LabelLimits): Generator<Parsed> {
  for (const { line, text: one } of textLines(text)) {
    const read = seriesIn(one);
    if (typeof read === 'string') yield { kind: 'bad_line', line, text: one, why: read };
    else yield* samplesIn(read, limits);
  }
}

interface Read {
  readonly pairs: readonly LabelPair[];
  readonly timesMs: readonly number[];
  readonly values: readonly number[];
  readonly ends: readonly number[];
}

/** What is made of a line takes many times its memory. */
const MOST_CHARACTERS = 8 * 1024 * 1024;

/** In words what is wrong with it, if something is. */
function seriesIn(line: string): Read | string {
  if (line.length > MOST_CHARACTERS)
    return `it has ${line.length} characters; legal: at most ${MOST_CHARACTERS}; let the export write shorter ones`;
  let given: unknown;
  try {
    given = JSON.parse(line);
  } catch {
    return 'it is no JSON';
  }
  const { metric, values, timestamps, ends = [] } = (given ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof metric !== 'object' || metric === null || Array.isArray(metric)) return 'metric: must be an object';
  if (!Array.isArray(values) || !Array.isArray(timestamps)) return 'values, timestamps: must be lists';
  if (values.length !== timestamps.length)
    return `there are ${values.length} values and ${timestamps.length} timestamps; legal: as many`;
  const pairs = Object.entries(metric);
  if (pairs.some(([, value]) => typeof value !== 'string')) return 'metric: labels must be texts';
  const numbers = values.map(numberIn);
  if (numbers.includes(undefined)) return 'values: must be numbers, null, "Infinity" or "-Infinity"';
  if (!timestamps.every(Number.isSafeInteger)) return 'timestamps: must be whole milliseconds';
  if (!Array.isArray(ends) || !ends.every(Number.isSafeInteger)) return 'ends: must be a list of whole milliseconds';
  return { pairs: pairs as [string, string][], timesMs: timestamps as number[], values: numbers as number[], ends };
}

const WORDS: ReadonlyMap<unknown, number> = new Map<unknown, number>([
  [null, Number.NaN],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['+Inf', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-Inf', Number.NEGATIVE_INFINITY],
]);

function numberIn(given: unknown): number | undefined {
  return typeof given === 'number' ? given : WORDS.get(given);
}

function* samplesIn({ pairs, timesMs, values, ends }: Read, limits: LabelLimits): Generator<Parsed> {
  const checked = checkedLabels(pairs, limits);
  if (!('labels' in checked)) {
    yield refusedSamples(checked, timesMs.length + ends.length);
    return;
  }
  for (let from = 0; from < timesMs.length; from += SAMPLES_A_PIECE) {
    const to = from + SAMPLES_A_PIECE;
    yield {
      kind: 'samples',
      labels: checked.labels,
      timesMs: timesMs.slice(from, to),
      values: values.slice(from, to),
    };
  }
  for (let from = 0; from < ends.length; from += SAMPLES_A_PIECE) {
    const marks = ends.slice(from, from + SAMPLES_A_PIECE);
    const stale = [...marks.keys()];
    yield { kind: 'samples', labels: checked.labels, timesMs: marks, values: marks.map(() => Number.NaN), stale };
  }
}
