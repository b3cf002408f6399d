/** Questions to the store and their answers, on its own thread. */
import type { createEngine } from '../../query/engine.ts';
import { QueryError } from '../../query/query.ts';
import { emptyPoints, type Source } from '../../query/source.ts';
import { pairsOf } from '../../../src/model/labels.ts';
import type { StoreCore } from '../core.ts';
import type { ExportedSeries, Scope } from '../types.ts';
import type { Failure, Question } from './messages.ts';

export interface AnsweringOptions {
  readonly core: StoreCore;
  readonly engine: ReturnType<typeof createEngine>;
}

export interface Asking {
  readonly id: number;
  readonly nowMs: number;
  readonly isAborted: () => boolean;
}

/** Samples of an export that go over at a time. */
const PIECE_SAMPLES = 50_000;

interface Export {
  readonly rest: Iterator<ExportedSeries>;
  /** The parts that it reads may go. */
  readonly release: () => void;
}

export interface Answering {
  /** All but `write`, `erase` and `settle`, which change something. Throws a QueryError. */
  answer(question: Question, asking: Asking): unknown;
}

export function createAnswering({ core, engine }: AnsweringOptions): Answering {
  const exports = new Map<number, Export>();
  const { source } = core;

  function piece(of: number): ExportedSeries[] {
    const rest = exports.get(of)?.rest;
    // Nothing more would look like the end of it.
    if (rest === undefined)
      throw new QueryError('unavailable', 'the store was started again in the midst of the export: ask again');
    const series: ExportedSeries[] = [];
    for (let samples = 0; samples < PIECE_SAMPLES; ) {
      const { value, done } = rest.next();
      if (done) break;
      series.push(value);
      samples += value.timesMs.length + 1;
    }
    return series;
  }

  function end(of: number): void {
    exports.get(of)?.release();
    exports.delete(of);
  }

  return {
    answer(question, { id, isAborted }) {
      if (isAborted()) throw new QueryError('canceled', 'nobody waits for the answer any more');
      switch (question.what) {
        case 'query':
          return engine.query(question.request, source, isAborted);
        case 'labelNames':
          return limited(source.labelNames(...spread(question.scope)), question.scope);
        case 'labelValues':
          return limited(source.labelValues(question.name, ...spread(question.scope)), question.scope);
        case 'series':
          return seriesOf(source, question.scope, isAborted);
        case 'metadata':
          return [...source.metadata()];
        case 'stats':
          return core.stats();
        case 'export':
          // Merging goes on between its pieces.
          exports.set(id, { rest: exported(source, question.scope, isAborted), release: core.folder.hold() });
          return undefined;
        case 'more':
          return piece(question.of);
        case 'enough':
          end(question.of);
          return undefined;
        default:
          throw new Error(`no answer to ${question.what}`);
      }
    },
  };
}

type ScopeArguments = [Scope['matchers'], number, number];

function spread({ matchers, fromMs, toMs }: Scope): ScopeArguments {
  return [matchers, fromMs, toMs];
}

function limited<T>(all: readonly T[], { limit = 0 }: Scope): readonly T[] {
  return limit > 0 ? all.slice(0, limit) : all;
}

function seriesOf(source: Source, scope: Scope, isAborted: () => boolean) {
  const found = [];
  for (const labels of source.labelSets(...spread(scope))) {
    if (found.length % 1024 === 0 && isAborted())
      throw new QueryError('canceled', 'nobody waits for the answer any more');
    found.push([...pairsOf(labels)]);
    if (found.length === scope.limit) break;
  }
  return found;
}

/** Each series once, whichever selectors it fits. */
function* exported(source: Source, scope: Scope, isAborted: () => boolean): Generator<ExportedSeries> {
  const { matchers, fromMs, toMs, limit = 0 } = scope;
  const points = emptyPoints();
  const seen = new Set<string>();
  for (const selector of matchers.length > 0 ? matchers : [[]]) {
    for (const series of source.select({ matchers: selector, fromMs, toMs })) {
      if (isAborted()) throw new QueryError('canceled', 'nobody waits for the answer any more');
      if (matchers.length > 1 && seen.has(series.labels.key)) continue;
      series.read(points);
      if (points.length === 0 && points.ends.length === 0) continue;
      if (matchers.length > 1 || limit > 0) seen.add(series.labels.key);
      yield {
        labels: [...pairsOf(series.labels)],
        timesMs: points.timesMs.slice(0, points.length),
        values: points.values.slice(0, points.length),
        ends: [...points.ends],
      };
      if (limit > 0 && seen.size >= limit) return;
    }
  }
}

export function failureOf(error: unknown): Failure {
  if (error instanceof QueryError) return { type: error.type, message: error.message, place: error.place };
  return { type: 'internal', message: error instanceof Error ? error.message : String(error) };
}
