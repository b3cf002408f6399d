/**
 * What guards the servers, kept current: the token's file and the certificates are read again now and then, so that one that is renewed on
 * disk is taken without a restart. What cannot be used is said, and the one before stays.
 */
import { type ServerTls, secret, serverTls } from '../config/secure.ts';
import type { Config } from '../config/schema.ts';
import type { Log } from '../log.ts';
import type { Clock } from '../run/clock.ts';

export interface GuardFacts {
  readonly token: string | undefined;
  readonly tls: ServerTls | undefined;
}

export interface Guard extends GuardFacts {
  /** Calls back with what has changed on disk. A listener that throws refuses it. */
  onRenewed(listener: (facts: GuardFacts) => void): void;
  stop(): void;
}

export interface GuardOptions {
  readonly config: Pick<Config, 'token' | 'token_file' | 'tls'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Four small files: a renewed certificate is in use within ten seconds. */
export const RENEW_EVERY_MS = 10_000;

/** Reads it all; throws a ConfigError if it cannot be used. */
export function startGuard({ config, clock, log }: GuardOptions): Guard {
  const listeners: ((facts: GuardFacts) => void)[] = [];
  let facts = readGuard(config);
  let refused = '';
  let cancel = again();

  function again(): () => void {
    const onDisk = [config.token_file, config.tls.cert, config.tls.key, config.tls.client_ca];
    if (onDisk.every((file) => file === undefined)) return () => undefined;
    return clock.after(RENEW_EVERY_MS, () => {
      renew();
      cancel = again();
    });
  }

  function renew(): void {
    try {
      const now = readGuard(config);
      if (isSame(facts, now)) return;
      for (const listener of listeners) listener(now);
      facts = now;
      refused = '';
      log.info({}, 'the token or the certificates have changed on disk: the new ones are used from now on');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      // Once for each reason, not each time.
      if (reason !== refused)
        log.warn({ err: error }, 'the token or the certificates on disk cannot be used; the ones before stay');
      refused = reason;
    }
  }

  return {
    get token() {
      return facts.token;
    },
    get tls() {
      return facts.tls;
    },
    onRenewed: (listener) => void listeners.push(listener),
    stop: () => cancel(),
  };
}

/** What the configuration names, as it is now; throws a ConfigError if it cannot be used. */
export function readGuard({ token, token_file, tls }: GuardOptions['config']): GuardFacts {
  return { token: secret('token', token, token_file), tls: serverTls(tls) };
}

function isSame(a: GuardFacts, b: GuardFacts): boolean {
  const text = ({ token, tls }: GuardFacts): string =>
    JSON.stringify([token, ...[tls?.cert, tls?.key, tls?.clientCa].map((bytes) => bytes?.toString('latin1'))]);
  return text(a) === text(b);
}
