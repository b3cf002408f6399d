/** The table of a moment that is past: two readings out of what a collector keeps, a minute apart, so that there are rates. */
import { ConfigError } from '../../../errors.ts';
import { type RawResult, resultOf } from '../../query/answer.ts';
import type { Ask } from '../../query/client.ts';
import { stamp } from '../../query/time.ts';
import type { Reading } from '../read/reading.ts';
import { sumUp } from '../read/sums.ts';
import { CONTAINER_METRICS } from '../read/wanted.ts';

/** Rates are those of the minute before. */
const APART_MS = 60_000;

export interface Moment {
  readonly before: Reading;
  readonly at: Reading;
}

/** Rejects with an AskError, or with a ConfigError where nothing is kept of that time. */
export async function momentAt(ask: Ask, atMs: number): Promise<Moment> {
  const at = await readingAt(ask, atMs);
  if (at.sums.things.size === 0)
    throw new ConfigError(
      `--at: of ${stamp(atMs)} nothing is kept: the collector did not run then, or keeps no more than it has room for`,
    );
  return { before: await readingAt(ask, atMs - APART_MS), at };
}

async function readingAt(ask: Ask, ms: number): Promise<Reading> {
  const query = `{__name__=~"${CONTAINER_METRICS}",id!=""}`;
  const { lines } = resultOf((await ask<RawResult>('query', { query, time: ms / 1000 })).data);
  const samples = lines.map(({ labels, points }) => ({
    metric: labels.get('__name__') ?? '',
    labels,
    value: points[0]?.[1] ?? Number.NaN,
  }));
  return { timeMs: ms, sums: sumUp(samples) };
}
