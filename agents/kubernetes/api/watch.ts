/**
 * Keeps up with a list of the API server: lists it, watches from there, goes on where a watch has ended, lists again where the server has forgotten that place (410). While it
 * does not answer, what is known stays known.
 */
import { backoff } from '../../../src/run/backoff.ts';
import type { Clock } from '../../../src/run/clock.ts';
import { field, listField, numberField, textField } from '../../docker/engine/field.ts';
import { type ApiClient, ApiError } from './client.ts';

export interface WatchOptions {
  readonly client: ApiClient;
  /** `/api/v1/pods`. */
  readonly path: string;
  /** Whatever narrows it: `fieldSelector`. */
  readonly query: Readonly<Record<string, string>>;
  /** What is wanted of each: the whole, or its metadata. */
  readonly accept: { readonly list: string; readonly item: string };
  /** All that there is. */
  onList(items: readonly unknown[]): void;
  onPut(item: unknown): void;
  onGone(item: unknown): void;
  /** How it stands now: undefined for well. Told after each attempt. */
  onState(trouble: Error | undefined): void;
  readonly clock: Clock;
  readonly random?: () => number;
}

export interface Watching {
  close(): void;
}

/** The server keeps it as long as that, and it is asked to end within. */
const WATCH_SECONDS = 300;
const PAGE = '500';
const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 30_000;

export function startWatching(options: WatchOptions): Watching {
  const abort = new AbortController();
  void keepUp(options, abort.signal);
  return { close: () => abort.abort(new Error('closed')) };
}

/** What a list or the last event said of its place; undefined while there is none to go on from. */
interface Place {
  version: string | undefined;
}

async function keepUp(options: WatchOptions, signal: AbortSignal): Promise<void> {
  const { clock, random = Math.random } = options;
  const waits = backoff({ firstMs: FIRST_WAIT_MS, maxMs: MAX_WAIT_MS, random });
  const place: Place = { version: undefined };
  while (!signal.aborted) {
    let waitMs = 0;
    try {
      if (place.version === undefined) await list(options, place, signal);
      await watch(options, place, { signal, onFirst: () => waits.reset() });
      // A server that ends each watch at once is not asked at once.
      waitMs = waits.next();
    } catch (error) {
      if (signal.aborted) return;
      if (isForgotten(error)) place.version = undefined;
      else options.onState(error as Error);
      const asked = error instanceof ApiError ? error.retryAfter * 1000 : 0;
      waitMs = Math.max(waits.next(), Math.min(asked, 10 * MAX_WAIT_MS));
    }
    if (waitMs > 0) await clock.sleep(waitMs, signal).catch(() => undefined);
  }
}

function isForgotten(error: unknown): boolean {
  return error instanceof ApiError && error.status === 410;
}

async function list(
  { client, path, query, accept, onList }: WatchOptions,
  place: Place,
  signal: AbortSignal,
): Promise<void> {
  const items: unknown[] = [];
  let version: string | undefined;
  let next = '';
  do {
    const page: Record<string, string> = next === '' ? { resourceVersion: '0' } : { continue: next };
    const answer = await client.get(
      `${path}?${new URLSearchParams({ ...query, limit: PAGE, ...page })}`,
      accept.list,
      signal,
    );
    items.push(...listField(answer, 'items'));
    const metadata = field(answer, 'metadata');
    next = textField(metadata, 'continue') ?? '';
    version = textField(metadata, 'resourceVersion');
  } while (next !== '');
  onList(items);
  place.version = version;
}

interface Following {
  readonly signal: AbortSignal;
  /** Something came. */
  onFirst(): void;
}

async function watch(options: WatchOptions, place: Place, { signal, onFirst }: Following): Promise<void> {
  const { client, path, query, accept, random = Math.random } = options;
  // Not all agents at the same moment.
  const seconds = Math.round(WATCH_SECONDS * (0.5 + random() / 2));
  const how = {
    watch: '1',
    allowWatchBookmarks: 'true',
    timeoutSeconds: String(seconds),
    resourceVersion: place.version ?? '',
  };
  // Only now: who goes on from a place that is known has not asked anything before.
  const following = { signal, onOpen: () => options.onState(undefined) };
  const where = `${path}?${new URLSearchParams({ ...query, ...how })}`;
  for await (const line of client.lines(where, accept.item, following)) {
    onFirst();
    take(options, place, JSON.parse(line));
  }
}

function take({ onPut, onGone }: WatchOptions, place: Place, event: unknown): void {
  const object = field(event, 'object');
  const type = textField(event, 'type');
  if (type === 'ERROR')
    throw new ApiError(numberField(object, 'code') ?? 500, textField(object, 'message') ?? 'the watch was broken off');
  place.version = textField(field(object, 'metadata'), 'resourceVersion') ?? place.version;
  if (type === 'ADDED' || type === 'MODIFIED') onPut(object);
  if (type === 'DELETED') onGone(object);
}
