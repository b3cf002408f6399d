/** Asks for pages, hundreds at once on each of many connections, and reads none of them. */
import { type Attack, between, deaf, oneOf, pause, sent } from '../attack.ts';

const PATHS = ['/metrics', '/metrics/containers', '/'];
const ENCODINGS = ['', 'accept-encoding: gzip\r\n'];

/** Every request sent ahead at once. */
export const unreadAhead: Attack = {
  name: 'unread answers, asked for ahead',
  async run(target, random, signal) {
    while (!signal.aborted) {
      const sockets = Array.from({ length: between(random, 10, 60) }, () => deaf(target));
      const request = `GET ${oneOf(random, PATHS)} HTTP/1.1\r\nhost: localhost\r\n${oneOf(random, ENCODINGS)}\r\n`;
      await Promise.all(sockets.map((socket) => sent(socket, request.repeat(between(random, 50, 300)))));
      await pause(between(random, 200, 3000), signal);
      for (const socket of sockets) socket.destroy();
    }
  },
};

/** One request on each connection, and then silence. */
export const unread: Attack = {
  name: 'unread answers',
  async run(target, random, signal) {
    while (!signal.aborted) {
      const sockets = Array.from({ length: between(random, 10, 100) }, () => deaf(target));
      await Promise.all(
        sockets.map((socket) => sent(socket, 'GET /metrics/containers HTTP/1.1\r\nhost: localhost\r\n\r\n')),
      );
      await pause(between(random, 1000, 8000), signal);
      for (const socket of sockets) socket.destroy();
    }
  },
};
