/**
 * The stdout sink: a line of JSON per row, for pipes and log shippers. The stream's backpressure is honoured: a reader that
 * stops makes the sink wait, and its queue drop the oldest windows, not the process grow.
 */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { SinkError } from '../../../src/errors.ts';
import type { Frame } from '../../../src/model/batch.ts';
import { selectNamed } from '../levels.ts';
import type { Delivery, Sink } from '../sink.ts';
import { type JsonLine, jsonLines } from './json.ts';

export interface StdoutSinkOptions {
  readonly name?: string;
  readonly stream: Writable;
  /** Only these levels; all if not set. */
  readonly levels?: readonly string[] | undefined;
}

/** A frame under way: a second attempt goes on after the last line written, so that no line comes twice. */
interface Job {
  readonly frame: Frame;
  readonly lines: Iterator<JsonLine>;
  delivered: number;
}

export function createStdoutSink({ name = 'stdout', stream, levels }: StdoutSinkOptions): Sink {
  const selection = selectNamed(levels);
  let job: Job | undefined;
  // Without a listener a closed pipe would end the process; what went wrong is in `stream.errored`.
  stream.on('error', () => undefined);

  async function write(frame: Frame, signal: AbortSignal, again = false): Promise<Delivery> {
    if (job?.frame !== frame) job = { frame, lines: jsonLines(selection.tables(frame), again), delivered: 0 };
    const { lines } = job;
    for (;;) {
      if (stream.errored || stream.destroyed || stream.writableEnded) throw closed(stream.errored);
      if (stream.writableNeedDrain) await drained(stream, signal);
      const { value, done } = lines.next();
      if (done) break;
      stream.write(value.text);
      job.delivered += value.samples;
    }
    const { delivered } = job;
    job = undefined;
    return { delivered, dropped: new Map() };
  }

  return { name, wants: (frame) => selection.samples(frame), write, close: async () => undefined };
}

async function drained(stream: Writable, signal: AbortSignal): Promise<void> {
  try {
    await once(stream, 'drain', { signal });
  } catch (cause) {
    throw signal.aborted ? unread(cause) : closed(cause);
  }
}

function unread(cause: unknown): SinkError {
  return new SinkError('timeout', 'nobody reads what is written to the standard output', { retryable: true, cause });
}

function closed(cause: unknown): SinkError {
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return new SinkError('closed', `the standard output is closed${why}`, { retryable: false, cause });
}
