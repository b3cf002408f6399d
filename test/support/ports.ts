/** Free TCP ports on loopback, for servers that must be told theirs. */
import { createServer } from 'node:net';

/** A port that was free a moment ago: the system hands out another one each time, so two askers do not meet. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
