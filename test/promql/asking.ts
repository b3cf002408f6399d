/** The engine over series in memory, as the one whom a script asks. */
import { createEngine, DEFAULT_LIMITS } from '../../collector/query/engine.ts';
import type { QueryAnswer } from '../../collector/query/query.ts';
import { systemClock } from '../../src/run/clock.ts';
import { MemorySource } from '../support/memorysource.ts';
import type { Answer } from './comparing.ts';
import type { Case, Load } from './script.ts';
import { samplesOf } from './script.ts';

/** Somebody who answers scripts. Times of a script begin at 0; a server may put them later. */
export interface Asked {
  /** An empty store. */
  clear(): Promise<void>;
  load(load: Load): Promise<void>;
  /** Rejects with the error of the question. */
  ask(one: Pick<Case, 'expr' | 'startMs' | 'endMs' | 'stepMs'>): Promise<Answer>;
  /** What is added to a script's times. */
  readonly baseMs: number;
  /** Why a case cannot be asked there; undefined if it can. */
  cannot?(one: Case): string | undefined;
}

export function inProcess(): Asked {
  let source = new MemorySource();
  const engine = createEngine(DEFAULT_LIMITS, () => systemClock.monotonic());
  return {
    baseMs: 0,
    clear: async () => {
      source = new MemorySource();
    },
    load: async ({ series, stepMs }) => {
      for (const line of series) {
        const samples = samplesOf(line, stepMs).flatMap(({ ms, value }) =>
          value === 'histogram' ? [] : [{ ms, value }],
        );
        source.add(line.labels, samples);
      }
    },
    ask: async ({ expr, startMs, endMs, stepMs }) =>
      plainAnswer(engine.query({ query: expr, startMs, endMs, stepMs }, source)),
  };
}

export function plainAnswer({ type, series, text, warnings, infos }: QueryAnswer): Answer {
  return {
    type,
    text,
    warnings,
    infos,
    series: series.map(({ labels, timesMs, values }) => ({
      labels,
      points: Array.from(timesMs, (ms, i) => [ms, values[i] as number] as const),
    })),
  };
}
