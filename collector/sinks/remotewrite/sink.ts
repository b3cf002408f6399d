/**
 * The remote-write sink: pushes windows to Prometheus and to whoever takes the same. A window is cut into requests by its series, several at
 * once; the next begins when the last of them is through, so that the order within each series holds, whatever is tried again. What has gone
 * is marked as ended. Nothing is marked when the program stops, as Prometheus does it: whoever starts it again goes on with the same series.
 */
import { compress } from 'snappyjs';
import { hider } from '../../../src/config/redact.ts';
import { basicAuthorization, type Login } from '../../../src/config/webaddress.ts';
import { SinkError } from '../../../src/errors.ts';
import type { ClientTls } from '../../../src/http/pool.ts';
import type { Frame } from '../../../src/model/batch.ts';
import type { Clock } from '../../../src/run/clock.ts';
import { Job, type Outcome, type ServerMemory } from '../job.ts';
import { selectLevels, withoutContainers } from '../levels.ts';
import { createSender } from '../sender.ts';
import type { Sink } from '../sink.ts';
import { judge, type Protocol, type Verdict } from './answer.ts';
import { type Batch, type BatchLimits, batchesOf, halves } from './batch.ts';
import { createHistory } from './history.ts';
import { withMetadata } from './metadata.ts';
import { createRowLabels } from './rowlabels.ts';
import { seriesOf } from './series.ts';
import { encodeMetadata, encodeVersion1 } from './version1.ts';
import { encodeVersion2 } from './version2.ts';

export interface RemoteWriteOptions {
  readonly name?: string;
  /** The whole address; without a path it is Prometheus' own, `/api/v1/write`. */
  readonly url: string;
  readonly token?: string | undefined;
  /** In place of a token. */
  readonly login?: Login | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly tls?: ClientTls | undefined;
  /** Only these levels; all if not set, but for the single containers. */
  readonly levels?: readonly string[] | undefined;
  /** The single containers, too. */
  readonly containers?: boolean;
  /** Labels of every series that has none of that name. */
  readonly externalLabels?: Readonly<Record<string, string>>;
  /** 1.0 if not set. */
  readonly protocol?: Protocol;
  /** Says what the metrics are once a minute; true if not set. */
  readonly metadata?: boolean;
  /** Requests under way at once; 4 if not set. */
  readonly inFlight?: number;
  /** In one request; 2000 if not set. */
  readonly maxSamples?: number;
  /** How long one request may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

const FORMATS: Readonly<Record<Protocol, Readonly<Record<string, string>>>> = {
  '1.0': { 'content-type': 'application/x-protobuf', 'x-prometheus-remote-write-version': '0.1.0' },
  '2.0': {
    'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
    'x-prometheus-remote-write-version': '2.0.0',
  },
};

const PROMETHEUS_PATH = '/api/v1/write';

/** A request of so few samples was not refused for its size. */
const MIN_SAMPLES = 50;

export function createRemoteWriteSink(options: RemoteWriteOptions): Sink {
  const { name = 'remote_write', tls, timeoutMs, clock, levels, containers = false, inFlight = 4 } = options;
  const url = withPath(options.url);
  const sender = createSender({ url, tls, timeoutMs, clock, connections: inFlight, headers: headersOf(options) });
  const hide = hiderFor(options);
  const selection = selectLevels(withoutContainers(levels, containers));
  const texts = createRowLabels(options.externalLabels ?? {});
  const limits: BatchLimits = { maxSamples: options.maxSamples ?? 2000 };
  const server: ServerMemory = { refusesAll: false };
  const history = createHistory();
  const metadata = withMetadata({ clock, wanted: options.metadata ?? true });
  let { protocol = '1.0' as Protocol } = options;
  let job: Job<Batch> | undefined;

  async function post(batch: Batch, signal: AbortSignal): Promise<Verdict> {
    for (;;) {
      const spoken = protocol;
      const body = packed(batch, spoken);
      const answer = await sender.send({ method: 'POST', path: '', headers: FORMATS[spoken], body }, signal);
      const verdict = judge({ ...answer, body: hide(answer.body) }, { url, protocol: spoken, nowMs: clock.now() });
      if (verdict.kind !== 'older') return verdict;
      protocol = '1.0';
    }
  }

  async function send(batch: Batch, signal: AbortSignal): Promise<Outcome<Batch>> {
    // In 2.0 each series says what its metric is.
    if (batch.metadata.length > 0 && protocol === '2.0') return { kind: 'written' };
    const verdict = await post(batch, signal);
    // Not every server takes it, and none needs it.
    if (batch.metadata.length > 0 && verdict.kind !== 'retry') return { kind: 'written' };
    return verdict.kind === 'older' ? { kind: 'written' } : verdict;
  }

  function tooLarge({ series }: Batch): string {
    // Remembered, so that later frames do not run into the same limit with each request.
    limits.maxSamples = Math.max(MIN_SAMPLES, Math.min(limits.maxSamples, Math.ceil(series.length / 2)));
    return 'a single series';
  }

  function begin(frame: Frame): Job<Batch> {
    const windows = { ...history.begin(frame, selection.tables(frame)), texts };
    const steps = metadata(windows.now.tables, batchesOf(seriesOf(windows), limits));
    return new Job<Batch>({ frame, steps, send, inFlight, halves, tooLarge, server });
  }

  return {
    name,
    wants: (frame) => selection.samples(frame),
    async write(frame, signal) {
      if (job?.frame !== frame) {
        if (job) history.abandon(job.begun);
        job = begin(frame);
      }
      const delivery = await job.run(signal);
      history.finish();
      job = undefined;
      return delivery;
    },
    async probe(signal) {
      const verdict = await post({ series: [], metadata: [], samples: 0 }, signal);
      if (verdict.kind === 'written') return `${url} takes remote-write ${protocol}`;
      const message = 'message' in verdict ? verdict.message : `${url} takes no request`;
      throw new SinkError('probe', message, { retryable: false });
    },
    async close() {
      sender.close();
    },
  };
}

function packed({ series, metadata }: Batch, protocol: Protocol): Uint8Array {
  return compress(metadata.length > 0 ? encodeMetadata(metadata) : encoded(series, protocol));
}

function encoded(series: Batch['series'], protocol: Protocol): Buffer {
  return protocol === '2.0' ? encodeVersion2(series) : encodeVersion1(series);
}

function withPath(url: string): string {
  const bare = url.replace(/\/+$/, '');
  return new URL(bare).pathname === '/' ? bare + PROMETHEUS_PATH : bare;
}

function headersOf({ token, login, headers }: RemoteWriteOptions): Record<string, string> {
  const all: Record<string, string> = { 'user-agent': 'plimsoll', ...lowered(headers ?? {}) };
  if (token !== undefined) all.authorization = `Bearer ${token}`;
  if (login !== undefined) all.authorization = basicAuthorization(login);
  return { ...all, 'content-encoding': 'snappy' };
}

/** Names of headers are the same in any case; keys of an object are not. */
function lowered(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([key, value]) => [key.toLowerCase(), value]));
}

/** A server, or a proxy before it, may quote what it was sent. */
function hiderFor({ token, login, headers = {} }: RemoteWriteOptions) {
  return hider([token, login?.password, login && `${login.username}:${login.password}`, ...Object.values(headers)]);
}
