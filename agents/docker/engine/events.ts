/**
 * Keeps a connection to the engine: asks who it is, opens its event stream, hands out events, notices when it is dead, and comes
 * back with growing pauses, from the last event on. What is lost in between is the inventory's to make up with a list.
 */
import type { Log } from '../../../src/log.ts';
import { backoff } from '../../../src/run/backoff.ts';
import type { Clock } from '../../../src/run/clock.ts';
import { aboutEngine } from './about.ts';
import { type EngineEvent, type EngineInfo, type EngineVersion, parseEvent } from './api.ts';
import type { EngineClient, EventStream } from './client.ts';
import { EngineError } from './failure.ts';
import { readStream, streamClosed } from './stream.ts';

/** Who answers. */
export interface Engine {
  readonly version: EngineVersion;
  /** Undefined while it does not tell: a socket proxy may refuse it, a busy engine take too long. */
  readonly info: EngineInfo | undefined;
}

/** Called by the watch. A rejection ends the connection, which is then tried anew; `onEvent` and `onLost` must not throw. */
export interface EngineListener {
  /**
   * The stream is open, its events are coming already. Awaited before the first attempt counts as over. Called again when the engine
   * tells about itself what it did not tell before.
   */
  onConnected(engine: Engine): Promise<void>;
  onEvent(event: EngineEvent): void;
  /** Now and then while connected, for upkeep. */
  onPulse(): Promise<void>;
  onLost(error: EngineError): void;
}

export interface WatchOptions extends WatchTiming {
  readonly client: EngineClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly listener: EngineListener;
}

/** In milliseconds. */
export interface WatchTiming {
  /** Between two pulses. Default 30 000. */
  readonly pulseMs?: number;
  /** A stream that was silent for so long is tested with a ping. Default 5 000, never above `pulseMs`. */
  readonly quietMs?: number;
  /** First and longest pause before connecting again. Defaults 500 and 15 000. */
  readonly retryFirstMs?: number;
  readonly retryMaxMs?: number;
}

export interface EngineWatch {
  /** Resolves when the first attempt to connect is over, however it ended. */
  readonly first: Promise<void>;
  readonly counts: EventCounts;
  /** The connected engine has said nothing for so long that its answer to a ping is overdue. */
  isSilent(): boolean;
  /** Resolves once nothing of it runs any more. */
  close(): Promise<void>;
}

export interface EventCounts {
  events: number;
  /** Lines that are not JSON or too long. */
  garbage: number;
  /** Times the stream was opened again after it had been open. */
  reconnects: number;
}

/**
 * Actions that say something about identity or state. Engines filter them, so that the `exec_*` events of health checks cost nothing.
 * `kill` and `stop` say nothing that `die` does not.
 */
const ACTIONS = ['create', 'start', 'die', 'pause', 'unpause', 'rename', 'update', 'destroy', 'oom', 'health_status'];
/** A connection that lived as long as this was a good one: the next pause is the first again. */
const GOOD_MS = 10_000;
export const PULSE_MS = 30_000;
const QUIET_MS = 5000;
/** The last event is asked for again with the next ones, as times are exact to 256 ns only; it is then left out. */
const OVERLAP_NANO = 1000;

export function watchEngine(options: WatchOptions): EngineWatch {
  const { client, clock, log, listener, pulseMs = PULSE_MS, retryFirstMs = 500, retryMaxMs = 15_000 } = options;
  const quietMs = Math.min(options.quietMs ?? QUIET_MS, pulseMs);
  const pause = backoff({ firstMs: retryFirstMs, maxMs: retryMaxMs });
  const closing = new AbortController();
  const counts: EventCounts = { events: 0, garbage: 0, reconnects: 0 };
  let lastNano = 0;
  let opened = 0;
  const about = aboutEngine(client, log);
  let heardAt = 0;
  let firstOver = (): void => {};
  const first = new Promise<void>((resolve) => {
    firstOver = resolve;
  });

  async function keepConnected(): Promise<void> {
    while (!closing.signal.aborted) {
      const begin = clock.monotonic();
      const error = await connection();
      firstOver();
      if (closing.signal.aborted) return;
      listener.onLost(error);
      if (clock.monotonic() - begin >= GOOD_MS) pause.reset();
      await clock.sleep(pause.next(), closing.signal).catch(() => undefined);
    }
  }

  /** One connection from beginning to end; gives why it ended. */
  async function connection(): Promise<EngineError> {
    let stream: EventStream | undefined;
    const stop = (): void => stream?.abort();
    closing.signal.addEventListener('abort', stop);
    try {
      const version = await client.version();
      let info = await about();
      if (closing.signal.aborted) return streamClosed();
      lastNano = resumeAt(lastNano, (info?.systemTimeMs ?? 0) * 1e6);
      stream = await client.events(query(lastNano, version.podman));
      if (closing.signal.aborted) return streamClosed();
      if (opened++ > 0) counts.reconnects++;
      const floor = lastNano;
      const reading = readStream({
        stream,
        clock,
        log,
        quietMs,
        pulseMs,
        ping: () => client.ping(),
        onHeard: () => {
          heardAt = clock.monotonic();
        },
        onPulse: async () => {
          if (info === undefined) {
            info = await about();
            if (info !== undefined) await listener.onConnected({ version, info });
          }
          await listener.onPulse();
        },
        onLine: (line) => take(line, floor),
        onGarbage: () => {
          counts.garbage++;
        },
      });
      await Promise.race([reading, listener.onConnected({ version, info })]);
      firstOver();
      return await reading;
    } catch (error) {
      return error instanceof EngineError ? error : new EngineError('other', String(error), { cause: error });
    } finally {
      closing.signal.removeEventListener('abort', stop);
      stop();
    }
  }

  function take(line: string, floor: number): void {
    const event = eventIn(line, counts, log);
    if (event === undefined || isToldAgain(event.timeNano, floor)) return;
    counts.events++;
    lastNano = Math.max(lastNano, event.timeNano);
    listener.onEvent(event);
  }

  const running = keepConnected();
  return {
    first,
    counts,
    isSilent: () => clock.monotonic() - heardAt >= 2 * quietMs,
    async close() {
      closing.abort();
      await running;
    },
  };
}

function eventIn(line: string, counts: EventCounts, log: Log): EngineEvent | undefined {
  try {
    return parseEvent(JSON.parse(line));
  } catch (error) {
    counts.garbage++;
    log.debug({ error: String(error), bytes: line.length }, 'not an event');
    return undefined;
  }
}

/** What is further behind the floor was not asked for again: it is news, and the engine's clock has been set back since. */
function isToldAgain(timeNano: number, floor: number): boolean {
  return timeNano > 0 && timeNano <= floor && timeNano >= floor - 2 * OVERLAP_NANO;
}

/** From the last event on; from now on before the first one, and when the engine's clock was set back behind it. */
function resumeAt(lastNano: number, nowNano: number): number {
  if (nowNano === 0) return lastNano;
  return lastNano === 0 ? nowNano : Math.min(lastNano, nowNano);
}

function query(lastNano: number, podman: boolean): { since?: string; filters: Record<string, string[]> } {
  // Podman compares the whole name of an event, and writes `health_status` and `remove` in its own way: take all, sort out here.
  const filters: Record<string, string[]> = podman ? { type: ['container'] } : { type: ['container'], event: ACTIONS };
  if (lastNano === 0) return { filters };
  const nano = BigInt(Math.trunc(lastNano)) - BigInt(OVERLAP_NANO);
  return { since: `${nano / 1_000_000_000n}.${String(nano % 1_000_000_000n).padStart(9, '0')}`, filters };
}
