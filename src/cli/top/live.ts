/** The live table: reads again and again, and draws on new numbers, on keys and when the terminal's size changes, until somebody quits. */
import type { Clock } from '../../run/clock.ts';
import { adviceOn, adviceOnEmpty } from './advice.ts';
import { type Model, memory } from './numbers/model.ts';
import { silenceTrouble } from './numbers/trouble.ts';
import { nextDelayMs, pause } from './pace.ts';
import type { Read, Reading } from './read/reading.ts';
import type { Trail } from './numbers/trails.ts';
import { PAST_MS } from './past/history.ts';
import { press, type State } from './state.ts';
import type { Terminal } from './terminal/terminal.ts';
import type { About } from './view/header.ts';
import { type View, viewOf } from './view/screen.ts';

export interface LiveOptions {
  readonly read: Read;
  /** A reading from before, so that there are rates from the first table on. */
  readonly earlier?: Reading;
  /** Asked once, for what was before; empty where nobody knows. */
  readonly past?: (model: Model, signal: AbortSignal) => Promise<ReadonlyMap<string, Trail>>;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly terminal: Terminal;
  readonly start: State;
  /** Where the numbers come from, and what else the head says. */
  readonly about: () => Pick<About, 'place' | 'trouble' | 'words'>;
  readonly signal: AbortSignal;
}

/** Resolves to how it ended: `q`, Ctrl-C, or the signal. */
export async function live(options: LiveOptions): Promise<'quit' | 'interrupt' | 'signal'> {
  const { read, earlier, past, everyMs, clock, terminal, about, signal } = options;
  const kept = memory(earlier);
  const closed = new AbortController();
  const until = AbortSignal.any([signal, closed.signal]);
  let state = options.start;
  let newAtMs = clock.monotonic();
  let held: Model | undefined;
  let error: string | undefined;
  let view: View | undefined;
  let recalls = past;
  let ended: 'quit' | 'interrupt' | 'signal' = 'signal';

  function draw(): void {
    if (until.aborted) return;
    held = state.held ? (held ?? kept.model) : undefined;
    view = viewOf({ state, model: held ?? kept.model, about: wholeAbout(), size: terminal.size });
    terminal.draw(view.lines);
  }

  /** Once, beside the reading: the table does not wait for the past. */
  function recall(model: Model): void {
    const asked = recalls?.(model, until);
    recalls = undefined;
    void asked?.then(
      (found) => {
        kept.recall(found, PAST_MS);
        draw();
      },
      (cause: unknown) => {
        if (!until.aborted) error = adviceOn(cause, about().place);
      },
    );
  }

  function wholeAbout(): About {
    const { place, trouble, words } = about();
    const silence = kept.model && silenceTrouble(clock.monotonic() - newAtMs, kept.model.intervalMs);
    return { place, error, words, trouble: silence && error === undefined ? [silence, ...trouble] : trouble };
  }

  function onKey(key: string): void {
    const before = state;
    if (view) state = press(state, key, view.seen);
    if (state.screen === 'closed' || (key === 'ctrl+c' && !view)) {
      ended = key === 'ctrl+c' ? 'interrupt' : 'quit';
      closed.abort(new Error('closed'));
      return;
    }
    if (state.redraws !== before.redraws) terminal.forget();
    if (state !== before) draw();
  }

  terminal.open({ onKey, onChange: draw });
  try {
    draw();
    while (!until.aborted) {
      const beforeMs = kept.model?.timeMs;
      try {
        const reading = await read(until);
        error = adviceOnEmpty(reading, about().place);
        if (reading.sums.things.size > 0 || kept.model) kept.take(reading);
      } catch (cause) {
        if (!until.aborted) error = adviceOn(cause, about().place);
      }
      const wasNew = kept.model?.timeMs !== beforeMs;
      if (wasNew) newAtMs = clock.monotonic();
      draw();
      if (kept.model) recall(kept.model);
      await pause(nextDelayMs(everyMs, kept.model?.intervalMs, wasNew), clock, until);
    }
  } finally {
    terminal.close();
  }
  return ended;
}
