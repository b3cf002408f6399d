/** A way to a server that can be shut, opened again, and led to another: what is under way when it is shut is cut. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Forwarder {
  readonly url: string;
  shut(): void;
  open(): void;
  to(url: string): void;
  close(): void;
}

export async function startForwarder(url: string): Promise<Forwarder> {
  let target = new URL(url);
  let isShut = false;
  const sockets = new Set<Socket>();
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((socket) => {
    if (isShut) return void socket.destroy();
    const other = connect(Number(target.port), target.hostname);
    for (const [one, two] of [
      [socket, other],
      [other, socket],
    ] as const) {
      sockets.add(one);
      one.on('error', () => two.destroy());
      one.on('close', () => {
        sockets.delete(one);
        two.destroy();
      });
      one.pipe(two);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    shut() {
      isShut = true;
      cut();
    },
    open() {
      isShut = false;
    },
    to(next) {
      target = new URL(next);
      cut();
    },
    close() {
      server.close();
      cut();
    },
  };
}
