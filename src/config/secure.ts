/**
 * What must hold before anything listens: secrets read from their files, and no address that others can reach without a token or
 * client certificates. Throws a ConfigError with the line to add.
 */
import { ConfigError } from '../errors.ts';
import { readBounded } from './bounded.ts';
import { shownPath } from './redact.ts';
import { type Address, hostPort, isLoopback } from './units.ts';
import type { Login, WebAddress } from './webaddress.ts';

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

/** The error of the system is not kept: it names the file, which may be a secret that somebody wrote in the file's place. */
function readSecretFile(key: string, file: string): Buffer {
  try {
    return readBounded(file).bytes;
  } catch (error) {
    // biome-ignore lint/style/useErrorCause: see above
    throw new ConfigError(`${key}: is ${shownPath(file)}: ${whyNot(error as NodeJS.ErrnoException)}`);
  }
}

const REASONS = new Map<string, string>([
  ['ENOENT', 'no such file'],
  ['EACCES', 'this user may not read it'],
  ['ENOTDIR', 'a folder of it is none'],
  ['ENAMETOOLONG', 'the name is too long; must be the name of a file'],
  ['ENXIO', 'it is a socket; must be a regular file'],
]);

function whyNot({ code, message }: NodeJS.ErrnoException): string {
  return code === undefined ? message : `${code}: ${REASONS.get(code) ?? 'cannot be read'}`;
}

/** Who we are to a server: a token, or the user and password in its address. Both would be one header `Authorization`. */
export function tokenOrLogin(
  key: string,
  { login }: WebAddress,
  token: string | undefined,
): { readonly token?: string; readonly login?: Login } {
  if (token !== undefined && login !== undefined) {
    throw new ConfigError(
      `${key}: url holds a user and password, and the token is set, too; a request has one of them: keep one`,
    );
  }
  return { ...(token === undefined ? {} : { token }), ...(login === undefined ? {} : { login }) };
}

/** The server's side of TLS. */
export interface ServerTls {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Clients must show a certificate signed by one of these. */
  readonly clientCa: Buffer | undefined;
  /** They need not: a certificate is looked at if there is one, by who answers. */
  readonly asksOnly?: true;
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
    `${key}: ${hostPort(address)} can be reached from other machines, and nothing guards it. ` +
      'Add "token_file: /etc/plimsoll/token" (or tls.client_ca), or listen on 127.0.0.1.',
  );
}
