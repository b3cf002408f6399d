/** The same questions to a real server and to us, over the same samples: what is answered differently. */
import { labels as labelsOf } from '../../src/model/labels.ts';
import { systemClock } from '../../src/run/clock.ts';
import { createEngine, DEFAULT_LIMITS } from '../../collector/query/engine.ts';
import { MemorySource } from '../support/memorysource.ts';
import { plainAnswer } from './asking.ts';
import type { Answer } from './comparing.ts';
import type { Vocabulary } from './questions.ts';
import { question } from './questions.ts';
import type { Question } from './server.ts';
import { askServer } from './server.ts';
import type { Written } from './writing.ts';

export interface Difference {
  readonly seed: number;
  readonly question: Question;
  readonly what: string;
}

export interface Compared {
  readonly asked: number;
  /** Of those, answered with something by both. */
  readonly nonempty: number;
  /** Of those, refused by both. */
  readonly refused: number;
  readonly differences: readonly Difference[];
}

/** Somebody who answers; rejects with the error of the question. */
export type Asker = (question: Question) => Promise<Answer>;

/** The engine over series in memory. */
export function engineOver(series: readonly Written[]): Asker {
  const source = new MemorySource();
  for (const { labels, samples } of series) source.add(labels, samples);
  const engine = createEngine(DEFAULT_LIMITS, () => systemClock.monotonic());
  return async (asked) => plainAnswer(engine.query({ query: asked.expr, ...asked }, source));
}

export function serverAt(url: string): Asker {
  return (asked) => askServer(url, asked);
}

/** Answers without labels that one of two has otherwise. */
export function without(labels: ReadonlySet<string>, ask: Asker): Asker {
  return async (question) => {
    const answer = await ask(question);
    return {
      ...answer,
      series: answer.series.map((one) => ({ ...one, labels: one.labels.filter(([name]) => !labels.has(name)) })),
    };
  };
}

export interface Comparison {
  readonly theirs: Asker;
  readonly ours: Asker;
  readonly vocabulary: Vocabulary;
  /** The first seed, and how many. */
  readonly from: number;
  readonly count: number;
}

export async function compare({ theirs, ours, vocabulary, from, count }: Comparison): Promise<Compared> {
  const found = { asked: 0, nonempty: 0, refused: 0, differences: [] as Difference[] };
  for (let seed = from; seed < from + count; seed++) {
    const asked = question(seed, vocabulary);
    const [there, own] = await Promise.all([orError(() => theirs(asked)), orError(() => ours(asked))]);
    found.asked++;
    if (!('error' in there) && there.series.length > 0) found.nonempty++;
    if ('error' in there && 'error' in own) found.refused++;
    const what = difference(there, own);
    if (what !== undefined) found.differences.push({ seed, question: asked, what });
  }
  return found;
}

async function orError(ask: () => Promise<Answer>): Promise<Answer | { error: string }> {
  try {
    return await ask();
  } catch (error) {
    return { error: (error as Error).message };
  }
}

function difference(theirs: Answer | { error: string }, own: Answer | { error: string }): string | undefined {
  if ('error' in theirs || 'error' in own) {
    if ('error' in theirs && 'error' in own) return undefined;
    return 'error' in own ? `we refuse: ${own.error}` : `they refuse: ${(theirs as { error: string }).error}`;
  }
  const wanted = new Map(theirs.series.map((one) => [labelsOf(one.labels).key, one]));
  for (const { labels, points } of own.series) {
    const name = JSON.stringify(labels);
    const want = wanted.get(labelsOf(labels).key);
    if (!want) return `only we have ${name} ${points.slice(0, 3).join(' ')}`;
    wanted.delete(labelsOf(labels).key);
    if (want.points.length !== points.length) return `${name}: ${points.length} points, theirs ${want.points.length}`;
    for (const [i, [ms, value]] of points.entries()) {
      const [theirMs, theirValue] = want.points[i] as readonly [number, number];
      if (ms !== theirMs) return `${name}: at ${ms}, theirs at ${theirMs}`;
      if (!close(value, theirValue)) return `${name} at ${ms}: ${value}, theirs ${theirValue}`;
    }
  }
  const [left] = wanted.values();
  return left ? `only they have ${JSON.stringify(left.labels)} ${left.points.slice(0, 3).join(' ')}` : undefined;
}

/** Rounding in another order of additions is allowed, nothing else. */
function close(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  if (a === b) return true;
  return Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b)) || Math.abs(a - b) < 1e-9;
}
