/**
 * What must hold before anything listens: secrets read from their files, and no address that others can reach without a token or
 * client certificates. Throws a ConfigError with the line to add.
 */
import { readFileSync } from 'node:fs';
import { ConfigError } from '../errors.ts';
import { type Address, isLoopback } from './units.ts';

/** A secret given in the configuration itself or as the name of a file that holds it; undefined if neither. */
export function secret(key: string, inline: string | undefined, file: string | undefined): string | undefined {
  if (inline !== undefined && file !== undefined)
    throw new ConfigError(`${key} and ${key}_file are both set; keep one`);
  const value = file === undefined ? inline : readSecretFile(`${key}_file`, file).toString('utf8').trim();
  if (value !== undefined && !/^[\x21-\x7e]+$/.test(value)) {
    throw new ConfigError(`${key}: must be one or more visible ASCII characters without spaces`);
  }
  return value;
}

/** A PEM file's bytes, or undefined if none is named. */
export function pem(key: string, file: string | undefined): Buffer | undefined {
  return file === undefined ? undefined : readSecretFile(key, file);
}

function readSecretFile(key: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new ConfigError(`${key}: is ${JSON.stringify(file)}: ${(error as Error).message}`, { cause: error });
  }
}

/** The server's side of TLS. */
export interface ServerTls {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Clients must show a certificate signed by one of these. */
  readonly clientCa: Buffer | undefined;
}

export function serverTls(tls: {
  cert?: string | undefined;
  key?: string | undefined;
  client_ca?: string | undefined;
}) {
  if (tls.cert === undefined && tls.key === undefined && tls.client_ca === undefined) return undefined;
  if (tls.cert === undefined || tls.key === undefined) {
    throw new ConfigError('tls: cert and key belong together; set tls.cert and tls.key');
  }
  const server: ServerTls = {
    cert: pem('tls.cert', tls.cert) as Buffer,
    key: pem('tls.key', tls.key) as Buffer,
    clientCa: pem('tls.client_ca', tls.client_ca),
  };
  return server;
}

/** Refuses an address beyond this machine when anybody could read it. */
export function requireGuard(
  key: string,
  address: Address,
  guard: { token: string | undefined; clientCa: unknown },
): void {
  if (isLoopback(address) || guard.token !== undefined || guard.clientCa !== undefined) return;
  throw new ConfigError(
    `${key}: ${address.host}:${address.port} can be reached from other machines, and nothing guards it. ` +
      'Add "token_file: /etc/plimsoll/token" (or tls.client_ca), or listen on 127.0.0.1.',
  );
}
