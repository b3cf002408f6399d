/**
 * The InfluxDB sink, for the write endpoints of version 1 and version 2 and for whoever serves the same (InfluxDB 3,
 * VictoriaMetrics). A window goes out as lines in requests one after another; lines that the far side will never take are counted.
 */
import type { Clock } from '../../../src/run/clock.ts';
import { selectNamed } from '../levels.ts';
import type { Sink } from '../sink.ts';
import { judge, type Target } from './answer.ts';
import { type ChunkLimits, chunksOf } from './chunk.ts';
import { createInfluxClient, type InfluxTls } from './client.ts';
import { Job, type SendChunk, type ServerMemory } from './delivery.ts';
import { createEncoder } from './line.ts';

/** `/api/v2/write`. */
export interface InfluxV2 {
  readonly version: 2;
  readonly org: string;
  readonly bucket: string;
  readonly token?: string | undefined;
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
  const client = createInfluxClient({ url, path: writePath(to), ...credentials(to), tls, gzip, timeoutMs, clock });
  const encoder = createEncoder({ idField });
  const selection = selectNamed(options.levels);
  const limits: ChunkLimits = { maxLines, maxBytes };
  const server: ServerMemory = { refusesAll: false };
  let job: Job | undefined;

  const send: SendChunk = async (chunk, signal) => {
    const answer = await client.write(chunk.lines.join('\n'), signal);
    return { verdict: judge(answer, target, clock.now()), body: answer.body };
  };

  return {
    name,
    wants: (frame) => selection.samples(frame),
    async write(frame, signal) {
      if (job?.frame !== frame) {
        job = new Job({ frame, steps: chunksOf(selection.tables(frame), encoder, limits), limits, send, server });
      }
      const delivery = await job.run(signal);
      job = undefined;
      return delivery;
    },
    async close() {
      client.close();
    },
  };
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
  if (to.version === 2) return { token: to.token };
  const { username, password = '' } = to;
  return { basic: username === undefined ? undefined : { username, password } };
}
