/** What the store answered as the JSON that Prometheus would write, in pieces: one series after the other, points in thousands. */
import type { LabelPair } from '../../src/model/labels.ts';
import type { AnswerSeries, QueryAnswer } from '../query/query.ts';
import { scalarText, timeText, valueText } from './numbers.ts';

const POINTS_A_PIECE = 1000;

interface Beside {
  /** The moment that was asked about: a string's. */
  readonly timeMs: number;
  /** JSON of what it took, if that was asked for. */
  readonly stats: string | undefined;
}

/** The `data` of `query` and `query_range`. */
export function* answerPieces(answer: QueryAnswer, { timeMs, stats }: Beside): Generator<string> {
  yield `{"resultType":"${answer.type}","result":`;
  yield* resultPieces(answer, timeMs);
  yield stats === undefined ? '}' : `,"stats":${stats}}`;
}

function* resultPieces({ type, series, text = '' }: QueryAnswer, timeMs: number): Generator<string> {
  const [first] = series;
  if (type === 'scalar' && first)
    yield `[${timeText(first.timesMs[0] as number)},"${scalarText(first.values[0] as number)}"]`;
  else if (type === 'string') yield `[${timeText(timeMs)},${JSON.stringify(text)}]`;
  else {
    yield '[';
    for (const [i, one] of series.entries()) {
      yield `${i === 0 ? '' : ','}{"metric":${metricJson(one.labels)},`;
      if (type === 'vector') yield `"value":${pointJson(one, 0)}}`;
      else yield* valuesPieces(one);
    }
    yield ']';
  }
}

function* valuesPieces(series: AnswerSeries): Generator<string> {
  yield '"values":[';
  const { length } = series.timesMs;
  for (let from = 0; from < length; from += POINTS_A_PIECE) {
    const points: string[] = [];
    for (let i = from; i < Math.min(length, from + POINTS_A_PIECE); i++) points.push(pointJson(series, i));
    yield `${from === 0 ? '' : ','}${points.join(',')}`;
  }
  yield ']}';
}

function pointJson({ timesMs, values }: AnswerSeries, i: number): string {
  return `[${timeText(timesMs[i] as number)},"${valueText(values[i] as number)}"]`;
}

/** Labels as an object; made by hand, because a label may be called anything. */
export function metricJson(labels: readonly LabelPair[]): string {
  return `{${labels.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
}

/** A list of JSON texts. */
export function* listPieces<T>(items: Iterable<T>, textOf: (item: T) => string): Generator<string> {
  let before = '[';
  for (const item of items) {
    yield before + textOf(item);
    before = ',';
  }
  yield before === '[' ? '[]' : ']';
}
