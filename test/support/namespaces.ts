/**
 * Network and mount namespaces for an engine of the tests' own, which live while the engine comes and goes: what it mounts, and the
 * bridges and firewall rules it makes, are in there and go with them.
 */
import { spawn } from 'node:child_process';

export interface NamespaceOptions {
  /** The folder of the server; a command line names it, so that leftovers are recognised. */
  readonly dir: string;
  /** Run inside at first: mounts that only the engine is to see. */
  readonly prepare?: string;
}

export interface Namespaces {
  /** Of the process that holds them; nsenter takes it. */
  readonly pid: number;
  /** Lets them go; they end with the last process in them. */
  release(): void;
}

/** Makes them, with loopback up; takes root. The process that holds them ends with ours, too. */
export async function holdNamespaces({ dir, prepare = 'true' }: NamespaceOptions): Promise<Namespaces> {
  const script = `set -e; ip link set lo up; ${prepare}; echo made; read -r _ || true`;
  const holder = spawn('unshare', ['-n', '-m', 'sh', '-c', script, 'namespaces', `${dir}/`], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  await new Promise<void>((resolve, reject) => {
    holder.once('error', reject);
    holder.once('exit', (code) => reject(new Error(`unshare -n -m ended with ${code}: are we root?`)));
    holder.stdout?.once('data', () => resolve());
  });
  return { pid: holder.pid as number, release: () => holder.stdin?.end() };
}
