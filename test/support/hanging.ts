/** File systems that can be made to hang, as a file server's do: bindfs answers for each, and is halted. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { serverDir, startServer } from './servers.ts';

export interface Hanging {
  /** Where it is mounted. */
  readonly point: string;
  /** What the file system calls its device, and where its files really are. Below /dev, or nobody would take it for a disk. */
  readonly device: string;
  hang(): void;
  wake(): void;
  stop(): Promise<void>;
}

/** Mounts one in the mount namespace of the process `pid`; takes root. */
export async function mountHanging(pid: number): Promise<Hanging> {
  const dir = serverDir('bindfs');
  const device = mkdtempSync('/dev/shm/plimsoll-test-');
  const point = join(dir, 'mounted');
  mkdirSync(point);
  const inside = ['-t', String(pid), '-m'];
  makeFuse();
  const server = await startServer({
    name: 'bindfs',
    dir,
    file: 'nsenter',
    args: [...inside, 'bindfs', '-f', device, point],
    ready: async () => execFileSync('nsenter', [...inside, 'mountpoint', '-q', point]),
  });
  return {
    point,
    device,
    hang: () => process.kill(server.pid, 'SIGSTOP'),
    wake: () => process.kill(server.pid, 'SIGCONT'),
    async stop() {
      if (server.pid !== 0) process.kill(server.pid, 'SIGCONT');
      spawnSync('nsenter', [...inside, 'umount', '-l', point]);
      await server.stop();
      rmSync(device, { recursive: true, force: true });
    },
  };
}

/** Containers and small machines may lack the node of the device. */
function makeFuse(): void {
  execFileSync('sh', ['-c', 'test -e /dev/fuse || mknod -m 666 /dev/fuse c 10 229']);
}
