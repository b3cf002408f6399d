/**
 * What a program listens on: a socket for each address that its host name stands for (`localhost`: 127.0.0.1 and ::1), all with the same
 * limits, certificates and handler, closed together.
 */
import { lookup } from 'node:dns/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Address } from '../config/units.ts';

export interface Listeners {
  /** Answers the port; rejects if one of the addresses cannot be listened on, and then none is. */
  listen(address: Address): Promise<number>;
  /** All servers there are. */
  readonly servers: readonly Server[];
  close(): Promise<void>;
}

/** `make` makes servers that are alike; the first is made at once. */
export function createListeners(make: () => Server): Listeners {
  const servers: Server[] = [make()];

  async function close(): Promise<void> {
    await Promise.all(
      servers.map(async (server) => {
        if (!server.listening) return;
        const closed = new Promise((resolve) => server.close(resolve));
        server.closeAllConnections();
        await closed;
      }),
    );
  }

  return {
    servers,
    close,
    async listen({ host, port }) {
      let bound = 0;
      let missing: unknown;
      try {
        for (const address of await addressesOf(host)) {
          const server = servers.find(({ listening }) => !listening) ?? make();
          if (!servers.includes(server)) servers.push(server);
          try {
            bound = await bind(server, address, bound || port);
          } catch (error) {
            if (!isMissing(error)) throw error;
            missing = error;
          }
        }
        if (bound === 0) throw missing;
      } catch (error) {
        await close();
        throw error;
      }
      return bound;
    },
  };
}

/** Only `localhost` has more than one that matters; another name that has several is listened on at its first. */
async function addressesOf(host: string): Promise<readonly string[]> {
  if (host !== 'localhost') return [host];
  const found = (await lookup(host, { all: true })).map(({ address }) => address);
  return [...new Set(found)];
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** A name may stand for an address of a protocol that this machine has not got. */
function isMissing(error: unknown): boolean {
  return ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes((error as NodeJS.ErrnoException).code ?? '');
}
