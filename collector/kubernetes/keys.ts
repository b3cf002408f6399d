/**
 * Certificate and key of the address where the API server asks, and the authorities that clients' certificates may be of: each is renewed while we run, and who
 * listens is told.
 */
import { pem, type ServerTls } from '../../src/config/secure.ts';
import type { Config } from '../../src/config/schema.ts';
import { ConfigError } from '../../src/errors.ts';
import { type GuardFacts, RENEW_EVERY_MS } from '../../src/http/guard.ts';
import type { Log } from '../../src/log.ts';
import type { Clock } from '../../src/run/clock.ts';
import { makeCertificate } from './certificate.ts';

export interface Keys extends GuardFacts {
  onRenewed(listener: (facts: GuardFacts) => void): void;
  /** PEM; empty while nobody is trusted. */
  trust(authorities: string): void;
  stop(): void;
}

type Settings = Pick<Config['metrics_api'], 'cert' | 'key' | 'names'>;

/** Throws a ConfigError for files that cannot be read. */
export function startKeys(settings: Settings, { clock, log }: { clock: Clock; log: Log }): Keys {
  const listeners: ((facts: GuardFacts) => void)[] = [];
  const made = settings.cert === undefined && settings.key === undefined;
  let own = made ? madeFor(settings.names, clock) : read(settings);
  let authorities = '';
  let refused = '';
  let cancel = made ? () => undefined : again();

  function again(): () => void {
    return clock.after(RENEW_EVERY_MS, () => {
      renew();
      cancel = again();
    });
  }

  function renew(): void {
    const before = own;
    try {
      own = read(settings);
      if (own.cert.equals(before.cert) && own.key.equals(before.key)) return;
      tell();
      refused = '';
    } catch (error) {
      own = before;
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== refused) log.warn({ err: error }, 'metrics_api.cert and key cannot be used; those before stay');
      refused = reason;
    }
  }

  function facts(): GuardFacts {
    const clientCa = authorities === '' ? undefined : Buffer.from(authorities);
    return { token: undefined, tls: { ...own, clientCa, asksOnly: true } };
  }

  function tell(): void {
    const now = facts();
    for (const listener of listeners) listener(now);
  }

  return {
    token: undefined,
    get tls() {
      return facts().tls;
    },
    onRenewed: (listener) => void listeners.push(listener),
    trust(given) {
      authorities = given;
      tell();
    },
    stop: () => cancel(),
  };
}

type Pair = Pick<ServerTls, 'cert' | 'key'>;

function madeFor(names: readonly string[], clock: Clock): Pair {
  const { cert, key } = makeCertificate(names, clock.now());
  return { cert: Buffer.from(cert), key: Buffer.from(key) };
}

function read({ cert, key }: Settings): Pair {
  const pair = { cert: pem('metrics_api.cert', cert), key: pem('metrics_api.key', key) };
  if (pair.cert === undefined || pair.key === undefined) {
    throw new ConfigError(
      'metrics_api: cert and key belong together; set metrics_api.cert and metrics_api.key, or neither for a certificate of our own making',
    );
  }
  return { cert: pair.cert, key: pair.key };
}
