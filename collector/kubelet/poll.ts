/**
 * Asks kubelets for their summaries (or, where we may not read those, for their resource metrics), for nodes on which no agent may run: at each tick every one once, so many at a time, each with a deadline of its own; one that is still being asked is not asked again. What
 * it says becomes a batch, as if an agent of that node had sent it.
 */
import { randomUUID } from 'node:crypto';
import { readBounded } from '../../src/config/bounded.ts';
import type { Config } from '../../src/config/schema.ts';
import { ConfigError } from '../../src/errors.ts';
import { beginning } from '../../src/http/beginning.ts';
import { type ClientTls, type Connections, connectionsTo } from '../../src/http/pool.ts';
import { remedyFor } from '../../src/http/remedy.ts';
import type { Log } from '../../src/log.ts';
import type { Batch } from '../../src/model/batch.ts';
import { linkedAbort } from '../../src/run/abort.ts';
import type { Clock } from '../../src/run/clock.ts';
import { startTicker } from '../../src/run/ticker.ts';
import { parseResource } from './resource.ts';
import { parseSummary, type Summary } from './summary.ts';
import { KubeletTables } from './tables.ts';

export interface KubeletsOptions {
  readonly settings: Config['collector']['kubelets'];
  accept(batch: Batch): void;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Kubelets {
  /** By node: whether the last attempt brought numbers. */
  up(): ReadonlyMap<string, boolean>;
  stop(): Promise<void>;
}

const MAX_WORDS = 1024;
/** A summary of 500 pods, five times. */
const MAX_BYTES = 16 * 1024 * 1024;

interface Kubelet {
  readonly node: string;
  readonly url: string;
  readonly tables: KubeletTables;
  readonly session: string;
  seq: number;
  connections: (Connections & { readonly key: string }) | undefined;
  /** Undefined before the first attempt; empty for well. */
  trouble: string | undefined;
  asking: boolean;
}

/** Throws a ConfigError for a node that is not written `NODE=URL`. */
export function startKubelets({ settings, accept, clock, log }: KubeletsOptions): Kubelets {
  const kubelets = settings.nodes.map(kubeletOf);
  const asked = async (kubelet: Kubelet, signal: AbortSignal): Promise<void> => {
    const before = kubelet.trouble;
    try {
      accept(await batchOf(kubelet, { settings, clock, signal }));
      kubelet.trouble = '';
      if (before) log.info({ node: kubelet.node }, 'the kubelet answers again');
    } catch (error) {
      if (stopping.signal.aborted) return;
      kubelet.trouble = error instanceof Error ? error.message : String(error);
      if (kubelet.trouble !== before)
        log.warn(
          { node: kubelet.node, error: kubelet.trouble },
          'a kubelet does not tell of its node; it is asked again',
        );
    }
  };
  const stopping = new AbortController();
  const waiting = new Set<Kubelet>();
  const working = new Set<Promise<void>>();

  /** Those that hang take their places until their deadline, and no others'. */
  function pump(): void {
    for (const kubelet of waiting) {
      if (working.size >= settings.at_a_time || stopping.signal.aborted) return;
      waiting.delete(kubelet);
      kubelet.asking = true;
      const around = { clock, signal: stopping.signal };
      const work = withDeadline(settings.deadline, around, (signal) => asked(kubelet, signal)).then(() => {
        kubelet.asking = false;
        working.delete(work);
        pump();
      });
      working.add(work);
    }
  }

  const run = (): Promise<void> => {
    for (const kubelet of kubelets) if (!kubelet.asking) waiting.add(kubelet);
    pump();
    return Promise.resolve();
  };
  const ticker = startTicker({ intervalMs: settings.interval, now: true, clock, log, run });
  return {
    up: () => new Map(kubelets.flatMap(({ node, trouble }) => (trouble === undefined ? [] : [[node, trouble === '']]))),
    async stop() {
      stopping.abort(new Error('closed'));
      await ticker.stop();
      await Promise.all(working);
      await Promise.all(kubelets.map(({ connections }) => connections?.pool.destroy()));
    },
  };
}

function kubeletOf(given: string): Kubelet {
  const [, node = '', url = ''] = /^([^=\s]+)=(https?:\/\/\S+)$/.exec(given) ?? [];
  if (node === '' || !URL.canParse(url))
    throw new ConfigError(
      `collector.kubelets.nodes: "${given}" is no kubelet; use NODE=URL, such as node-1=https://10.0.0.1:10250`,
    );
  const kept = { tables: new KubeletTables(), session: randomUUID(), seq: 0, connections: undefined };
  return { node, url, ...kept, trouble: undefined, asking: false };
}

interface Asking {
  readonly settings: KubeletsOptions['settings'];
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

async function batchOf(kubelet: Kubelet, asking: Asking): Promise<Batch> {
  const timeMs = asking.clock.now();
  try {
    const tables = kubelet.tables.of(await read(kubelet, asking));
    const { node, session } = kubelet;
    return { node, session, seq: ++kubelet.seq, timeMs, intervalMs: asking.settings.interval, tables };
  } catch (cause) {
    const { signal } = asking;
    const words = signal.aborted ? String((signal.reason as Error).message) : (cause as Error).message;
    throw new Error(`${kubelet.url}: ${words}${remedyFor(cause, kubelet.url)}`, { cause });
  }
}

/** The summary; the resource metrics as long as that is refused. */
async function read(kubelet: Kubelet, asking: Asking): Promise<Summary> {
  const summary = await ask(kubelet, '/stats/summary', asking);
  if (typeof summary === 'string') return parseSummary(summary);
  const resource = await ask(kubelet, '/metrics/resource', asking);
  if (typeof resource === 'string') return parseResource(resource, asking.clock.now());
  throw new Error(summary.words);
}

/** The page, or why there is none. */
async function ask(
  kubelet: Kubelet,
  path: string,
  { settings, signal }: Asking,
): Promise<string | { readonly words: string }> {
  const { pool, prefix } = connectionsOf(kubelet, settings);
  const token = settings.token_file === undefined ? settings.token : textOf(settings.token_file).trim();
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const { statusCode, body } = await pool.request({ method: 'GET', path: `${prefix}${path}`, headers, signal });
  if (statusCode === 200) return beginning(body, MAX_BYTES);
  const words = await beginning(body, MAX_WORDS);
  return { words: `it answers ${statusCode}: ${words.trim()}${rights(statusCode)}` };
}

function rights(status: number): string {
  return status === 401 || status === 403 ? ' (it takes the right to get nodes/stats, or nodes/metrics)' : '';
}

/** Others when the certificates are others. */
function connectionsOf(kubelet: Kubelet, { tls, deadline }: Asking['settings']): Connections {
  const files: ClientTls = { ca: contentOf(tls.ca), cert: contentOf(tls.cert), key: contentOf(tls.key) };
  const key = JSON.stringify([files.ca, files.cert, files.key]);
  if (kubelet.connections?.key === key) return kubelet.connections;
  void kubelet.connections?.pool.close();
  kubelet.connections = { key, ...connectionsTo({ url: kubelet.url, tls: files, timeoutMs: deadline }) };
  return kubelet.connections;
}

function contentOf(file: string | undefined): string | undefined {
  return file === undefined ? undefined : textOf(file);
}

function textOf(file: string): string {
  return readBounded(file).bytes.toString('utf8');
}

async function withDeadline(
  ms: number,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const own = linkedAbort(signal);
  const cancel = clock.after(ms, () => own.abort(new Error(`it has not answered within ${ms / 1000} s`)));
  try {
    await work(own.signal);
  } finally {
    cancel();
    own.release();
  }
}
