/**
 * Reads one open event stream to its end. Lines go out; what comes back in the end is why it ended. A stream that is only
 * silent is told from a dead one by a ping now and then.
 */
import type { Log } from '../../../src/log.ts';
import type { Clock } from '../../../src/run/clock.ts';
import type { EventStream } from './client.ts';
import { EngineError } from './failure.ts';
import { lineReader } from './lines.ts';

export interface StreamOptions {
  readonly stream: EventStream;
  readonly clock: Clock;
  readonly log: Log;
  /** Silence of so long is tested with a ping. */
  readonly quietMs: number;
  /** A multiple of it. */
  readonly pulseMs: number;
  /** The engine has given a sign of life. */
  onHeard(): void;
  /** Rejects when the engine does not answer: then the stream is given up. */
  ping(): Promise<void>;
  /** Called every `pulseMs`, never while the last call has not settled; a rejection ends the stream, too. */
  onPulse(): Promise<void>;
  onLine(line: string): void;
  /** A line was too long. */
  onGarbage(): void;
}

/** Resolves when the stream has ended; never rejects. */
export async function readStream(options: StreamOptions): Promise<EngineError> {
  const { stream, clock, log, quietMs, pulseMs, ...on } = options;
  const reader = lineReader();
  const beatsPerPulse = Math.round(pulseMs / quietMs);
  let beats = 0;
  let heard = false;
  on.onHeard();
  let ended = false;
  let why = streamClosed();
  let cancel = arm();

  function arm(): () => void {
    heard = false;
    return clock.after(quietMs, () => void beat());
  }

  function hear(): void {
    heard = true;
    on.onHeard();
  }

  async function beat(): Promise<void> {
    try {
      if (!heard) {
        await on.ping();
        hear();
      }
      if (!ended && ++beats % beatsPerPulse === 0) await on.onPulse();
      if (!ended) cancel = arm();
    } catch (error) {
      why = error instanceof EngineError ? error : new EngineError('other', String(error), { cause: error });
      stream.abort();
    }
  }

  try {
    for await (const piece of stream.body) {
      hear();
      const { tooLong } = reader;
      for (const line of reader.push(piece as Uint8Array)) on.onLine(line);
      for (let lost = reader.tooLong - tooLong; lost > 0; lost--) on.onGarbage();
    }
  } catch (error) {
    // A broken stream is an ended stream. A failed ping, which breaks it too, has said why already.
    log.debug({ error: String(error) }, 'event stream broke off');
  } finally {
    ended = true;
    cancel();
  }
  return why;
}

export function streamClosed(): EngineError {
  return new EngineError('closed', 'the engine closed its event stream: it stopped or restarts');
}
