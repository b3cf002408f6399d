/**
 * A proxy that does what networks and overloaded servers do: it cuts, delays, truncates and loses, and answers in the server's place. Requests go
 * through whole or not at all, unless it is told otherwise.
 */
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { partly, type Refused, type Says } from './partial.ts';

/** What it does with a request. */
export type Behaviour =
  | { readonly do: 'pass' }
  /** Ends the connection at once. */
  | { readonly do: 'cut' }
  /** Hands it on later. */
  | { readonly do: 'delay'; readonly ms: number }
  /** Hands it on, and ends the connection instead of answering: it has arrived, and nobody knows. */
  | { readonly do: 'lose answer' }
  /** Half of the body arrives, then the connection ends. */
  | { readonly do: 'truncate request' }
  /** Half of the answer arrives, then the connection ends. */
  | { readonly do: 'truncate answer' }
  | { readonly do: 'answer'; readonly status: number; readonly retryAfter?: string }
  /** What is larger is refused, as a server with a limit does. */
  | { readonly do: 'limit'; readonly bytes: number }
  /** Of a write of lines up to so many are refused, and the others written. */
  | { readonly do: 'partial'; readonly lines: number; readonly says: Says };

export interface FaultyProxy {
  readonly url: string;
  /** From now on, for so many of 100 requests; the others pass. */
  become(behaviour: Behaviour, percent: number): void;
  /** Lines that `partial` has refused, so far. */
  readonly refused: readonly Refused[];
  stop(): Promise<void>;
}

const PASS: Behaviour = { do: 'pass' };

/** `random`: from 0 up to 1. */
export async function startProxy(target: string, random: () => number): Promise<FaultyProxy> {
  const agent = new Agent({ keepAlive: true });
  let behaviour = PASS;
  let share = 0;
  const refused: Refused[] = [];
  const server = createServer((incoming, answer) => {
    const now = random() * 100 < share ? behaviour : PASS;
    serve(now, { incoming, answer, target, agent, random, refused }).catch(() => answer.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    become(next, percent) {
      behaviour = next;
      share = percent;
    },
    refused,
    stop() {
      agent.destroy();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly answer: ServerResponse;
  readonly target: string;
  readonly agent: Agent;
  readonly random: () => number;
  readonly refused: Refused[];
}

async function serve(behaviour: Behaviour, exchange: Exchange): Promise<void> {
  const { incoming, answer } = exchange;
  if (behaviour.do === 'cut') return void incoming.socket.destroy();
  const body = await wholeOf(incoming);
  if (behaviour.do === 'answer') {
    const { status, retryAfter } = behaviour;
    answer.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter });
    return void answer.end(`{"error":"the proxy says ${status}"}`);
  }
  if (behaviour.do === 'limit' && body.length > behaviour.bytes)
    return void answer.writeHead(413).end('{"error":"too large for the proxy"}');
  if (behaviour.do === 'delay') await delay(behaviour.ms);
  if (behaviour.do === 'truncate request') return truncated(exchange, body);
  if (behaviour.do === 'partial') return refusedPartly(exchange, body, behaviour);
  const { status, headers, text } = await handOn(exchange, body);
  if (behaviour.do === 'lose answer') return void incoming.socket.destroy();
  answer.writeHead(status, { ...headers, 'content-length': text.length });
  if (behaviour.do !== 'truncate answer') return void answer.end(text);
  answer.write(text.subarray(0, Math.floor(text.length / 2)), () => incoming.socket.destroy());
  if (text.length < 2) incoming.socket.destroy();
}

interface Answered {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: Buffer;
}

function handOn({ incoming, target, agent }: Exchange, body: Buffer): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const headers = { ...incoming.headers, 'content-length': body.length };
    const going = request(target + (incoming.url ?? '/'), { method: incoming.method ?? 'GET', headers, agent });
    going.once('error', reject);
    going.once('response', (response) => {
      wholeOf(response).then((text) => {
        const kept = ['content-type', 'retry-after'].flatMap((name) => {
          const value = response.headers[name];
          return typeof value === 'string' ? [[name, value] as const] : [];
        });
        resolve({ status: response.statusCode ?? 0, headers: Object.fromEntries(kept), text });
      }, reject);
    });
    going.end(body);
  });
}

async function refusedPartly(
  exchange: Exchange,
  body: Buffer,
  { lines: most, says }: Extract<Behaviour, { readonly do: 'partial' }>,
): Promise<void> {
  const { incoming, answer, random, refused } = exchange;
  const encoding = incoming.headers['content-encoding'];
  const parting = partly(body, { encoding, most, says, random });
  delete incoming.headers['content-encoding'];
  const { status, headers, text } = await handOn(exchange, Buffer.from(parting.rest));
  // Of a write that the server itself does not take, nothing was written.
  if (status >= 300 && parting.rest !== '') return void answer.writeHead(status, headers).end(text);
  refused.push(...parting.refused);
  answer.writeHead(400, { 'content-type': 'application/json' }).end(parting.answer);
}

function truncated({ incoming, target }: Exchange, body: Buffer): void {
  const headers = { ...incoming.headers, 'content-length': body.length };
  const going = request(target + (incoming.url ?? '/'), { method: incoming.method ?? 'GET', headers });
  // That it breaks off is what is wanted.
  going.on('error', () => incoming.socket.destroy());
  going.write(body.subarray(0, Math.floor(body.length / 2)), () => {
    going.destroy();
    incoming.socket.destroy();
  });
}

async function wholeOf(stream: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
