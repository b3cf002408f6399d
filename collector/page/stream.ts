/**
 * Server-sent events: one message a window, the same bytes for every open page. A page that does not take them in time is let go of, and comes
 * back for a snapshot; how many there may be is bounded.
 */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../src/run/clock.ts';

export interface Streams {
  /** False when there is no room for another. */
  add(response: ServerResponse, first: string | undefined): boolean;
  send(text: string): void;
  readonly size: number;
  close(): void;
}

export const MAX_STREAMS = 100;
/** More than this unsent, and the page is let go of. */
const MAX_BEHIND_BYTES = 4 * 1024 * 1024;
/** Proxies, and our own server, end what is silent for long. */
const QUIET_MS = 15_000;
/** A page whose connection broke comes back after so long, in milliseconds. */
const RETRY_MS = 2000;

export function createStreams(clock: Clock): Streams {
  const open = new Set<ServerResponse>();
  let cancel: (() => void) | undefined;

  function say(text: string): void {
    const bytes = Buffer.from(text);
    for (const response of open) {
      if (response.writableLength > MAX_BEHIND_BYTES) response.destroy();
      else response.write(bytes);
    }
  }

  function keepAlive(): void {
    cancel?.();
    cancel = open.size === 0 ? undefined : clock.after(QUIET_MS, stillHere);
  }

  function stillHere(): void {
    say(': still here\n\n');
    keepAlive();
  }

  return {
    add(response, first) {
      if (open.size >= MAX_STREAMS) return false;
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
        'x-content-type-options': 'nosniff',
      });
      response.write(`retry: ${RETRY_MS}\n\n${first ?? ''}`);
      open.add(response);
      response.once('close', () => open.delete(response));
      keepAlive();
      return true;
    },
    send(text) {
      if (open.size === 0) return;
      say(text);
      keepAlive();
    },
    get size() {
      return open.size;
    },
    close() {
      for (const response of open) response.end();
      open.clear();
      cancel?.();
    },
  };
}

/** One event; JSON has no line ends of its own. */
export function event(name: string, content: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(content)}\n\n`;
}
