/**
 * A list of the API server's objects that is kept current: listed, watched from there with bookmarks, gone on with where a watch has ended, listed again where the server has
 * forgotten that place (410). While it does not answer, what is known stays known; that is said once, and it is asked again for ever.
 */
import { field, listField, numberField, textField } from '../http/field.ts';
import type { Log } from '../log.ts';
import { backoff } from '../run/backoff.ts';
import type { Clock } from '../run/clock.ts';
import { metadataAs } from './accept.ts';
import { type ApiClient, ApiError } from './client.ts';

export interface WatchedOptions {
  readonly client: ApiClient;
  /** `/api/v1/pods`. */
  readonly path: string;
  /** Whatever narrows it: `fieldSelector`. */
  readonly query: Readonly<Record<string, string>>;
  /** Name, labels and owners alone, without the rest of the objects. */
  readonly metadataOnly: boolean;
  /** A short list of which many ask each their own part comes out of the server's memory; a long one in pages out of its store. */
  readonly list: 'cached' | 'paged';
  /** For the log: `pods`. */
  readonly what: string;
  /** All that there is. Called again after a time in which changes may have been missed. */
  onList(items: readonly unknown[]): void;
  onPut(item: unknown): void;
  onGone(item: unknown): void;
  /** How it stands is known, or known anew. */
  onState?(): void;
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: () => number;
}

export interface Watched {
  /** The list has been there once. */
  readonly synced: boolean;
  /** Why it is not current; undefined while it is. */
  readonly trouble: Error | undefined;
  stop(): Promise<void>;
}

/** The server keeps a watch as long as that, and it is asked to end within. */
const WATCH_SECONDS = 300;
const PAGE = '500';
const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 30_000;

/** What is known, and what a list or the last event said of its place. */
interface Place {
  /** Undefined while there is none to go on from. */
  version: string | undefined;
  synced: boolean;
  trouble: Error | undefined;
}

export function startWatched(options: WatchedOptions): Watched {
  const stopping = new AbortController();
  const place: Place = { version: undefined, synced: false, trouble: new Error('the API server has not answered yet') };
  const ended = keepUp(options, place, stopping.signal);
  return {
    get synced() {
      return place.synced;
    },
    get trouble() {
      return place.trouble;
    },
    async stop() {
      stopping.abort(new Error('stopped'));
      await ended;
    },
  };
}

async function keepUp(options: WatchedOptions, place: Place, signal: AbortSignal): Promise<void> {
  const { clock, random = Math.random } = options;
  const waits = backoff({ firstMs: FIRST_WAIT_MS, maxMs: MAX_WAIT_MS, random });
  while (!signal.aborted) {
    let askedMs = 0;
    try {
      if (place.version === undefined) await list(options, place, signal);
      await watch(options, place, { signal, onFirst: () => waits.reset() });
    } catch (error) {
      if (signal.aborted) return;
      if (isForgotten(error)) place.version = undefined;
      else stands(options, place, error as Error);
      askedMs = error instanceof ApiError ? error.retryAfter * 1000 : 0;
    }
    // A server that ends each watch at once is not asked at once, either.
    const waitMs = Math.max(waits.next(), Math.min(askedMs, 10 * MAX_WAIT_MS));
    await clock.sleep(waitMs, signal).catch(() => undefined);
  }
}

function stands({ what, log, onState }: WatchedOptions, place: Place, trouble: Error | undefined): void {
  const before = place.trouble;
  place.trouble = trouble;
  if (trouble !== undefined && trouble.message !== before?.message)
    log.warn({ what, error: trouble.message }, `the API server does not tell of ${what}; what was known of it stays`);
  if (trouble === undefined && before !== undefined) log.info({ what }, `the API server tells of ${what}`);
  onState?.();
}

function isForgotten(error: unknown): boolean {
  return error instanceof ApiError && error.status === 410;
}

function accepts({ metadataOnly }: WatchedOptions, kind: Parameters<typeof metadataAs>[0]): string {
  return metadataOnly ? metadataAs(kind) : 'application/json';
}

async function list(options: WatchedOptions, place: Place, signal: AbortSignal): Promise<void> {
  const { client, path, query, onList } = options;
  const start: Record<string, string> = options.list === 'cached' ? { resourceVersion: '0' } : {};
  const items: unknown[] = [];
  let version: string | undefined;
  let next = '';
  do {
    const page = next === '' ? start : { continue: next };
    const where = `${path}?${new URLSearchParams({ ...query, limit: PAGE, ...page })}`;
    const answer = await client.get(where, accepts(options, 'PartialObjectMetadataList'), signal);
    items.push(...listField(answer, 'items'));
    const metadata = field(answer, 'metadata');
    next = textField(metadata, 'continue') ?? '';
    version = textField(metadata, 'resourceVersion');
  } while (next !== '');
  onList(items);
  place.version = version;
  place.synced = true;
}

interface Following {
  readonly signal: AbortSignal;
  /** Something came. */
  onFirst(): void;
}

async function watch(options: WatchedOptions, place: Place, { signal, onFirst }: Following): Promise<void> {
  const { client, path, query, random = Math.random } = options;
  // Not all who watch at the same moment.
  const seconds = Math.round(WATCH_SECONDS * (0.5 + random() / 2));
  const how = {
    watch: '1',
    allowWatchBookmarks: 'true',
    timeoutSeconds: String(seconds),
    resourceVersion: place.version ?? '',
  };
  // Only now: who goes on from a place that is known has not asked anything before.
  const following = { signal, onOpen: () => stands(options, place, undefined) };
  const where = `${path}?${new URLSearchParams({ ...query, ...how })}`;
  for await (const line of client.lines(where, accepts(options, 'PartialObjectMetadata'), following)) {
    onFirst();
    take(options, place, JSON.parse(line));
  }
}

function take({ onPut, onGone }: WatchedOptions, place: Place, event: unknown): void {
  const object = field(event, 'object');
  const type = textField(event, 'type');
  if (type === 'ERROR')
    throw new ApiError(numberField(object, 'code') ?? 500, textField(object, 'message') ?? 'the watch was broken off');
  place.version = textField(field(object, 'metadata'), 'resourceVersion') ?? place.version;
  if (type === 'ADDED' || type === 'MODIFIED') onPut(object);
  if (type === 'DELETED') onGone(object);
}
