/** What is said to a client whose bytes are no request: in plain words, and in the log where it means that somebody uses the wrong scheme. */
import type { Socket } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import type { Log } from '../log.ts';

/** Bytes as they came; the types of the framework say something else. */
type ClientError = Error & { readonly code?: string; readonly rawPacket?: unknown };

/** Makes the function that answers clients that Node's parser gave up on. */
export function strangers(log: Log): (error: ClientError, socket: Socket) => void {
  let said = false;
  return (error, socket) => {
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const isTls = isTlsHello(error.rawPacket);
    const words = isTls ? HTTP_HERE : (WORDS.get(error.code ?? '') ?? 'this is no HTTP request');
    // Once: a client that does so does it again and again.
    log[isTls && !said ? 'warn' : 'debug']({ client: socket.remoteAddress, code: error.code }, words);
    said ||= isTls;
    socket.end(answer(STATUS.get(error.code ?? '') ?? '400 Bad Request', words));
  };
}

const HTTP_HERE = 'a client speaks TLS to a port without it: use http:// there, or set tls.cert and tls.key here';
const HTTPS_HERE = 'this port speaks TLS: use https:// instead of http://';

/** Tells a client that sends a plain request to a TLS port what to do, as far as one can: it is no longer TLS, and not yet HTTP. */
export function answerPlain(server: TlsServer, log: Log): void {
  server.on('tlsClientError', (error: Error & { code?: string }, socket) => {
    if (error.code !== 'ERR_SSL_HTTP_REQUEST') return;
    log.debug({ client: socket.remoteAddress }, HTTPS_HERE);
    // The connection below; TLS itself writes nothing any more.
    const below = (socket as unknown as { _parent?: Socket })._parent;
    below?.end(answer('400 Bad Request', HTTPS_HERE));
  });
}

/** A record of a handshake: how every TLS connection begins. */
function isTlsHello(bytes: unknown): boolean {
  return Buffer.isBuffer(bytes) && bytes[0] === 0x16 && bytes[1] === 0x03;
}

const STATUS = new Map([
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
]);

const WORDS = new Map([
  ['HPE_HEADER_OVERFLOW', 'the headers are too large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', 'the request took too long to come'],
]);

function answer(status: string, words: string): string {
  const body = `${JSON.stringify({ error: words })}\n`;
  return (
    `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
  );
}
