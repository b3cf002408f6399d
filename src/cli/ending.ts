/**
 * The end of a process that a file system holds up: a thread that hangs in the kernel keeps Node from ending, by itself as well as by
 * `process.exit`, which waits for threads. A signal, left to the kernel, waits for nobody.
 */
import { systemClock } from '../run/clock.ts';

/** When everything has stopped nothing keeps the process, unless something hangs. */
const LINGER_MS = 1000;

/** Ends the process by the signal if it is still there in a second; `say` is called then. */
export function endDespiteHangs(signal: NodeJS.Signals, say: (words: string) => void): void {
  systemClock.after(LINGER_MS, () => {
    say('a file system hangs, and a thread with it: ending without it');
    endBy(signal);
  });
}

/** At once. */
export function endBy(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
