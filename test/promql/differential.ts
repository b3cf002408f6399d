/** The same questions to a real server and to the engine, over the same samples: what is answered differently. */
import type { QueryAnswer } from '../../collector/query/query.ts';
import { labels as labelsOf } from '../../src/model/labels.ts';
import { systemClock } from '../../src/run/clock.ts';
import { createEngine, DEFAULT_LIMITS } from '../../collector/query/engine.ts';
import { MemorySource } from '../support/memorysource.ts';
import { plainAnswer } from './asking.ts';
import type { Answer } from './comparing.ts';
import { question } from './questions.ts';
import type { Question } from './server.ts';
import { askServer } from './server.ts';
import { world } from './world.ts';
import { remoteWrite } from './writing.ts';

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

/** `url`: an empty server that takes remote-write. */
export async function compare(
  url: string,
  of: { world: number; high: boolean; from: number; count: number },
): Promise<Compared> {
  const series = world(of.world, of.high);
  await remoteWrite(url, series);
  const source = new MemorySource();
  for (const { labels, samples } of series) source.add(labels, samples);
  const engine = createEngine(DEFAULT_LIMITS, () => systemClock.monotonic());
  const ours = (asked: Question): QueryAnswer => engine.query({ query: asked.expr, ...asked }, source);
  const found = { asked: 0, nonempty: 0, refused: 0, differences: [] as Difference[] };
  for (let seed = of.from; seed < of.from + of.count; seed++) {
    const asked = question(seed);
    const theirs = await orError(() => askServer(url, asked));
    const own = await orError(() => plainAnswer(ours(asked)));
    found.asked++;
    if (!('error' in theirs) && theirs.series.length > 0) found.nonempty++;
    if ('error' in theirs && 'error' in own) found.refused++;
    const what = difference(theirs, own);
    if (what !== undefined) found.differences.push({ seed, question: asked, what });
  }
  return found;
}

async function orError(ask: () => Answer | Promise<Answer>): Promise<Answer | { error: string }> {
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
