/** What needs PromQL and no data: `format_query`, `parse_query`, and `query_exemplars`, of which there are none. */
import { QueryError } from '../../query/query.ts';
import type { Language } from '../language.ts';
import { named, queryParam, spanParams } from '../params.ts';
import { ASK, type Route } from '../route.ts';

export function languageRoutes(language: Language): Route[] {
  return [
    {
      path: '/format_query',
      methods: ASK,
      handle: ({ params }) => ({ data: named('query', () => language.format(queryParam(params))) }),
    },
    {
      path: '/parse_query',
      methods: ASK,
      handle: ({ params }) => ({ data: named('query', () => language.tree(queryParam(params))) }),
    },
    {
      path: '/query_exemplars',
      methods: ASK,
      handle: ({ params }) => {
        const { fromMs, toMs } = spanParams(params);
        if (toMs < fromMs) throw new QueryError('bad_data', 'end timestamp must not be before start timestamp');
        language.check(queryParam(params));
        return { data: [] };
      },
    },
  ];
}
