/**
 * The place that lines go to, made where it is asked for: database and retention policy of version 1, bucket of 2, database of 3. What is
 * there is left as it is, but for a retention that differs from the one asked for. Asking again changes nothing.
 */
import { SinkError } from '../../../src/errors.ts';
import type { Request } from '../sender.ts';
import { type Answer, judge, messageOf, type Target } from './answer.ts';
import type { InfluxPlace, InfluxV1, InfluxV2, InfluxV3 } from './endpoint.ts';
import { policiesIn, shardMs } from './policies.ts';

export interface PlaceOptions {
  readonly to: InfluxPlace;
  readonly target: Target;
  /** How long what is written is kept; left as it is, or for ever, if not set. */
  readonly retentionMs?: number | undefined;
  /** Sends a request; rejects with a SinkError if nothing was answered. */
  readonly ask: (request: Request, signal: AbortSignal) => Promise<Answer>;
  readonly now: () => number;
}

export interface Place {
  /** Sees to it once. Answers what the server would not do although lines can be written, or undefined. */
  make(signal: AbortSignal): Promise<string | undefined>;
  /** The server says that it is not there: the next call makes it anew. */
  forget(): void;
}

/** `wanted`: whether anything is made at all. */
export function createPlace(options: PlaceOptions, wanted: boolean): Place {
  let ready = !wanted;
  return {
    async make(signal) {
      if (ready) return undefined;
      const problem = await makePlace(options, signal);
      ready = true;
      return problem;
    },
    forget() {
      ready = !wanted;
    },
  };
}

/** Answers what the server would not do although the place can be written to, or undefined. Rejects with a SinkError to be tried again. */
async function makePlace(options: PlaceOptions, signal: AbortSignal): Promise<string | undefined> {
  const { to } = options;
  if (to.version === 1) return makeDatabase1(options, to, signal);
  if (to.version === 2) return makeBucket(options, to, signal);
  return makeDatabase3(options, to, signal);
}

/** Asks, and takes every answer but a success for a failure; `fine` are others that are none. */
async function asked(
  { ask, target, now }: PlaceOptions,
  request: Request,
  { signal, fine = [] }: { readonly signal: AbortSignal; readonly fine?: readonly number[] },
): Promise<Answer> {
  const answer = await ask(request, signal);
  if (answer.status < 300 || fine.includes(answer.status)) return answer;
  const verdict = judge(answer, target, now());
  const wish = verdict.kind === 'retry' && verdict.retryAfterMs !== undefined ? verdict.retryAfterMs : SLOWLY_MS;
  const reason = verdict.kind === 'retry' ? verdict.reason : 'not_created';
  throw failure(`${target.url} answers ${answer.status}: ${messageOf(answer.body)}`, target, { reason, wish });
}

/** People have to mend it. */
const SLOWLY_MS = 60_000;

function failure(
  said: string,
  { database }: Target,
  { reason = 'not_created', wish = SLOWLY_MS }: { readonly reason?: string; readonly wish?: number } = {},
): SinkError {
  const message = `"${database}" could not be created or set up as create: true asks: ${said}`;
  return new SinkError(reason, message, { retryable: true, retryAfterMs: wish });
}

async function makeDatabase1(options: PlaceOptions, to: InfluxV1, signal: AbortSignal): Promise<undefined> {
  const { target, retentionMs } = options;
  const run = async (statement: string): Promise<string> => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = new URLSearchParams({ q: statement }).toString();
    const answer = await asked(options, { method: 'POST', path: '/query', headers, body }, { signal });
    const { error } = policiesIn(answer.body);
    if (error !== undefined) throw failure(`${statement}: ${error}`, target);
    return answer.body;
  };
  const database = quoted(to.database);
  await run(`CREATE DATABASE ${database}`);
  const { policies } = policiesIn(await run(`SHOW RETENTION POLICIES ON ${database}`));
  const policy = policies.find(({ name, isDefault }) =>
    to.retentionPolicy === undefined ? isDefault : name === to.retentionPolicy,
  );
  const terms = retentionMs === undefined ? '' : ` SHARD DURATION ${shardMs(retentionMs) / 1000}s`;
  const duration = retentionMs === undefined ? 'INF' : `${retentionMs / 1000}s`;
  const name = quoted(policy?.name ?? to.retentionPolicy ?? 'autogen');
  if (!policy) {
    const asDefault = to.retentionPolicy === undefined ? ' DEFAULT' : '';
    await run(`CREATE RETENTION POLICY ${name} ON ${database} DURATION ${duration} REPLICATION 1${terms}${asDefault}`);
  } else if (retentionMs !== undefined && policy.durationMs !== retentionMs) {
    await run(`ALTER RETENTION POLICY ${name} ON ${database} DURATION ${duration}${terms}`);
  }
  return undefined;
}

