/** A server as a start would make it, with nobody served: what guards it can be used, and its address can be had. */
import { createConnection } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { requireGuard } from '../config/secure.ts';
import { type Address, hostPort, urlOf } from '../config/units.ts';
import type { Log } from '../log.ts';
import { systemClock } from '../run/clock.ts';
import type { GuardFacts } from './guard.ts';
import { tryAddress } from './listening.ts';
import { createHttp } from './server.ts';

export interface Tryout {
  /** The key of the address: `agent.listen`. */
  readonly setting: string;
  readonly address: Address;
  readonly guard: GuardFacts;
  readonly log: Log;
}

/** In words; rejects with a ConfigError as the start would. */
export async function tryServer({ setting, address, guard, log }: Tryout): Promise<string> {
  requireGuard(setting, address, { token: guard.token, clientCa: guard.tls?.clientCa });
  const limits = { maxBodyBytes: 1, maxConnections: 1, clock: systemClock, onRefused: () => undefined };
  await createHttp({ setting, address, guard, log, ...limits }).close();
  await tryAddress(setting, address);
  const scheme = guard.tls ? ', with TLS' : '';
  return `${setting} ${hostPort(address)}${guard.token === undefined ? '' : ', with a token'}${scheme}`;
}

const PATIENCE_MS = 2000;

/** Whether what has the address already is a Plimsoll: then it is most likely the one that this configuration is for. */
export async function isOurs({ address, guard }: Pick<Tryout, 'address' | 'guard'>): Promise<boolean> {
  const host = new URL(urlOf('http', address)).hostname.replace(/^\[|\]$/g, '');
  const to = { host, port: address.port, timeout: PATIENCE_MS };
  return new Promise((resolve) => {
    // Whose certificate it is does not matter: nothing is believed but its name.
    const socket = guard.tls ? connectTls({ ...to, rejectUnauthorized: false }) : createConnection(to);
    let said = '';
    const end = (ours: boolean): void => {
      socket.destroy();
      resolve(ours);
    };
    socket.on('timeout', () => end(false));
    socket.on('error', () => end(false));
    socket.on('close', () => end(/^server: plimsoll\r$/im.test(said)));
    socket.on('data', (chunk) => {
      said += chunk.toString('latin1');
      if (said.length > 10_000) end(false);
    });
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  });
}
