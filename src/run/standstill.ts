/**
 * Whether this process was held up: stopped, or without a processor. What lay in its sockets meanwhile looks as if it had only just come.
 * A beat that is late says so; Node runs timers before it reads sockets, so the beat is there first.
 */
import type { Clock } from './clock.ts';

export interface Standstill {
  /** For how many milliseconds it stood still, of what ended within the last seconds; 0 for a beat that is only a little late. */
  latelyMs(): number;
  stop(): void;
}

const BEAT_MS = 500;
/** A busy moment is no standstill. */
const LATE_MS = 500;
/** So long after its end what came meanwhile may still be read. */
const REMEMBERED_MS = 5000;

export function watchStandstill(clock: Pick<Clock, 'monotonic' | 'after'>): Standstill {
  let beatAt = clock.monotonic();
  let longest = { ms: 0, endedAt: Number.NEGATIVE_INFINITY };
  let cancel = clock.after(BEAT_MS, beat);

  function beat(): void {
    look();
    cancel = clock.after(BEAT_MS, beat);
  }

  function look(): void {
    const now = clock.monotonic();
    const ms = now - beatAt - BEAT_MS;
    const isRemembered = now - longest.endedAt <= REMEMBERED_MS;
    if (ms > LATE_MS && (!isRemembered || ms > longest.ms)) longest = { ms, endedAt: now };
    beatAt = now;
  }

  return {
    latelyMs() {
      // The next beat is not due yet, or it is what is late.
      if (clock.monotonic() - beatAt > BEAT_MS) look();
      return clock.monotonic() - longest.endedAt <= REMEMBERED_MS ? longest.ms : 0;
    },
    stop: () => cancel(),
  };
}
