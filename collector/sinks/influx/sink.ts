/**
 * The InfluxDB sink, for the write endpoints of version 1 and version 2 and for whoever serves the same (InfluxDB 3,
 * VictoriaMetrics). A window goes out as lines in requests one after another; lines that the far side will never take are counted.
 */
import { hider } from '../../../src/config/redact.ts';
import type { Login } from '../../../src/config/webaddress.ts';
import { SinkError } from '../../../src/errors.ts';
import type { Clock } from '../../../src/run/clock.ts';
import { selectNamed } from '../levels.ts';
import type { Sink } from '../sink.ts';
import { type Answer, judge, type Target } from './answer.ts';
import { type ChunkLimits, chunksOf } from './chunk.ts';
import { createInfluxClient, type InfluxTls } from './client.ts';
import { Job, type SendChunk } from './delivery.ts';
import { createEncoder } from './line.ts';

/** `/api/v2/write`. */
export interface InfluxV2 {
  readonly version: 2;
  readonly org: string;
  readonly bucket: string;
  readonly token?: string | undefined;
  /** In place of a token: for a proxy that asks for user and password. */
  readonly login?: Login | undefined;
}

/** `/write`. */
export interface InfluxV1 {
  readonly version: 1;
  readonly database: string;
  readonly retentionPolicy?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

export interface InfluxSinkOptions {
  readonly name?: string;
  /** `http://host:8086`, with a path if the server is behind one. */
  readonly url: string;
  readonly to: InfluxV1 | InfluxV2;
  readonly tls?: InfluxTls | undefined;
  /** Only these levels; all if not set. */
  readonly levels?: readonly string[] | undefined;
  /** How long one request may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Compress requests; true if not set. */
  readonly gzip?: boolean;
  /** Write container ids as a string field; true if not set. */
  readonly idField?: boolean;
  /** Lines in one request; 5000 if not set. */
  readonly maxLines?: number;
  /** Bytes in one request before compression; 4 MB if not set. */
  readonly maxBytes?: number;
}

export function createInfluxSink(options: InfluxSinkOptions): Sink {
  const { name = 'influxdb', to, tls, timeoutMs, clock, gzip = true, idField = true } = options;
  const { maxLines = 5000, maxBytes = 4_000_000 } = options;
  const url = baseUrl(options.url);
  const target: Target = { version: to.version, url, database: to.version === 2 ? to.bucket : to.database };
  const { token, basic } = credentials(to);
  const client = createInfluxClient({ url, path: writePath(to), token, basic, tls, gzip, timeoutMs, clock });
  // A server, or a proxy before it, may quote what it was sent.
  const hide = hider([token, basic?.password, basic && `${basic.username}:${basic.password}`]);
  const encoder = createEncoder({ idField });
  const selection = selectNamed(options.levels);
  const limits: ChunkLimits = { maxLines, maxBytes };
  let job: Job | undefined;

  const send: SendChunk = async (chunk, signal) => {
    const answer = await client.write(chunk.lines.join('\n'), signal);
    return { verdict: judge({ ...answer, body: hide(answer.body) }, target, clock.now()), body: answer.body };
  };

  return {
    name,
    wants: (frame) => selection.samples(frame),
    async write(frame, signal) {
      if (job?.frame !== frame) {
        job = new Job({ frame, steps: chunksOf(selection.tables(frame), encoder, limits), limits, send });
      }
      const delivery = await job.run(signal);
      job = undefined;
      return delivery;
    },
    async probe(signal) {
      // Nothing in it, so nothing is written; but the server looks at the credentials and for the database first.
      const answer = await client.write('', signal);
      return probed({ ...answer, body: hide(answer.body) }, target, clock.now());
    },
    async close() {
      client.close();
    },
  };
}

/** What the answer to an empty write says. Rejects with a SinkError if nothing could be written there. */
function probed(answer: Answer, target: Target, nowMs: number): string {
  const verdict = judge(answer, target, nowMs);
  const what = target.version === 2 ? 'bucket' : 'database';
  const where = `${target.url} takes what is written to ${what} "${target.database}"`;
  if (verdict.kind === 'written') return where;
  // The complaint about the empty write comes after credentials and database have been looked at.
  if (verdict.kind === 'lines_refused') return `${where} (of an empty write it says: ${verdict.message.slice(0, 200)})`;
  const message = 'message' in verdict ? verdict.message : `${target.url} answers ${answer.status}`;
  throw new SinkError('probe', message, { retryable: false });
}

/** Without what people paste along: a slash at the end, the endpoint itself. */
function baseUrl(url: string): string {
  return url.replace(/\/+$/, '').replace(/\/api\/v2(\/write)?$/, '');
}

function writePath(to: InfluxV1 | InfluxV2): string {
  const query = new URLSearchParams({ precision: 'ms' });
  if (to.version === 2) {
    query.set('org', to.org);
    query.set('bucket', to.bucket);
    return `/api/v2/write?${query}`;
  }
  query.set('db', to.database);
  if (to.retentionPolicy !== undefined) query.set('rp', to.retentionPolicy);
  return `/write?${query}`;
}

function credentials(to: InfluxV1 | InfluxV2) {
  if (to.version === 2) return { token: to.token, basic: to.login };
  const { username, password = '' } = to;
  return { token: undefined, basic: username === undefined ? undefined : { username, password } };
}