/** An identifier of InfluxQL. */
function quoted(name: string): string {
  return `"${name.replace(/["\\]/g, '\\$&')}"`;
}

interface Bucket {
  readonly id?: unknown;
  readonly name?: unknown;
  readonly retentionRules?: readonly { readonly type?: unknown; readonly everySeconds?: unknown }[];
}

async function makeBucket(options: PlaceOptions, to: InfluxV2, signal: AbortSignal): Promise<undefined> {
  const { target, retentionMs } = options;
  const everySeconds = retentionMs === undefined ? 0 : Math.round(retentionMs / 1000);
  const retentionRules = everySeconds === 0 ? [] : [{ type: 'expire', everySeconds }];
  const find = new URLSearchParams({ org: to.org, name: to.bucket });
  // A bucket that is not there is an empty list, or 404 where the name was asked for.
  const found = await asked(options, { method: 'GET', path: `/api/v2/buckets?${find}` }, { signal, fine: [404] });
  if (found.status === 404 && /page not found/i.test(found.body)) {
    throw failure(`${target.url} has no /api/v2/buckets; leave create out`, target);
  }
  const bucket = listIn<Bucket>(found.body, 'buckets').find(({ name }) => name === to.bucket);
  if (bucket === undefined) {
    const orgs = new URLSearchParams({ org: to.org });
    const answer = await asked(options, { method: 'GET', path: `/api/v2/orgs?${orgs}` }, { signal, fine: [404] });
    const orgID = listIn<{ readonly id?: unknown }>(answer.body, 'orgs')[0]?.id;
    if (typeof orgID !== 'string') throw failure(`${target.url} has no organisation "${to.org}"`, target);
    const body = JSON.stringify({ orgID, name: to.bucket, retentionRules });
    await asked(options, { method: 'POST', path: '/api/v2/buckets', headers: JSON_TYPE, body }, { signal });
    return undefined;
  }
  const rule = bucket.retentionRules?.find(({ type }) => type === 'expire');
  if (retentionMs === undefined || Number(rule?.everySeconds ?? 0) === everySeconds) return undefined;
  const path = `/api/v2/buckets/${encodeURIComponent(String(bucket.id))}`;
  const body = JSON.stringify({ retentionRules });
  await asked(options, { method: 'PATCH', path, headers: JSON_TYPE, body }, { signal });
  return undefined;
}

const JSON_TYPE = { 'content-type': 'application/json' };

function listIn<T>(body: string, key: string): readonly T[] {
  try {
    const list = (JSON.parse(body) as Record<string, unknown> | null)?.[key];
    return Array.isArray(list) ? list.filter((one) => typeof one === 'object' && one !== null) : [];
  } catch {
    // An answer that is no JSON names nothing.
    return [];
  }
}

const CONFIGURE = '/api/v3/configure/database';

async function makeDatabase3(options: PlaceOptions, to: InfluxV3, signal: AbortSignal): Promise<string | undefined> {
  const { retentionMs, ask, target } = options;
  const period = retentionMs === undefined ? {} : { retention_period: `${Math.round(retentionMs / 1000)}s` };
  const body = JSON.stringify({ db: to.database, ...period });
  const made = await asked(
    options,
    { method: 'POST', path: CONFIGURE, headers: JSON_TYPE, body },
    { signal, fine: [409] },
  );
  if (made.status !== 409 || retentionMs === undefined) return undefined;
  const set = await ask({ method: 'PUT', path: CONFIGURE, headers: JSON_TYPE, body }, signal);
  if (set.status < 300) return undefined;
  // InfluxDB 3 Core sets it when a database is made, and never again.
  return `${target.url} would not set how long database "${to.database}", which was there, keeps what it has (${set.status} ${messageOf(set.body)}): InfluxDB 3 Core sets that only when a database is made`;
}
