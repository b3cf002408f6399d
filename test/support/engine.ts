/**
 * Talks to a Docker Engine through its socket with the docker program, so that flags in a test are those a person would type. Makes
 * the one image the tests use, from Debian's static busybox, because images cannot be pulled everywhere.
 */
import { execFile, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The image that every test container runs. */
export const IMAGE = 'plimsoll-test/busybox';

export interface RunOptions {
  readonly name?: string;
  /** Flags of `docker run`: `['--memory', '32m']`. */
  readonly flags?: readonly string[];
  /** Runs under `sh -c`. */
  readonly script: string;
}

export interface Running {
  readonly id: string;
  readonly name: string;
  /** The first process, in the host's numbering. */
  readonly pid: number;
}

export interface Engine {
  /** The socket's path. */
  readonly socket: string;
  /** `docker <args>`: what it printed, without the last line end. Rejects with what it said. */
  docker(...args: string[]): Promise<string>;
  /** Starts a container in the background and gives it up to one second to stop. */
  run(options: RunOptions): Promise<Running>;
  /** One field of a container's inspection by a Go template: `.State.Pid`. */
  field(container: string, template: string): Promise<string>;
  /** Removes containers, whatever state they are in; without names all of them. */
  remove(...containers: string[]): Promise<void>;
}

const execute = promisify(execFile);

/** An engine by its socket. */
export function engineAt(socket: string): Engine {
  const docker = async (...args: string[]): Promise<string> => {
    const { stdout } = await execute('docker', ['-H', `unix://${socket}`, ...args], { maxBuffer: 64 * 1024 * 1024 });
    return stdout.trimEnd();
  };
  const field = (container: string, template: string): Promise<string> =>
    docker('inspect', '--format', `{{${template}}}`, container);
  return {
    socket,
    docker,
    field,
    async run({ name, flags = [], script }) {
      const named = name === undefined ? [] : ['--name', name];
      const id = await docker('run', '-d', '--stop-timeout', '1', ...named, ...flags, IMAGE, 'sh', '-c', script);
      const [foundName = '', pid = '0'] = (await field(id, '.Name}} {{.State.Pid')).split(' ');
      return { id, name: foundName.replace('/', ''), pid: Number(pid) };
    },
    async remove(...containers) {
      const all = containers.length > 0 ? containers : (await docker('ps', '-aq')).split('\n').filter(Boolean);
      if (all.length > 0) await docker('rm', '-f', '-v', ...all);
    },
  };
}

/** Makes {@link IMAGE}: `/bin/busybox`, a link to it for each of its programs, and nothing else. */
export async function makeImage(engine: Engine): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-test-image-'));
  try {
    const busybox = (await execute('sh', ['-c', 'command -v busybox'])).stdout.trim();
    const bin = join(dir, 'root', 'bin');
    for (const folder of [bin, join(dir, 'root', 'tmp'), join(dir, 'root', 'data')])
      mkdirSync(folder, { recursive: true });
    copyFileSync(busybox, join(bin, 'busybox'));
    for (const program of (await execute(busybox, ['--list'])).stdout.split('\n')) {
      if (program !== '' && program !== 'busybox') symlinkSync('busybox', join(bin, program));
    }
    const tar = join(dir, 'root.tar');
    const packed = spawnSync('tar', ['-C', join(dir, 'root'), '-cf', tar, '.'], { encoding: 'utf8' });
    if (packed.status !== 0) throw new Error(`tar: ${packed.stderr}`);
    await engine.docker('import', '-c', 'ENV PATH=/bin', tar, IMAGE);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
