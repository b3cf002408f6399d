/** Why an address cannot be listened on, with the flag that chooses another; and a try that serves nothing. */
import { createServer } from 'node:net';
import { type Address, hostPort } from '../config/units.ts';
import { ConfigError } from '../errors.ts';

/** `setting`: the key of the address, `agent.listen`. */
export function listenFailure(setting: string, address: Address, cause: unknown): ConfigError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const words = WORDS.get(code) ?? (cause instanceof Error ? cause.message : String(cause));
  const remedy = `choose another with --${setting} ${hostPort({ host: address.host, port: (address.port % 65_535) + 1 })}`;
  const why = code === '' ? words : `${words} (${code})`;
  return new ConfigError(`${setting}: cannot listen on ${hostPort(address)}: ${why}; ${remedy}`, { cause });
}

const WORDS = new Map<string, string>([
  ['EADDRINUSE', 'another program has it'],
  ['EADDRNOTAVAIL', 'this machine has no such address'],
  ['EACCES', 'ports below 1024 are root’s'],
  ['ENOTFOUND', 'the name service knows no such host'],
  ['EAFNOSUPPORT', 'this machine has no IPv6'],
]);

/** Listens and lets go at once; rejects as a start would. */
export function tryAddress(setting: string, { host, port }: Address): Promise<void> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenFailure(setting, { host, port }, error)));
    server.listen({ host, port }, () => server.close(() => resolve()));
  });
}
