/** Bodies that do not end: in one-byte chunks, or large and left unfinished. */
import { type Attack, between, deaf, pause, sent } from '../attack.ts';

const PUSH = 'POST /api/v1/push HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/vnd.plimsoll.batch\r\n';

export const crumbs: Attack = {
  name: 'bodies in one-byte chunks',
  async run(target, _random, signal) {
    const many = '1\r\nx\r\n'.repeat(10_000);
    while (!signal.aborted) {
      const socket = deaf(target);
      await sent(socket, `${PUSH}transfer-encoding: chunked\r\n\r\n`);
      while (!signal.aborted && (await sent(socket, many)));
      socket.destroy();
      await pause(20, signal);
    }
  },
};

export const unfinished: Attack = {
  name: 'bodies left unfinished',
  async run(target, random, signal) {
    const most = Buffer.alloc(14 * 1024 * 1024, 'x');
    while (!signal.aborted) {
      const sockets = Array.from({ length: between(random, 5, 20) }, () => deaf(target));
      await Promise.all(
        sockets.map(async (socket) => {
          await sent(socket, `${PUSH}content-length: ${15 * 1024 * 1024}\r\n\r\n`);
          await sent(socket, most);
        }),
      );
      await pause(between(random, 500, 5000), signal);
      for (const socket of sockets) socket.destroy();
    }
  },
};

export const trickle: Attack = {
  name: 'bodies that trickle',
  async run(target, random, signal) {
    const sockets = Array.from({ length: 50 }, () => deaf(target));
    for (const socket of sockets) await sent(socket, `${PUSH}content-length: 1000000\r\n\r\n`);
    while (!signal.aborted) {
      for (const socket of sockets) socket.write(Buffer.alloc(between(random, 1, 300)));
      await pause(500, signal);
    }
    for (const socket of sockets) socket.destroy();
  },
};
