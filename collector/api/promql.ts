/** PromQL as the API needs it: the parser's trees as selectors, and its errors without the name of a parameter, which each route has its own of. */
import { formatQuery, queryTree } from '../query/format.ts';
import { parseQuery } from '../query/parse/parse.ts';
import { QueryError } from '../query/query.ts';
import type { Matcher } from '../query/source.ts';
import type { Language } from './language.ts';

/** The parser speaks of the parameter that it is most often for. */
const OF_QUERY = 'invalid parameter "query": ';
const ALL_EMPTY = /must contain at least one non-empty matcher$/;

export const promql: Language = {
  selector: selectorOf,
  check: (text) => void bared(() => parseQuery(text)),
  format: (text) => bared(() => formatQuery(text)),
  tree: (text) => bared(() => queryTree(text)),
};

function selectorOf(text: string): readonly Matcher[] {
  const expr = bared(() => {
    try {
      return parseQuery(text);
    } catch (error) {
      if (!(error instanceof QueryError) || !ALL_EMPTY.test(error.message)) throw error;
      throw nothingWanted(error);
    }
  });
  if (expr.kind === 'selector' && expr.offsetMs === 0 && expr.at === undefined) return expr.matchers;
  const place = { from: expr.from, to: expr.to };
  throw new QueryError('bad_data', '1:1: parse error: a selector is wanted here, such as up{job="x"}', place);
}

/** Over all of a store that would be everything; Prometheus has words of its own for it. */
function nothingWanted({ place }: QueryError): QueryError {
  return new QueryError('bad_data', 'match[] must contain at least one non-empty matcher', place);
}

function bared<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof QueryError ? withoutParameter(error) : error;
  }
}

function withoutParameter({ type, message, place }: QueryError): QueryError {
  return new QueryError(type, message.startsWith(OF_QUERY) ? message.slice(OF_QUERY.length) : message, place);
}
