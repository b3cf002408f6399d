/** Whom to ask for what was: the collector that is watched, or, beside an agent, the one of this machine's configuration. */
import type { Config } from '../../../config/schema.ts';
import { pem, secret } from '../../../config/secure.ts';
import { urlOf } from '../../../config/units.ts';
import { systemClock } from '../../../run/clock.ts';
import { type Ask, asker } from '../../query/client.ts';
import type { TopOptions } from '../../request.ts';
import type { LiveOptions } from '../live.ts';
import { hasHosts } from '../numbers/model.ts';
import { pageOf } from '../place.ts';
import { pastOf } from './history.ts';

type Configured = Pick<Config, 'tls' | 'collector' | 'token' | 'token_file'>;

export interface Past {
  readonly ask: Ask;
  readonly url: string;
}

interface Whom {
  /** Of a page or a server, as `--url` has it; this machine's collector without. */
  readonly url?: string | undefined;
  readonly ca?: string | undefined;
}

export function pastAt(config: Configured, { url, ca }: Whom): Past {
  const place = url === undefined ? undefined : pageOf(url);
  const scheme = config.tls.cert === undefined ? 'http' : 'https';
  const base = place?.url.replace(/\/metrics$/, '') ?? urlOf(scheme, config.collector.listen);
  const token = place?.login === undefined ? secret('token', config.token, config.token_file) : undefined;
  return { url: base, ask: asker({ url: base, token, login: place?.login, ca: pem('--ca', ca) }) };
}

/** For the live table: nothing is asked before it has begun. */
export function pastFrom(
  config: Configured,
  options: Pick<TopOptions, 'url' | 'ca'>,
  { place }: { readonly place: () => string },
): NonNullable<LiveOptions['past']> {
  return (model, signal) => {
    // An agent has no past: the collector of this machine is asked, if the agent is this machine's, too.
    const ofAgent = options.url === undefined && !hasHosts(model);
    const { ask } = pastAt(
      config,
      ofAgent ? { ...options, url: undefined } : { ...options, url: options.url ?? place() },
    );
    return pastOf({ ask, nowMs: systemClock.now(), byNode: hasHosts(model), signal });
  };
}

/** The same of the process's own collector. */
export function ownPast(config: Configured): NonNullable<LiveOptions['past']> {
  return pastFrom(config, {}, { place: () => '' });
}
