/** Questions to the engine over series in memory, as tests write them: `name{label="value"} 1 2+3x4 _ stale`, one sample a step from time 0. */
import { createEngine, DEFAULT_LIMITS } from '../../collector/query/engine.ts';
import type { QueryAnswer, QueryLimits } from '../../collector/query/query.ts';
import { line } from '../promql/notation.ts';
import { samplesOf } from '../promql/script.ts';
import { MemorySource } from './memorysource.ts';

/** `stepMs` apart. */
export function memory(stepMs: number, text: string): MemorySource {
  const source = new MemorySource();
  for (const one of text.trim().split('\n')) {
    const parsed = line(one.trim());
    source.add(
      parsed.labels,
      samplesOf({ ...parsed }, stepMs).map(({ ms, value }) => ({ ms, value: value as number | 'stale' })),
    );
  }
  return source;
}

/** A clock that stands still. */
export function engineWith(limits: Partial<QueryLimits> = {}, now = () => 0) {
  return createEngine({ ...DEFAULT_LIMITS, ...limits }, now);
}

export function instant(source: MemorySource, query: string, ms: number): QueryAnswer {
  return engineWith().query({ query, startMs: ms, endMs: ms, stepMs: 0 }, source);
}

export function range(
  source: MemorySource,
  query: string,
  [startMs, endMs, stepMs]: readonly [number, number, number],
): QueryAnswer {
  return engineWith().query({ query, startMs, endMs, stepMs }, source);
}

/** An answer as lines of `name{label="value"} value value@ms …`; a vector's without times. */
export function shown({ type, series, text }: QueryAnswer): string[] {
  if (type === 'string') return [text as string];
  return series.map(({ labels, timesMs, values }) => {
    const name = labels.find(([key]) => key === '__name__')?.[1] ?? '';
    const pairs = labels.filter(([key]) => key !== '__name__').map(([key, value]) => `${key}="${value}"`);
    const points = Array.from(values, (value, i) => (type === 'matrix' ? `${value}@${timesMs[i]}` : `${value}`));
    return `${name}{${pairs.join(',')}} ${points.join(' ')}`;
  });
}
