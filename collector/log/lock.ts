/**
 * One collector to a folder: whoever uses it listens on a socket in it. The socket dies with the process, however that ends, and is seen from
 * other containers that share the folder, as process numbers are not. Where the file system has no sockets, there is no lock.
 */
import { createConnection, createServer, type Server } from 'node:net';
import { open, rm } from 'node:fs/promises';

const NAME = 'lock';

export type Locked = { readonly held: true; release(): Promise<void> } | { readonly held: false };

/** Takes the folder; `held: false` if somebody else has it. */
export async function lockFolder(folder: string): Promise<Locked> {
  // By its number: a socket's path may have 107 bytes, and a folder's more.
  const handle = await open(folder, 'r');
  const path = `/proc/self/fd/${handle.fd}/${NAME}`;
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      const server = await listen(path);
      if (server !== undefined) return { held: true, release: () => release(server, () => handle.close()) };
      if (await answers(path)) break;
      // Left behind by one that was killed.
      await rm(path, { force: true });
    }
  } catch (error) {
    if (['EPERM', 'EOPNOTSUPP', 'ENOTSUP', 'ENOSYS'].includes((error as NodeJS.ErrnoException).code ?? '')) {
      return { held: true, release: () => handle.close() };
    }
    await handle.close();
    throw error;
  }
  await handle.close();
  return { held: false };
}

/** Undefined if the name is taken. */
function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Closing removes the socket's file, too. */
async function release(server: Server, close: () => Promise<void>): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
  await close();
}
