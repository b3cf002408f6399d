/**
 * One process at a time on a folder. The lock is a listening socket in the folder: the kernel ends it with the process, however that ends, and
 * it is seen from other containers that share the folder, where a process's number means nothing.
 */
import { closeSync, linkSync, openSync, renameSync, unlinkSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { randomUUID } from 'node:crypto';

/** What a file system says that has no sockets or no second names: there, nothing is locked. */
const NOT_THERE = new Set(['EPERM', 'EOPNOTSUPP', 'ENOTSUP', 'ENOSYS', 'EINVAL', 'EMLINK']);

/** The folder is another process's. */
export class FolderInUse extends Error {
  override readonly name = 'FolderInUse';
}

/** Locks the folder, which must exist; the answer gives it back. Rejects with FolderInUse, or with what the file system says. */
export async function lockFolder(folder: string): Promise<() => void> {
  // A socket's path may have 107 bytes; by its descriptor every folder's is short.
  const descriptor = openSync(folder, 'r');
  const within = (name: string): string => `/proc/self/fd/${descriptor}/${name}`;
  const own = within(`lock.${randomUUID().slice(0, 8)}`);
  let server: Server | undefined;
  try {
    server = await listenAt(own);
    await takeOver(own, within);
    unlinkSync(own);
    const held = server;
    return () => {
      unlinkSync(within('lock'));
      held.close();
      closeSync(descriptor);
    };
  } catch (error) {
    server?.close();
    closeSync(descriptor);
    if (NOT_THERE.has((error as NodeJS.ErrnoException).code ?? '')) return () => undefined;
    throw error;
  }
}

/** Whether a process holds the folder now. Changes nothing; rejects with what the file system says of the folder. */
export async function isLocked(folder: string): Promise<boolean> {
  const descriptor = openSync(folder, 'r');
  try {
    return await answers(`/proc/self/fd/${descriptor}/lock`);
  } finally {
    closeSync(descriptor);
  }
}

/** Gives the socket the lock's name, which can be done only while nobody has it. */
async function takeOver(own: string, within: (name: string) => string): Promise<void> {
  const lock = within('lock');
  for (let tries = 0; tries < 10; tries++) {
    try {
      linkSync(own, lock);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (await answers(lock)) break;
    const aside = within(`lock.${randomUUID().slice(0, 8)}`);
    if (!moved(lock, aside)) continue;
    // Somebody may have taken it between the question and the move: it is theirs.
    const live = await answers(aside);
    if (live) linkSync(aside, lock);
    unlinkSync(aside);
    if (live) break;
  }
  throw new FolderInUse('another process is using it');
}

function moved(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function listenAt(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once('error', reject);
    server.listen(path, () => resolve(server));
  });
}

/** Whether a process listens there. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    const say = (live: boolean) => () => {
      socket.destroy();
      resolve(live);
    };
    socket.once('connect', say(true));
    socket.once('error', say(false));
  });
}
