/**
 * The InfluxDB sink, for the write endpoints of versions 1, 2 and 3 and for whoever serves the same (VictoriaMetrics). A window goes out as
 * lines, in several requests at once; lines that the far side will never take are counted and, if wanted, kept in a file.
 */
import { hider } from '../../../src/config/redact.ts';
import { SinkError } from '../../../src/errors.ts';
import type { ClientTls } from '../../../src/http/pool.ts';
import type { Clock } from '../../../src/run/clock.ts';
import { Job, type ServerMemory } from '../job.ts';
import { selectNamed } from '../levels.ts';
import type { Sink } from '../sink.ts';
import { type Answer, judge, placeWord, type Target } from './answer.ts';
import { bytesOf, type Chunk, type ChunkLimits, chunksOf, halves } from './chunk.ts';
import { createInfluxClient } from './client.ts';
import type { DeadLetters } from './deadletters.ts';
import { credentialsOf, type InfluxPlace, targetOf, writePath } from './endpoint.ts';
import { heapsterEncoder } from './heapster/encoder.ts';
import { createHeapsterSchema, type HeapsterOptions } from './heapster/tables.ts';
import { createEncoder } from './line.ts';
import { outcomeOf } from './outcome.ts';
import { createPlace } from './place.ts';

export interface InfluxSinkOptions {
  readonly name?: string;
  /** `http://host:8086`, with a path if the server is behind one. */
  readonly url: string;
  readonly to: InfluxPlace;
  readonly tls?: ClientTls | undefined;
  /** Only these levels; all if not set. */
  readonly levels?: readonly string[] | undefined;
  /** How long one request may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Compress requests; true if not set. */
  readonly gzip?: boolean;
  /** Write container ids as a string field; true if not set. */
  readonly idField?: boolean;
  /** Requests under way at once; 4 if not set. */
  readonly inFlight?: number;
  /** Lines in one request; 5000 if not set. */
  readonly maxLines?: number;
  /** Bytes in one request before compression; 4 MB if not set. */
  readonly maxBytes?: number;
  /** Make database, retention policy or bucket if they are not there, and set how long what is written is kept. */
  readonly create?: { readonly retentionMs?: number | undefined } | undefined;
  readonly deadLetters?: DeadLetters | undefined;
  /** Write as Heapster did; `levels` and `idField` mean nothing then. */
  readonly heapster?: HeapsterOptions | undefined;
}

/** A request refused at this size or below was not refused for its size. */
const MIN_BYTES = 16 * 1024;

export function createInfluxSink(options: InfluxSinkOptions): Sink {
  const { name = 'influxdb', to, tls, timeoutMs, clock, gzip = true, idField = true, deadLetters } = options;
  const { maxLines = 5000, maxBytes = 4_000_000, inFlight = 4 } = options;
  const target = targetOf(options.url, to);
  const { token, basic } = credentialsOf(to);
  const way = { url: target.url, path: writePath(to), token, basic, tls, gzip, timeoutMs, clock };
  const client = createInfluxClient({ ...way, connections: inFlight });
  // A server, or a proxy before it, may quote what it was sent.
  const hide = hider([token?.token, basic?.password, basic && `${basic.username}:${basic.password}`]);
  const encoder = options.heapster ? heapsterEncoder : createEncoder({ idField });
  const selection = options.heapster ? createHeapsterSchema(options.heapster) : selectNamed(options.levels);
  const limits: ChunkLimits = { maxLines, maxBytes };
  const server: ServerMemory = { refusesAll: false };
  const { create } = options;
  const place = createPlace(
    { to, target, retentionMs: create?.retentionMs, ask, now: clock.now },
    create !== undefined,
  );
  let job: Job<Chunk> | undefined;

  async function ask(...request: Parameters<typeof client.ask>): Promise<Answer> {
    const answer = await client.ask(...request);
    return { ...answer, body: hide(answer.body) };
  }

  function tooLarge(chunk: Chunk): string {
    const bytes = bytesOf(chunk);
    // Remembered, so that later frames do not run into the same limit with each request.
    limits.maxBytes = Math.max(MIN_BYTES, Math.min(limits.maxBytes, Math.ceil(bytes / 2)));
    return `a line of ${bytes} bytes`;
  }

  function newJob(frame: Parameters<Sink['write']>[0]): Job<Chunk> {
    return new Job<Chunk>({
      frame,
      steps: chunksOf(selection.tables(frame), encoder, limits),
      async send(chunk, signal) {
        const answer = await client.write(chunk.lines.join('\n'), signal);
        const verdict = judge({ ...answer, body: hide(answer.body) }, target, clock.now());
        // Somebody has dropped it meanwhile: it is made anew.
        if (verdict.kind === 'retry' && verdict.reason === 'not_found') place.forget();
        const { outcome, letters } = outcomeOf(chunk, verdict, answer.body);
        deadLetters?.add(
          letters.map((letter) => ({ ...letter, reason: hide(letter.reason) })),
          clock.now(),
        );
        return outcome;
      },
      inFlight,
      halves,
      tooLarge,
      lost: ({ lines }, reason) =>
        deadLetters?.add(
          lines.map((line) => ({ line, reason })),
          clock.now(),
        ),
      server,
    });
  }

  return {
    name,
    wants: (frame) => selection.samples(frame),
    async write(frame, signal) {
      const unmade = await place.make(signal);
      if (job?.frame !== frame) job = newJob(frame);
      const delivery = await job.run(signal);
      job = undefined;
      const problem = delivery.problem ?? unmade;
      const { trouble } = deadLetters ?? {};
      return { ...delivery, problem: trouble === undefined ? problem : `${problem ?? ''} (${trouble})`.trim() };
    },
    async probe(signal) {
      // Nothing in it, so nothing is written; but the server looks at the credentials and for the database first.
      const answer = await client.write('', signal);
      return probed({ ...answer, body: hide(answer.body) }, target, {
        nowMs: clock.now(),
        create: create !== undefined,
      });
    },
    async close() {
      client.close();
    },
  };
}

/** What the answer to an empty write says. Rejects with a SinkError if nothing could be written there. */
function probed(answer: Answer, target: Target, { nowMs, create }: { nowMs: number; create: boolean }): string {
  const verdict = judge(answer, target, nowMs);
  const what = placeWord(target);
  const where = `${target.url} takes what is written to ${what} "${target.database}"`;
  if (verdict.kind === 'written') return where;
  // The complaint about the empty write comes after credentials and database have been looked at.
  if (verdict.kind === 'lines_refused') return `${where} (of an empty write it says: ${verdict.message.slice(0, 200)})`;
  if (create && verdict.kind === 'retry' && verdict.reason === 'not_found' && !/ has no \/api/.test(verdict.message)) {
    return `${target.url} answers; ${what} "${target.database}" is not there yet and will be created`;
  }
  const message = 'message' in verdict ? verdict.message : `${target.url} answers ${answer.status}`;
  throw new SinkError('probe', message, { retryable: false });
}
