/**
 * The terminal while the table is on it: a screen of its own, keys without Enter, told of at once when its size changes. However the
 * process ends (but by SIGKILL), the terminal gets back what it showed before.
 */
import { writeSync } from 'node:fs';
import type { Clock } from '../../../run/clock.ts';
import type { Line } from '../view/line.ts';
import type { Size } from '../view/screen.ts';
import { keyReader } from './keys.ts';
import { type Looks, painter } from './paint.ts';

export interface TerminalOptions {
  readonly input: NodeJS.ReadStream;
  readonly out: NodeJS.WriteStream;
  readonly looks: Looks;
  readonly clock: Clock;
}

export interface Events {
  onKey(key: string): void;
  /** The size has changed, or what is on the screen is no longer ours: draw. */
  onChange(): void;
}

export interface Terminal {
  readonly size: Size;
  open(events: Events): void;
  /** Writes what has changed. While the terminal does not keep up, nothing is written, and `onChange` is called when it does. */
  draw(lines: readonly Line[]): void;
  /** Draws the next frame as a whole. */
  forget(): void;
  /** As it was before. May be called twice. */
  close(): void;
}

// A screen of its own, no cursor, lines that are cut and not continued; and back.
const OPEN = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J';
const CLOSE = '\x1b[?2026l\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l';
/** Over a slow line the parts of one key may come apart. */
const ESCAPE_MS = 50;
const USUAL: Size = { columns: 80, rows: 24 };

export function terminalOf({ input, out, looks, clock }: TerminalOptions): Terminal {
  const keys = keyReader();
  const paint = painter(looks);
  let events: Events | undefined;
  let isBehind = false;
  let isStopped = false;
  let cancelEscape = (): void => {};

  const onData = (text: string): void => {
    cancelEscape();
    for (const key of keys.feed(text)) pressed(key);
    if (keys.pending) cancelEscape = clock.after(ESCAPE_MS, () => keys.flush().forEach(pressed));
  };
  const pressed = (key: string): void => {
    if (key === 'ctrl+z') suspend();
    else events?.onKey(key);
  };
  const redraw = (): void => {
    paint.forget();
    events?.onChange();
  };
  const drained = (): void => {
    isBehind = false;
    events?.onChange();
  };

  function enter(): void {
    isStopped = false;
    out.write(OPEN);
    if (input.isTTY) input.setRawMode(true);
    input.resume();
    paint.forget();
  }

  /** At once and not by way of the stream: the process may be at its end. */
  function leave(): void {
    try {
      if (input.isTTY) input.setRawMode(false);
      writeSync((out as { fd?: number }).fd ?? 1, CLOSE);
    } catch (_gone) {
      // A terminal that has been closed needs nothing back.
    }
  }

  /** The whole job, as a terminal would. Where nobody could continue it, the kernel does not stop it: then it goes on at once. */
  function suspend(): void {
    leave();
    isStopped = true;
    process.kill(0, 'SIGTSTP');
    clock.after(ESCAPE_MS, () => {
      if (!events) return;
      enter();
      redraw();
    });
  }

  const size = (): Size => ({ columns: out.columns || USUAL.columns, rows: out.rows || USUAL.rows });

  return {
    get size() {
      return size();
    },
    open(given) {
      events = given;
      input.setEncoding('utf8');
      input.on('data', onData);
      out.on('resize', redraw);
      process.on('exit', leave);
      process.on('uncaughtExceptionMonitor', leave);
      enter();
    },
    draw(lines) {
      // What a reading draws right after it was continued would go to the shell's screen.
      if (isBehind || isStopped || !events) return;
      const frame = paint.frame(lines, size().columns);
      if (frame === '' || out.write(frame)) return;
      isBehind = true;
      out.once('drain', drained);
    },
    forget: paint.forget,
    close() {
      if (!events) return;
      events = undefined;
      cancelEscape();
      input.off('data', onData);
      input.pause();
      out.off('resize', redraw);
      out.off('drain', drained);
      process.off('exit', leave);
      process.off('uncaughtExceptionMonitor', leave);
      leave();
    },
  };
}
