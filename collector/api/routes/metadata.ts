/** `metadata` and `targets/metadata`: type, unit and help of metrics, as the catalogue or whoever sent them has it. */
import { QueryError } from '../../query/query.ts';
import type { MetricInfo } from '../../query/source.ts';
import { listPieces } from '../answers.ts';
import type { Params } from '../params.ts';
import { type Answer, READ, type Route } from '../route.ts';

export function metadataRoutes(): Route[] {
  return [
    {
      path: '/metadata',
      methods: READ,
      turn: 'lookup',
      handle: async ({ params, store }) => {
        const [most, mostEach] = [numberParam(params, 'limit'), numberParam(params, 'limit_per_metric')];
        return byMetric(wanted(await store.metadata(), params), most, mostEach);
      },
    },
    {
      path: '/targets/metadata',
      methods: READ,
      turn: 'lookup',
      handle: async ({ params, store }) => {
        const most = numberParam(params, 'limit');
        const infos = wanted(await store.metadata(), params).slice(0, most);
        const pieces = listPieces(infos, (info) => JSON.stringify({ target: {}, metric: info.metric, ...about(info) }));
        return { data: undefined, pieces };
      },
    },
  ];
}

function wanted(infos: readonly MetricInfo[], params: Params): readonly MetricInfo[] {
  const metric = params.get('metric');
  return metric === '' ? infos : infos.filter((info) => info.metric === metric);
}

function byMetric(infos: readonly MetricInfo[], most: number, mostEach: number): Answer {
  const byName = new Map<string, MetricInfo[]>();
  for (const info of infos) {
    const same = byName.get(info.metric);
    if (same === undefined && byName.size < most) byName.set(info.metric, mostEach > 0 ? [info] : []);
    else if (same !== undefined && same.length < mostEach) same.push(info);
  }
  return { data: undefined, pieces: objectPieces(byName) };
}

/** By hand: a metric may be called `__proto__`. */
function* objectPieces(byName: ReadonlyMap<string, readonly MetricInfo[]>): Generator<string> {
  let before = '{';
  for (const [name, infos] of byName) {
    yield `${before}${JSON.stringify(name)}:${JSON.stringify(infos.map(about))}`;
    before = ',';
  }
  yield before === '{' ? '{}' : '}';
}

function about({ type, help, unit }: MetricInfo): Pick<MetricInfo, 'type' | 'help' | 'unit'> {
  return { type, help, unit };
}

/** As in Prometheus: what is not positive is no limit. */
function numberParam(params: Params, name: string): number {
  const text = params.get(name);
  if (text === '') return Number.POSITIVE_INFINITY;
  if (!/^[+-]?\d{1,15}$/.test(text)) throw new QueryError('bad_data', `${name} must be a number`);
  const number = Number(text);
  return number > 0 ? number : Number.POSITIVE_INFINITY;
}
