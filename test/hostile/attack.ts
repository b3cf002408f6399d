/** What an attack is: something that a client can do to a collector, again and again until it is told to stop, by chance but from a seed. */
import { connect, type Socket } from 'node:net';

export interface Target {
  /** `http://127.0.0.1:9640` */
  readonly url: string;
  readonly port: number;
}

export interface Attack {
  readonly name: string;
  /** Returns soon after `signal`; leaves no connection open. Rejects only where the collector could not be reached at all. */
  run(target: Target, random: Random, signal: AbortSignal): Promise<void>;
}

/** The next number from 0 to 1. */
export type Random = () => number;

/** The same numbers for the same seed (mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from `least` to `most`. */
export function between(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}

export function oneOf<T>(random: Random, items: readonly T[]): T {
  return items[Math.floor(random() * items.length)] as T;
}

/** A connection that never reads, and whose end is nobody's error. */
export function deaf({ port }: Target): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.pause();
  return socket;
}

/** Resolves after so long, or at once when told to stop. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}

/** Resolves when what is written has left, or the connection has gone; false then. */
export function sent(socket: Socket, bytes: Uint8Array | string): Promise<boolean> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve(false);
    const gone = (): void => resolve(false);
    socket.once('close', gone);
    socket.write(bytes, (error) => {
      socket.off('close', gone);
      resolve(!error);
    });
  });
}
