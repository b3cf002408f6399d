/** A sink that does as a test says, and keeps what it was given. */
import { SinkError } from '../../src/errors.ts';
import type { Frame } from '../../src/model/batch.ts';
import type { Delivery, Sink } from '../../collector/sinks/sink.ts';

/** `take` all, `part` of it, `nothing` of it, fail to be tried again or for good, never answer, fail as a bug does. */
export type Behaviour = 'take' | 'part' | 'nothing' | 'retry' | 'refuse' | 'hang' | 'bug' | 'lie';

export interface FakeSink extends Sink {
  behaviour: Behaviour;
  /** What a failure asks to wait. */
  retryAfterMs: number | undefined;
  /** Attempts, in order. */
  readonly attempts: Frame[];
  /** Frames taken. */
  readonly taken: Frame[];
  closed: number;
  /** Attempts under way at once, at most. */
  mostAtOnce: number;
}

export function fakeSink(name: string, wants: (frame: Frame) => number = (frame) => frame.samples): FakeSink {
  let now = 0;
  const sink: FakeSink = {
    name,
    wants,
    behaviour: 'take',
    retryAfterMs: undefined,
    attempts: [],
    taken: [],
    closed: 0,
    mostAtOnce: 0,
    async write(frame, signal) {
      sink.attempts.push(frame);
      sink.mostAtOnce = Math.max(sink.mostAtOnce, ++now);
      try {
        return await behave(sink, frame, signal);
      } finally {
        now--;
      }
    },
    async close() {
      sink.closed++;
    },
  };
  return sink;
}

async function behave(sink: FakeSink, frame: Frame, signal: AbortSignal): Promise<Delivery> {
  await Promise.resolve();
  const samples = sink.wants(frame);
  const { retryAfterMs } = sink;
  switch (sink.behaviour) {
    case 'take':
      sink.taken.push(frame);
      return { delivered: samples, dropped: new Map() };
    case 'part':
      return {
        delivered: Math.floor(samples / 2),
        dropped: new Map([['rejected', Math.ceil(samples / 2)]]),
        problem: 'half',
      };
    case 'nothing':
      return { delivered: 0, dropped: new Map([['rejected', samples]]), problem: 'too old' };
    case 'lie':
      return { delivered: samples + 7, dropped: new Map([['rejected', -3]]) };
    case 'retry':
      throw new SinkError('unavailable', 'not now', {
        retryable: true,
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      });
    case 'refuse':
      throw new SinkError('refused', 'never', { retryable: false });
    case 'bug':
      throw new TypeError('x is not a function');
    case 'hang':
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  }
}
