/** `labels`, `label/<name>/values` and `series`: what there is, from the index. */
import { QueryError } from '../../query/query.ts';
import type { Scope } from '../../store/types.ts';
import { listPieces, metricJson } from '../answers.ts';
import { unescapedName } from '../escaping.ts';
import type { Language } from '../language.ts';
import { limitParam, matchersParam, type Params, spanParams } from '../params.ts';
import { type Answer, ASK, READ, type Route } from '../route.ts';

const CUT = 'results truncated due to limit';

export function namesRoutes(language: Language): Route[] {
  return [
    {
      path: '/labels',
      methods: ASK,
      turn: 'lookup',
      handle: async ({ params, store }) => {
        const { limit, scope } = scopeOf(params, language);
        return listed(await store.labelNames(scope), limit);
      },
    },
    {
      path: '/label/:name/values',
      methods: READ,
      turn: 'lookup',
      handle: async ({ params, store, name }) => {
        const label = unescapedName(name);
        if (label === '') throw new QueryError('bad_data', 'invalid label name: ""');
        const { limit, scope } = scopeOf(params, language);
        return listed(await store.labelValues(label, scope), limit);
      },
    },
    {
      path: '/series',
      methods: ASK,
      turn: 'lookup',
      handle: async ({ params, store }) => {
        if (params.all('match[]').length === 0) throw new QueryError('bad_data', 'no match[] parameter provided');
        const { limit, scope } = scopeOf(params, language);
        const found = cut(await store.series(scope), limit);
        return { data: undefined, pieces: listPieces(found.items, metricJson), warnings: found.warnings };
      },
    },
  ];
}

/** One more than wanted is asked for, to know whether there is more. */
function scopeOf(params: Params, language: Language): { readonly limit: number; readonly scope: Scope } {
  const limit = limitParam(params);
  const span = spanParams(params);
  const matchers = matchersParam(params, language);
  return { limit, scope: { matchers, ...span, ...(limit > 0 ? { limit: limit + 1 } : {}) } };
}

function listed(all: readonly string[], limit: number): Answer {
  const { items, warnings } = cut(all, limit);
  return { data: undefined, pieces: listPieces(items, (item) => JSON.stringify(item)), warnings };
}

function cut<T>(all: readonly T[], limit: number): { readonly items: readonly T[]; readonly warnings: string[] } {
  if (limit === 0 || all.length <= limit) return { items: all, warnings: [] };
  return { items: all.slice(0, limit), warnings: [CUT] };
}
