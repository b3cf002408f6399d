/**
 * Who may stay connected. A connection is proven once a request on it was let in; those that are not are few for each address, and the
 * oldest of them makes room when there are too many in all: whoever only connects keeps nobody out.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

export interface ConnectionLimits {
  /** In all, on every address that the program listens on. */
  readonly max: number;
  /** From one address, of those that have not been let in yet. */
  readonly maxUnproven: number;
}

export interface Connections {
  /** Watches a server's connections from now on. */
  watch(server: Server): void;
  /** A request on this socket was let in. */
  prove(socket: Socket): void;
  readonly size: number;
}

interface Unproven {
  readonly socket: Socket;
  readonly address: string;
}

/** `onEnded` is called for each connection that is ended because there are too many. */
export function createConnections({ max, maxUnproven }: ConnectionLimits, onEnded: () => void): Connections {
  const all = new Set<string>();
  // In the order in which they came: the first is the oldest.
  const unproven = new Map<string, Unproven>();
  const byAddress = new Map<string, Set<string>>();

  function forget(key: string): void {
    const entry = unproven.get(key);
    if (entry === undefined) return;
    unproven.delete(key);
    const keys = byAddress.get(entry.address);
    keys?.delete(key);
    if (keys?.size === 0) byAddress.delete(entry.address);
  }

  function end(key: string | undefined): void {
    const entry = key === undefined ? undefined : unproven.get(key);
    if (key === undefined || entry === undefined) return;
    forget(key);
    all.delete(key);
    entry.socket.destroy();
    onEnded();
  }

  function admit(socket: Socket): void {
    const key = keyOf(socket);
    if (key === undefined) {
      // Gone before it was looked at.
      socket.destroy();
      return;
    }
    const address = socket.remoteAddress ?? '';
    const mine = byAddress.get(address) ?? new Set<string>();
    if (mine.size >= maxUnproven) end(first(mine));
    if (all.size >= max) end(first(unproven.keys()));
    if (all.size >= max) {
      // All others have been let in before.
      socket.destroy();
      onEnded();
      return;
    }
    all.add(key);
    unproven.set(key, { socket, address });
    byAddress.set(address, mine.add(key));
    socket.once('close', () => {
      forget(key);
      all.delete(key);
    });
  }

  return {
    watch: (server) => void server.on('connection', admit),
    prove(socket) {
      const key = keyOf(socket);
      if (key !== undefined) forget(key);
    },
    get size() {
      return all.size;
    },
  };
}

/** The same for a TLS socket and for the plain one below it, which is what is accepted. */
function keyOf({ remoteAddress, remotePort, localAddress }: Socket): string | undefined {
  return remotePort === undefined ? undefined : `${remoteAddress} ${remotePort} ${localAddress}`;
}

function first<T>(items: Iterable<T>): T | undefined {
  for (const item of items) return item;
  return undefined;
}
