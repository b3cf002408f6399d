/** `plimsoll top`: where to read, how often, and until when. */
import { parseDuration } from '../config/units.ts';
import type { Config } from '../config/schema.ts';
import { pem, secret } from '../config/secure.ts';
import { ConfigError } from '../errors.ts';
import { systemClock } from '../run/clock.ts';
import type { TopOptions } from './request.ts';
import { pageReader, runTop } from './top.ts';
import { drawTable, type Reading, sumUp, viewRows } from './view.ts';

export async function topCommand(config: Config, options: TopOptions): Promise<void> {
  const { host, port } = config.agent.listen;
  const scheme = config.tls.cert === undefined ? 'http' : 'https';
  const { url, first } =
    options.url !== undefined ? pageUrl(options.url) : { url: `${scheme}://${host}:${port}/metrics`, first: undefined };
  const intervalMs = parseDuration(options.every);
  if (intervalMs === undefined || intervalMs < 100) {
    throw new ConfigError(`--every: is ${JSON.stringify(options.every)}: must be a duration such as "2s", from 100ms`);
  }
  const token = secret('token', config.token, config.token_file);
  const ca = pem('--ca', options.ca);
  const read = pageReader({ url, first, token, ca, now: systemClock.now });
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

/** Takes an address with or without the path. Without it, it may be an agent's or a collector's. */
export function pageUrl(given: string): { url: string; first: string | undefined } {
  if (!URL.canParse(given))
    throw new ConfigError(`--url: is ${JSON.stringify(given)}: must be a URL such as http://127.0.0.1:9641`);
  const url = new URL(given);
  if (url.pathname !== '/') return { url: url.href, first: undefined };
  const at = (path: string): string => new URL(path, url).href;
  return { url: at('/metrics'), first: at('/metrics/containers') };
}
