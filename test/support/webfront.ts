/** One origin for the page and a real Prometheus: what is below /api/v1 (but for agents' batches) is Prometheus's, the rest the collector's. */
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Front {
  readonly url: string;
  stop(): Promise<void>;
}

export async function startFront(collector: string, prometheus: string): Promise<Front> {
  const server: Server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? '/';
    const history = path.startsWith('/api/v1/') && !path.startsWith('/api/v1/push');
    const to = new URL(path, history ? prometheus : collector);
    const headers = { ...incoming.headers, host: to.host };
    const onward = request(to, { method: incoming.method ?? 'GET', headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
