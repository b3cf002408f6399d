/** Requests that must not get in: under a name of another site, without the token, for routes that do not exist. */
import { type Attack, deaf, oneOf, pause, sent } from '../attack.ts';

const REQUESTS = [
  'GET /metrics HTTP/1.1\r\nhost: evil.example\r\n\r\n',
  'GET /metrics HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer wrong\r\n\r\n',
  'POST /api/v1/push HTTP/1.1\r\nhost: evil.example\r\ncontent-type: application/vnd.plimsoll.batch\r\ncontent-length: 4\r\n\r\nPLMS',
  'POST /metrics HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/plain\r\ncontent-length: 1000000\r\n\r\n',
  `GET /${'a'.repeat(15_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`,
  'NONSENSE\r\n\r\n',
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
];

export const strangers: Attack = {
  name: 'requests that must not get in',
  async run(target, random, signal) {
    while (!signal.aborted) {
      const socket = deaf(target);
      socket.resume();
      await sent(socket, oneOf(random, REQUESTS));
      await pause(5, signal);
      socket.destroy();
    }
  },
};
