/**
 * One request at a time for each connection: requests that a client sends without waiting for the answers wait their turn unanswered, so
 * that no answer is made which nobody reads yet; who sends many is let go of.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** No scraper or agent sends even two. */
const MAX_WAITING = 8;

interface Line {
  busy: boolean;
  readonly waiting: (readonly [IncomingMessage, ServerResponse])[];
}

/** `onTooMany` is called for each connection that is ended for it. */
export function inTurn(handler: Handler, onTooMany: () => void): Handler {
  const lines = new WeakMap<Socket, Line>();

  function answer(line: Line, request: IncomingMessage, response: ServerResponse): void {
    line.busy = true;
    // Sent whole, or given up.
    response.once('close', () => {
      line.busy = false;
      const next = line.waiting.shift();
      if (next && !next[0].socket.destroyed) answer(line, ...next);
    });
    handler(request, response);
  }

  return (request, response) => {
    const { socket } = request;
    // What is left of the piece that went too far.
    if (socket.destroyed) return;
    const line = lines.get(socket) ?? { busy: false, waiting: [] };
    lines.set(socket, line);
    if (!line.busy) answer(line, request, response);
    else if (line.waiting.length < MAX_WAITING) line.waiting.push([request, response]);
    else {
      line.waiting.length = 0;
      socket.destroy();
      onTooMany();
    }
  };
}
