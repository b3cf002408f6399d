/** What a user may ask: the API server's word (SubjectAccessReview), for a moment. Its own administrators are not asked about. */
import { field, trueField } from '../../src/http/field.ts';
import type { ApiClient } from '../../src/kubernetes/client.ts';
import type { Clock } from '../../src/run/clock.ts';
import { createCache } from './cache.ts';
import { GROUP, StatusError } from './status.ts';
import { toldBy, type User } from './user.ts';

/** A path of discovery, or a resource. */
export type Wish =
  | { readonly path: string }
  | {
      readonly resource: 'nodes' | 'pods';
      readonly verb: 'get' | 'list';
      readonly version: string;
      /** Empty for all of them, and for nodes. */
      readonly namespace: string;
      /** Empty for a list. */
      readonly name: string;
    };

const REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
const KEEP_MS = 10_000;

/** Rejects with a StatusError for who may not. */
export function accessOf(
  client: ApiClient,
  clock: Pick<Clock, 'monotonic'>,
): (user: User, wish: Wish) => Promise<void> {
  const answers = createCache<boolean>({ keepMs: KEEP_MS, clock });
  return async (user, wish) => {
    if (user.groups.includes('system:masters')) return;
    const spec = { ...whoOf(user), ...attributesOf(wish) };
    if (!(await answers.get(JSON.stringify(spec), () => reviewed(client, spec)))) throw forbidden(user, wish);
  };
}

function whoOf({ name, uid, groups, extra }: User) {
  return { user: name, groups, ...(uid ? { uid } : {}), ...(extra ? { extra } : {}) };
}

function attributesOf(wish: Wish): object {
  if ('path' in wish) return { nonResourceAttributes: { path: wish.path, verb: 'get' } };
  const { resource, verb, version, namespace, name } = wish;
  return { resourceAttributes: { group: GROUP, version, resource, verb, namespace, name } };
}

async function reviewed(client: ApiClient, spec: object): Promise<boolean> {
  const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec };
  return trueField(field(await toldBy(client.post(REVIEWS, review), 'who may ask this'), 'status'), 'allowed');
}

function forbidden({ name }: User, wish: Wish): StatusError {
  const who = `User ${JSON.stringify(name)}`;
  if ('path' in wish) {
    return new StatusError('Forbidden', `forbidden: ${who} cannot get path ${JSON.stringify(wish.path)}`, {});
  }
  const { resource, verb, namespace } = wish;
  const place = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  const which = wish.name === '' ? '' : ` ${JSON.stringify(wish.name)}`;
  return new StatusError(
    'Forbidden',
    `${resource}.${GROUP}${which} is forbidden: ${who} cannot ${verb} resource "${resource}" in API group "${GROUP}" ${place}`,
    { ...(wish.name === '' ? {} : { name: wish.name }), group: GROUP, kind: resource },
  );
}
