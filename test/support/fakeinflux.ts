/** A server that takes line protocol and answers as a test says; it keeps what it was sent. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

export interface Written {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The body. */
  readonly text: string;
  readonly lines: readonly string[];
}

export interface Reply {
  /** 204 if not given. `hang` never answers, `reset` ends the connection. */
  readonly status?: number | 'hang' | 'reset';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Awaited before the answer. */
  readonly after?: Promise<unknown>;
}

export interface FakeInflux {
  readonly url: string;
  readonly requests: readonly Written[];
  close(): Promise<void>;
}

/** `reply` is asked for each request; by default everything is taken. */
export async function startFakeInflux(
  reply: (request: Written, index: number) => Reply = () => ({}),
): Promise<FakeInflux> {
  const requests: Written[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    const body = incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
    const text = body.toString();
    const { url: path = '', method = '', headers: given } = incoming;
    const request = { method, path, headers: given, text, lines: text.split('\n') };
    const { status = 204, body: answer, headers = {}, after } = reply(request, requests.length);
    requests.push(request);
    await after;
    if (status === 'hang') return;
    if (status === 'reset') {
      incoming.socket.destroy();
      return;
    }
    const isText = typeof answer === 'string';
    outgoing.writeHead(status, { 'content-type': isText ? 'text/plain' : 'application/json', ...headers });
    outgoing.end(answer === undefined ? undefined : isText ? answer : JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
