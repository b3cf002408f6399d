/**
 * A list of the API server's objects that is kept current: listed in pieces, then watched, with bookmarks, so that going on after a cut costs nothing; listed anew where the
 * server does not remember so far back. What fails is tried again for ever, and said once.
 */
import type { Log } from '../log.ts';
import { backoff } from '../run/backoff.ts';
import type { Clock } from '../run/clock.ts';
import { metadataAs } from './accept.ts';
import type { ApiClient } from './client.ts';

export interface WatchedOptions {
  readonly client: ApiClient;
  /** `/api/v1/pods`. */
  readonly path: string;
  /** Of every request: `fieldSelector=status.phase%3DRunning`; empty for none. */
  readonly query: string;
  /** Labels and owners alone, without the rest of the objects. */
  readonly metadataOnly: boolean;
  /** For the log: `pods`. */
  readonly what: string;
  /** All that there is. Called again after a time in which changes may have been missed. */
  readonly onList: (items: readonly unknown[]) => void;
  readonly onChange: (object: unknown) => void;
  readonly onGone: (object: unknown) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Watched {
  /** The list has been there once. */
  readonly synced: boolean;
  /** Why it is not current; undefined while it is. */
  readonly trouble: string | undefined;
  stop(): Promise<void>;
}

const PAGE = 500;
/** The server ends a watch after that; going on is cheap. */
const WATCH_SECONDS = 300;
const PAUSE_MS = 500;

class Refused extends Error {}
/** The server does not remember the version that we have. */
class Expired extends Error {}

export function startWatched(options: WatchedOptions): Watched {
  const { clock, log, what } = options;
  const stopping = new AbortController();
  const waits = backoff({ firstMs: 1000, maxMs: 60_000 });
  let synced = false;
  let trouble: string | undefined = 'has not answered yet';
  let version = '';

  function fine(): void {
    if (synced && trouble !== undefined) log.info({ what }, `the API server tells of ${what} again`);
    [synced, trouble] = [true, undefined];
    waits.reset();
  }

  function failed(error: unknown): void {
    const words = error instanceof Error ? error.message : String(error);
    if (words !== trouble) log.warn({ what }, `the API server does not tell of ${what}: ${words}`);
    trouble = words;
  }

  async function round(): Promise<void> {
    if (version === '') {
      version = await list(options, stopping.signal);
      fine();
    }
    version = await watch(options, { from: version, signal: stopping.signal, onFine: fine });
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await round();
        // A server that ends every watch at once is not asked without a pause.
        await clock.sleep(PAUSE_MS, stopping.signal).catch(() => undefined);
      } catch (error) {
        if (stopping.signal.aborted) return;
        if (error instanceof Expired) version = '';
        else failed(error);
        await clock.sleep(waits.next(), stopping.signal).catch(() => undefined);
      }
    }
  }

  const ended = loop();
  return {
    get synced() {
      return synced;
    },
    get trouble() {
      return trouble;
    },
    async stop() {
      stopping.abort(new Error('stopped'));
      await ended;
    },
  };
}

function accepts(metadataOnly: boolean, kind: Parameters<typeof metadataAs>[0]): string {
  return metadataOnly ? metadataAs(kind) : 'application/json';
}

interface ListBody {
  readonly items?: readonly unknown[];
  readonly message?: string;
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
}

/** Answers the version of the list. */
async function list(options: WatchedOptions, signal: AbortSignal): Promise<string> {
  const { client, path, query, metadataOnly, onList } = options;
  const items: unknown[] = [];
  let next = '';
  do {
    const page = [query, `limit=${PAGE}`, ...(next === '' ? [] : [`continue=${encodeURIComponent(next)}`])];
    const address = `${path}?${page.filter((part) => part !== '').join('&')}`;
    const { status, body } = await client.get(address, accepts(metadataOnly, 'PartialObjectMetadataList'), signal);
    const { items: some = [], metadata = {}, message } = (body ?? {}) as ListBody;
    if (status === 410) throw new Expired(`410: ${message}`);
    if (status !== 200) throw new Refused(`${status}: ${message ?? 'no reason given'}`);
    items.push(...some);
    next = metadata.continue ?? '';
    if (next === '') {
      onList(items);
      return metadata.resourceVersion ?? '';
    }
  } while (!signal.aborted);
  throw new Refused('stopped');
}

interface WatchFrom {
  readonly from: string;
  readonly signal: AbortSignal;
  readonly onFine: () => void;
}

interface WatchEvent {
  readonly type?: string;
  readonly object?: {
    readonly code?: number;
    readonly message?: string;
    readonly metadata?: { readonly resourceVersion?: string };
  };
}

/** Answers the version that the next watch may go on from. */
async function watch(options: WatchedOptions, { from, signal, onFine }: WatchFrom): Promise<string> {
  const { client, path, query, metadataOnly, onChange, onGone } = options;
  let version = from;
  let failure: Error | undefined;
  const onLine = (line: string): void => {
    const { type, object } = JSON.parse(line) as WatchEvent;
    if (type === 'ERROR') {
      const { code, message } = object ?? {};
      failure = code === 410 ? new Expired(message) : new Refused(`${code}: ${message}`);
      return;
    }
    version = object?.metadata?.resourceVersion ?? version;
    if (type === 'DELETED') onGone(object);
    else if (type !== 'BOOKMARK') onChange(object);
    onFine();
  };
  const parts = [query, 'watch=1', 'allowWatchBookmarks=1', `timeoutSeconds=${WATCH_SECONDS}`];
  const address = `${path}?${[...parts, `resourceVersion=${from}`].filter((part) => part !== '').join('&')}`;
  const status = await client.lines(address, {
    accept: accepts(metadataOnly, 'PartialObjectMetadata'),
    onLine,
    signal,
  });
  if (status === 410) throw new Expired('410');
  if (status !== 200) throw new Refused(`${status}`);
  if (failure) throw failure;
  onFine();
  return version;
}
