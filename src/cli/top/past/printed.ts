/** `plimsoll top --at MOMENT`: the table of then, printed once. Exit code 0, or 1 with words where it cannot be had. */
import type { Config } from '../../../config/schema.ts';
import { systemClock } from '../../../run/clock.ts';
import { momentOf } from '../../moments.ts';
import { AskError } from '../../query/client.ts';
import { stamp } from '../../query/time.ts';
import type { TopOptions } from '../../request.ts';
import { memory } from '../numbers/model.ts';
import { printedModel } from '../printed.ts';
import type { State } from '../state.ts';
import { type Past, pastAt } from './asking.ts';
import { momentAt } from './moment.ts';

export interface PrintAt {
  readonly config: Config;
  readonly options: TopOptions;
  readonly start: State;
  readonly at: string;
}

export async function printAt({ config, options, start, at }: PrintAt): Promise<number> {
  const { stdout, stderr } = process;
  const atMs = momentOf('--at', at, systemClock.now());
  const past = pastAt(config, options);
  try {
    const { before, at: then } = await momentAt(past.ask, atMs);
    const model = memory(before).take(then);
    // Over a pipe nothing is too wide.
    const columns = stdout.isTTY ? (stdout.columns ?? 80) : 1000;
    if (!options.json) stdout.write(`${past.url} at ${stamp(atMs)}\n`);
    stdout.write(printedModel(model, { choice: start, json: options.json, columns }));
    return 0;
  } catch (error) {
    if (!(error instanceof AskError)) throw error;
    stderr.write(`plimsoll: ${[error.message, ...remedies(error, past)].join('\n')}\n`);
    return 1;
  }
}

function remedies({ status, type }: AskError, { url }: Past): string[] {
  if (status === 401 || status === 403)
    return ['It wants a token: set PLIMSOLL_TOKEN, or name the file that holds it with --token_file.'];
  if (status === undefined || (status === 404 && type === undefined))
    return [`What was is known by a collector alone: name one with --url http://host:9640 (asked was ${url}).`];
  return [];
}
