/** The server that a command asks: the address given by `--url`, else this machine's collector; and who we are to it. */
import { withoutCredentials } from '../config/redact.ts';
import type { Config } from '../config/schema.ts';
import { secret } from '../config/secure.ts';
import { urlOf } from '../config/units.ts';
import { type Login, parseWebAddress, type WebAddress } from '../config/webaddress.ts';
import { ConfigError } from '../errors.ts';

export interface AskedServer {
  readonly url: string;
  /** A user and password in the address, in place of the token. */
  readonly login: Login | undefined;
  readonly token: string | undefined;
}

/** Throws a ConfigError that names the flag, for what is no address. */
export function webAddressOf(given: string): WebAddress {
  const address = parseWebAddress(given);
  if (typeof address === 'string')
    throw new ConfigError(`--url: is ${JSON.stringify(withoutCredentials(given))}: ${address}`);
  return address;
}

/** Throws a ConfigError for an address or a token's file that cannot be used. */
export function askedServer(config: Config, given: string | undefined): AskedServer {
  const scheme = config.tls.cert === undefined ? 'http' : 'https';
  const { url, login } = webAddressOf(given ?? urlOf(scheme, config.collector.listen));
  return { url, login, token: login === undefined ? secret('token', config.token, config.token_file) : undefined };
}
