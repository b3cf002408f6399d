/** Where to read: an address that was given, or this machine's agent, else its collector. */
import type { Config } from '../../config/schema.ts';
import { urlOf } from '../../config/units.ts';
import type { Login } from '../../config/webaddress.ts';
import { webAddressOf } from '../server.ts';
import { PageError } from './read/page.ts';
import type { Read } from './read/reading.ts';

export interface Place {
  readonly url: string;
  /** Where to look first. */
  readonly first?: string;
  readonly login?: Login | undefined;
}

/** What a collector has its containers on. */
const CONTAINERS = '/metrics/containers';

/**
 * Takes an address with or without the path; without it, it may be an agent's or a collector's. A user and password in it are used in
 * place of the token.
 */
export function pageOf(given: string): Place {
  const { url, login } = webAddressOf(given);
  const { pathname } = new URL(url);
  if (pathname === '/') return { url: `${url}/metrics`, first: `${url}${CONTAINERS}`, login };
  // What a collector says of itself and of its groups is on the page above that of its containers.
  if (pathname.endsWith(CONTAINERS)) return { url: url.slice(0, -'/containers'.length), first: url, login };
  return { url, login };
}

/** This machine's agent, then its collector. */
export function placesOf({ tls, agent, collector }: Pick<Config, 'tls' | 'agent' | 'collector'>): Place[] {
  const scheme = tls.cert === undefined ? 'http' : 'https';
  const below = urlOf(scheme, collector.listen);
  return [
    { url: `${urlOf(scheme, agent.listen)}/metrics` },
    { url: `${below}/metrics`, first: `${below}${CONTAINERS}` },
  ];
}

export interface Found {
  readonly read: Read;
  /** Where the last reading came from; before the first, where it is looked for first. */
  readonly place: () => string;
}

/** Reads from the first place that answers; the errors are those of the very first. */
export function firstOf(places: readonly Place[], readerOf: (place: Place) => Read): Found {
  const readers = places.map((place) => ({ place, read: readerOf(place) }));
  let found = 0;
  return {
    place: () => readers[found]?.place.url ?? '',
    async read(signal) {
      let failure: unknown;
      for (const [i, reader] of [...readers.entries()].sort(([a], [b]) => Number(b === found) - Number(a === found))) {
        try {
          const reading = await reader.read(signal);
          found = i;
          return reading;
        } catch (error) {
          failure ??= error;
          // Who answers, be it with a refusal, is there: the next one is not asked in its place.
          if (!(error instanceof PageError) || error.status !== undefined) throw error;
        }
      }
      throw failure;
    },
  };
}
