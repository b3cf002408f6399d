/** `plimsoll top`: where to read, how often, on which terminal or in which form, and how it ends. */
import type { Config } from '../../config/schema.ts';
import { pem, secret } from '../../config/secure.ts';
import { parseDuration } from '../../config/units.ts';
import { ConfigError } from '../../errors.ts';
import { systemClock } from '../../run/clock.ts';
import { endBy } from '../ending.ts';
import type { TopOptions } from '../request.ts';
import { live, type LiveOptions } from './live.ts';
import { pastFrom } from './past/asking.ts';
import { printAt } from './past/printed.ts';
import { type Found, firstOf, pageOf, placesOf } from './place.ts';
import { type PrintOptions, printLines, printOnce } from './printed.ts';
import { pageReader } from './read/page.ts';
import { START, type State } from './state.ts';
import { canDraw, looksOf } from './terminal/looks.ts';
import { terminalOf } from './terminal/terminal.ts';
import { SORTS } from './view/columns.ts';

export async function topCommand(config: Config, options: TopOptions): Promise<void> {
  const everyMs = parseDuration(options.every);
  if (everyMs === undefined || everyMs < 100) {
    throw new ConfigError(`--every: is ${JSON.stringify(options.every)}: must be a duration such as "2s", from 100ms`);
  }
  const start = startOf(options);
  if (options.at !== undefined) {
    process.exitCode = await printAt({ config, options, start, at: options.at });
    return;
  }
  const found = foundOf(config, options);
  const { stdout } = process;
  const print = printing(found, everyMs, { choice: start, json: options.json });
  if (options.once) {
    // Over a pipe nothing is too wide.
    const columns = stdout.isTTY ? (stdout.columns ?? 80) : 1000;
    if (!(await printOnce({ ...print, columns }))) process.exitCode = 1;
  } else if (options.json || !canDraw(process.env, stdout.isTTY)) {
    await printLines({ ...print, signal: new AbortController().signal });
  } else await onScreen(found, { everyMs, start, past: pastFrom(config, options, found) });
}

function foundOf(config: Config, { url, ca: authority }: TopOptions): Found {
  const places = url !== undefined ? [pageOf(url)] : placesOf(config);
  const token = places[0]?.login === undefined ? secret('token', config.token, config.token_file) : undefined;
  const ca = pem('--ca', authority);
  return firstOf(places, (place) => pageReader({ ...place, token, ca, now: systemClock.now }));
}

const GROUPS: readonly State['group'][] = ['service', 'host'];

/** What the table begins with. */
function startOf({ all, filter = '', sort = START.sort, group }: TopOptions): State {
  if (!SORTS.has(sort))
    throw new ConfigError(`--sort: is ${JSON.stringify(sort)}: must be one of ${[...SORTS.keys()].join(', ')}`);
  const by = GROUPS.find((each) => each === group);
  if (group !== undefined && by === undefined)
    throw new ConfigError(`--group: is ${JSON.stringify(group)}: must be one of ${GROUPS.join(', ')}`);
  return { ...START, all, filter, sort, group: by ?? 'none' };
}

function printing(
  { read, place }: Found,
  everyMs: number,
  { choice, json }: Pick<PrintOptions, 'choice' | 'json'>,
): PrintOptions {
  return {
    read,
    place,
    everyMs,
    choice,
    json,
    clock: systemClock,
    write: (text) =>
      new Promise((resolve) => {
        if (process.stdout.write(text)) resolve();
        else process.stdout.once('drain', resolve);
      }),
    complain: (words) => void process.stderr.write(`plimsoll: ${words}\n`),
    // For a person who waits; in a file of a script it would be no news.
    waiting: (words) => void (process.stderr.isTTY && process.stderr.write(`${words}\n`)),
  };
}

/** Signals that end it, with the terminal put back first. */
const ENDINGS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

type Screen = Pick<LiveOptions, 'everyMs' | 'start' | 'past'>;

async function onScreen({ read, place }: Found, screen: Screen): Promise<void> {
  const stop = new AbortController();
  let by: NodeJS.Signals | undefined;
  for (const signal of ENDINGS) {
    process.once(signal, () => {
      by = signal;
      stop.abort(new Error(signal));
    });
  }
  const terminal = terminalOf({
    input: process.stdin,
    out: process.stdout,
    looks: looksOf(process.env),
    clock: systemClock,
  });
  const about = () => ({ place: place(), trouble: [], words: [] });
  const ended = await live({ read, ...screen, clock: systemClock, terminal, about, signal: stop.signal });
  // As a program that knows nothing of signals would end, so that a script that started it stops as well.
  if (ended !== 'quit') endBy(by ?? 'SIGINT');
}
