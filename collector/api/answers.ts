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
  else if (type === 'vector') yield* vectorPieces(series);
  else yield* matrixPieces(series);
}

function* vectorPieces(series: readonly AnswerSeries[]): Generator<string> {
  yield '[';
  for (const [i, { labels, timesMs, values }] of series.entries()) {
    const point = `[${timeText(timesMs[0] as number)},"${valueText(values[0] as number)}"]`;
    yield `${i === 0 ? '' : ','}{"metric":${metricJson(labels)},"value":${point}}`;
  }
  yield ']';
}

function* matrixPieces(series: readonly AnswerSeries[]): Generator<string> {
  yield '[';
  const beginnings = new Beginnings();
  for (const [i, { labels, timesMs, values }] of series.entries()) {
    yield `${i === 0 ? '' : ','}{"metric":${metricJson(labels)},"values":[`;
    for (let from = 0; from < timesMs.length; from += POINTS_A_PIECE) {
      const to = Math.min(timesMs.length, from + POINTS_A_PIECE);
      const before = beginnings.of(timesMs, from, to);
      let piece = '';
      // Most numbers are what they were at the step before, and writing one takes longer than all else.
      let value = Number.NaN;
      let text = 'NaN';
      for (let i = from; i < to; i++) {
        const next = values[i] as number;
        if (!Object.is(next, value)) text = valueText(next);
        value = next;
        piece += `${before[i - from]}${text}"]`;
      }
      yield piece;
    }
    yield ']}';
  }
  yield ']';
}

/** What is before each point's value: the time, which most series of an answer share. */
class Beginnings {
  #timesMs: Float64Array | undefined;
  #from = 0;
  #texts: string[] = [];

  of(timesMs: Float64Array, from: number, to: number): readonly string[] {
    if (timesMs === this.#timesMs && from === this.#from) return this.#texts;
    const texts = new Array<string>(to - from);
    for (let i = from; i < to; i++) texts[i - from] = `${i === 0 ? '' : ','}[${timeText(timesMs[i] as number)},"`;
    this.#timesMs = timesMs;
    this.#from = from;
    this.#texts = texts;
    return texts;
  }
}

/** Labels as an object; made by hand, because a label may be called anything. */
export function metricJson(labels: readonly LabelPair[]): string {
  let json = '{';
  for (const [name, value] of labels) json += `${json === '{' ? '' : ','}${quoted(name)}:${quoted(value)}`;
  return `${json}}`;
}

/** Texts that JSON writes as they are: nearly all. */
const PLAIN = /^[ !#-[\]-~]*$/;

function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
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
