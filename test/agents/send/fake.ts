/** For the tests of the sender: a collector that answers as it is told, and a clock on which waiting costs nothing. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import type { Log } from '../../../src/log.ts';
import { type Clock, systemClock } from '../../../src/run/clock.ts';
import { type Header, peek } from '../../../src/wire/header.ts';

/** One request as it came. */
export interface Seen {
  readonly head: Header;
  readonly body: Buffer;
  readonly headers: IncomingMessage['headers'];
  readonly url: string | undefined;
}

/** What to do with a request; `cut` closes the connection without a word, `hang` never answers. */
export type Told =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: object | string }
  | 'cut'
  | 'hang';

export const OK: Told = { status: 200, body: { accepted: 1, dropped: {}, duplicate: false } };

export interface FakeCollector {
  readonly url: string;
  readonly seen: readonly Seen[];
  /** The most requests that were open at a time. */
  readonly mostOpen: number;
  close(): Promise<void>;
}

/** Answers the requests one by one with the script, and then with `OK`. */
export async function fakeCollector(script: readonly Told[]): Promise<FakeCollector> {
  const seen: Seen[] = [];
  let open = 0;
  let mostOpen = 0;
  const server = createServer(async (request, response) => {
    mostOpen = Math.max(mostOpen, ++open);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = gunzipSync(Buffer.concat(chunks));
    seen.push({ head: peek(body), body, headers: request.headers, url: request.url });
    open--;
    answer(response, script[seen.length - 1] ?? OK);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    get mostOpen() {
      return mostOpen;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(response: ServerResponse, told: Told): void {
  if (told === 'hang') return;
  if (told === 'cut') {
    response.destroy();
    return;
  }
  const text = typeof told.body === 'string' ? told.body : JSON.stringify(told.body ?? { error: 'told' });
  response.writeHead(told.status, told.headers).end(text);
}

export interface FastClock extends Clock {
  /** All waits that were asked for, in milliseconds. */
  readonly sleeps: readonly number[];
}

/** The machine's clock, but no sleep is longer than 2 ms. `now` stands still. */
export function fastClock(nowMs = 1_700_000_000_000): FastClock {
  const sleeps: number[] = [];
  return {
    ...systemClock,
    sleeps,
    now: () => nowMs,
    sleep: (ms, signal) => {
      sleeps.push(ms);
      return systemClock.sleep(Math.min(ms, 2), signal);
    },
  };
}

export interface RecordedLog extends Log {
  readonly lines: readonly string[];
}

/** Keeps the messages, with their level. */
export function recordedLog(): RecordedLog {
  const lines: string[] = [];
  const at = (level: string) => (_fields: object, message: string) => {
    lines.push(`${level} ${message}`);
  };
  const log: RecordedLog = {
    lines,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => log,
  };
  return log;
}
