/** `rules`, `alerts` and `alertmanagers`: Plimsoll evaluates none itself, so they are empty, in the form that clients expect. */
import { QueryError } from '../../query/query.ts';
import { READ, type Route } from '../route.ts';

const TYPES = ['', 'alert', 'record'];

export function rulesRoutes(): Route[] {
  return [
    {
      path: '/rules',
      methods: READ,
      handle: ({ params }) => {
        const type = params.get('type');
        if (!TYPES.includes(type.toLowerCase()))
          throw new QueryError('bad_data', `invalid parameter "type": not supported value ${JSON.stringify(type)}`);
        return { data: { groups: [] } };
      },
    },
    { path: '/alerts', methods: READ, handle: () => ({ data: { alerts: [] } }) },
    {
      path: '/alertmanagers',
      methods: READ,
      handle: () => ({ data: { activeAlertmanagers: [], droppedAlertmanagers: [] } }),
    },
  ];
}
