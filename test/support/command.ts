/** Runs a program of the checkout to its end, as a person at a shell would, and hands back what came out of it. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** `plimsoll <args>`; rejects when it has not ended after 60 s. */
export function plimsoll(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['dist/src/cli/main.js', ...args], {
      cwd: CHECKOUT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const text = { out: '', err: '' };
    child.stdout.on('data', (data: Buffer) => (text.out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (text.err += data.toString()));
    const patience = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`plimsoll ${args.join(' ')} did not end:\n${text.out}${text.err}`));
    }, 60_000);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(patience);
      resolve({ code, ...text });
    });
  });
}
