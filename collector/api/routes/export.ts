/**
 * `/api/v1/export`: samples as they are kept, as JSON lines, one for each piece of a series. A stream that nobody holds: it goes as fast as it
 * is read, and ends at the store when the client goes.
 */
import { metricJson } from '../answers.ts';
import { QueryError } from '../../query/query.ts';
import type { ExportedSeries, Scope, Store } from '../../store/types.ts';
import type { Language } from '../language.ts';
import { matchersParam, type Params, spanParams } from '../params.ts';

/** Of one line. */
const MOST_POINTS = 10_000;

export function exportScope(params: Params, language: Language): Scope {
  if (params.all('match[]').length === 0)
    throw new QueryError('bad_data', 'no match[] parameter provided: {__name__!=""} is everything');
  return { matchers: matchersParam(params, language), ...spanParams(params) };
}

export async function* exportLines(store: Store, scope: Scope, signal: AbortSignal): AsyncGenerator<string> {
  for await (const piece of store.export(scope)) {
    for (const series of piece) {
      for (const line of linesOf(series)) {
        if (signal.aborted) return;
        yield line;
      }
    }
  }
}

/** The moments at which the series went stale stand in its last line; they may be all that there is of it. */
function* linesOf({ labels, timesMs, values, ends }: ExportedSeries): Generator<string> {
  const metric = metricJson(labels);
  let from = 0;
  do {
    const to = from + MOST_POINTS;
    const numbers = Array.from(values.subarray(from, to), numberText);
    const times = timesMs.subarray(from, to).join(',');
    const last = to >= timesMs.length && ends.length > 0 ? `,"ends":[${ends.join(',')}]` : '';
    yield `{"metric":${metric},"values":[${numbers.join(',')}],"timestamps":[${times}]${last}}\n`;
    from = to;
  } while (from < timesMs.length);
}

/** JSON has no word for what is no finite number. */
function numberText(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : `${value}`;
  return Number.isNaN(value) ? 'null' : value > 0 ? '"Infinity"' : '"-Infinity"';
}
