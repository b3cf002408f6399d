/** Bounds what is read of an engine's answer, so that one that does not end costs no memory without end. */
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';

/** A list of ten thousand containers with many labels has some tens of megabytes; an inspection has some kilobytes. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** An error is a sentence. */
const MAX_ERROR_BYTES = 64 * 1024;

/** What Node's agents have and their types do not say. */
interface Adding {
  addRequest(request: ClientRequest, ...rest: unknown[]): void;
}

/** Every answer through this agent ends its connection when it gets too long, but for streams: their lines are bounded one by one. */
export function boundAnswers<A extends Agent>(agent: A, maxBytes = MAX_ANSWER_BYTES): A {
  const adding = agent as unknown as Adding;
  const add = adding.addRequest.bind(agent);
  adding.addRequest = (request, ...rest) => {
    if (!/\/events(\?|$)/.test(request.path)) request.once('response', (answer) => bound(request, answer, maxBytes));
    add(request, ...rest);
  };
  return agent;
}

function bound(request: ClientRequest, answer: IncomingMessage, maxBytes: number): void {
  const most = (answer.statusCode ?? 0) >= 400 ? Math.min(maxBytes, MAX_ERROR_BYTES) : maxBytes;
  let bytes = 0;
  answer.on('data', (piece: Buffer) => {
    bytes += piece.length;
    // Said to the request: whoever gathers the answer waits for its end, which does not come any more.
    if (bytes > most) request.destroy(new Error(`its answer is longer than ${most} bytes`));
  });
}
