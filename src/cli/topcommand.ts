/** `plimsoll top`: where to read, how often, and until when. */
import { withoutCredentials } from '../config/redact.ts';
import type { Config } from '../config/schema.ts';
import { pem, secret } from '../config/secure.ts';
import { parseDuration, urlOf } from '../config/units.ts';
import { type Login, parseWebAddress } from '../config/webaddress.ts';
import { ConfigError } from '../errors.ts';
import { systemClock } from '../run/clock.ts';
import type { TopOptions } from './request.ts';
import { pageReader, runTop } from './top.ts';
import { drawTable, type Reading, sumUp, viewRows } from './view.ts';

export async function topCommand(config: Config, options: TopOptions): Promise<void> {
  const scheme = config.tls.cert === undefined ? 'http' : 'https';
  const { url, first, login } =
    options.url !== undefined ? pageUrl(options.url) : pageBelow(urlOf(scheme, config.agent.listen));
  const intervalMs = parseDuration(options.every);
  if (intervalMs === undefined || intervalMs < 100) {
    throw new ConfigError(`--every: is ${JSON.stringify(options.every)}: must be a duration such as "2s", from 100ms`);
  }
  const token = login === undefined ? secret('token', config.token, config.token_file) : undefined;
  const ca = pem('--ca', options.ca);
  const read = pageReader({ url, first, token, login, ca, now: systemClock.now });
  if (options.once) return once(read, intervalMs, url);
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort(new Error('interrupted')));
  await runTop({
    read,
    intervalMs,
    clock: systemClock,
    out: process.stdout,
    heading: () => [`plimsoll top  ${url}`],
    signal: stop.signal,
  });
}

/** How long to wait for a second reading: the longest interval that is usual, and then some. */
const PATIENCE_MS = 90_000;

async function once(read: () => Promise<Reading>, intervalMs: number, url: string): Promise<void> {
  try {
    const first = await read();
    const before = sumUp(first.samples);
    const startedMs = systemClock.monotonic();
    let second = first;
    // A rate needs two readings; the page is the same until the agent's next tick.
    while (second.timeMs === first.timeMs && systemClock.monotonic() - startedMs < PATIENCE_MS) {
      await systemClock.sleep(intervalMs);
      second = await read();
    }
    const rows = viewRows(sumUp(second.samples), before, (second.timeMs - first.timeMs) / 1000);
    process.stdout.write(`${drawTable(rows, { columns: 200, rows: 10_000 }).join('\n')}\n`);
  } catch (error) {
    process.stderr.write(`plimsoll: cannot read ${url}: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

interface Place {
  readonly url: string;
  /** Where to look first. */
  readonly first?: string;
  readonly login?: Login | undefined;
}

/**
 * Takes an address with or without the path; without it, it may be an agent's or a collector's. A user and password in it are used in
 * place of the token.
 */
export function pageUrl(given: string): Place {
  const address = parseWebAddress(given);
  if (typeof address === 'string')
    throw new ConfigError(`--url: is ${JSON.stringify(withoutCredentials(given))}: ${address}`);
  const { url, login } = address;
  return new URL(url).pathname === '/'
    ? { ...pageBelow(url), first: `${url}/metrics/containers`, login }
    : { url, login };
}

function pageBelow(url: string): Place {
  return { url: `${url}/metrics` };
}
