/**
 * The live table of `plimsoll run`: the agent of this process, read without a server in between. Without a screen to draw on its lines are
 * written. Leaving the table leaves the program running; Ctrl-C ends both.
 */
import type { Batch } from '../../model/batch.ts';
import { systemClock } from '../../run/clock.ts';
import { live, type LiveOptions } from './live.ts';
import { secondReading } from './pace.ts';
import { printLines } from './printed.ts';
import { readingOf } from './read/ownreading.ts';
import type { Read } from './read/reading.ts';
import { START } from './state.ts';
import { canDraw, looksOf } from './terminal/looks.ts';
import { terminalOf } from './terminal/terminal.ts';
import type { LogKeeper } from '../logkeeper.ts';

export interface OwnTable {
  /** The newest tick. */
  readonly latest: () => Batch | undefined;
  readonly everyMs: number;
  /** What was before, if something in this process keeps it. */
  readonly past: LiveOptions['past'] | undefined;
  /** What the start says: addresses, engine, and what is in trouble. */
  readonly words: () => readonly string[];
  readonly keeper: LogKeeper;
  readonly signal: AbortSignal;
}

const TROUBLE = /^TROUBLE: */;

/** Resolves when the table is left. */
export async function showOwn({ latest, everyMs, past, words, keeper, signal }: OwnTable): Promise<void> {
  const { stdin, stdout } = process;
  const read: Read = async () => {
    const batch = latest();
    if (!batch) throw new Error('nothing has been read yet');
    return readingOf(batch);
  };
  if (!canDraw(process.env, stdout.isTTY)) return written(read, everyMs, signal);
  const earlier = await secondReading({ read, clock: systemClock, signal });
  if (signal.aborted) return;
  const terminal = terminalOf({ input: stdin, out: stdout, looks: looksOf(process.env), clock: systemClock });
  const about = () => {
    const all = words();
    return {
      place: 'this machine',
      trouble: [
        ...all.filter((line) => TROUBLE.test(line)).map((line) => line.replace(TROUBLE, '')),
        ...keeper.lastTrouble(),
      ],
      words: all.filter((line) => !TROUBLE.test(line)),
    };
  };
  keeper.hold();
  const common = { read, earlier, everyMs, clock: systemClock, terminal, start: START, about, signal };
  const shown = live({ ...common, ...(past ? { past } : {}) });
  // After the terminal's own: what the log said before an end that nobody expected is on the screen from before.
  process.on('exit', keeper.release);
  const ended = await shown.finally(() => {
    process.off('exit', keeper.release);
    keeper.release();
  });
  if (ended === 'interrupt') process.kill(process.pid, 'SIGINT');
  if (ended === 'quit') stdout.write('The table is closed, the program goes on; Ctrl-C ends it.\n');
}

function written(read: Read, everyMs: number, signal: AbortSignal): Promise<void> {
  return printLines({
    read,
    everyMs,
    signal,
    clock: systemClock,
    choice: START,
    json: false,
    place: () => 'this machine',
    write: async (text) => void process.stdout.write(text),
    complain: (text) => void process.stderr.write(`plimsoll: ${text}\n`),
  });
}
