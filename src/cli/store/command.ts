/**
 * `plimsoll store`: says what the store holds, checks, repairs, deletes, copies. Exit code 0: done; 1: something is wrong with it, or it is in use; 2: the
 * question or the configuration is not usable.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { storeInstance } from '../../../collector/keptstore.ts';
import { STORE_FOLDER } from '../../../collector/store/numbering.ts';
import { parseQuery } from '../../../collector/query/parse/parse.ts';
import { QueryError } from '../../../collector/query/query.ts';
import type { Matcher } from '../../../collector/query/source.ts';
import { NewerStore } from '../../../collector/store/manifest.ts';
import { dataFolder } from '../../config/datadir.ts';
import type { Config } from '../../config/schema.ts';
import { ConfigError } from '../../errors.ts';
import { silent } from '../../log.ts';
import type { Clock } from '../../run/clock.ts';
import { QueueError } from '../queue/failure.ts';
import { whileOurs } from '../queue/ours.ts';
import { timeOf } from '../queue/times.ts';
import { checkStore, deleteSamples, type Opened, repair, snapshot } from './changing.ts';
import { infoLines, storeInfo } from './info.ts';
import type { StoreRequest } from './request.ts';

export interface StoreCommand {
  readonly request: StoreRequest;
  readonly config: Config;
  readonly clock: Clock;
  readonly out: Writable;
  readonly err: Writable;
}

/** The exit code. Rejects with a ConfigError. */
export async function storeCommand(command: StoreCommand): Promise<number> {
  const { config, out, err } = command;
  const logPath = dataFolder(config.data_dir, 'collector');
  if (logPath === undefined)
    throw new ConfigError('data_dir: is "none": nothing is kept on disk; --data_dir looks at another folder');
  const path = join(logPath, STORE_FOLDER);
  try {
    if (!existsSync(path))
      throw new QueueError(`${path} is not there: no collector has kept anything in this data_dir`);
    const { lines, exitCode } = await answered(command, {
      path,
      logPath,
      instance: storeInstance(config),
      log: silent,
    });
    for (const line of lines) out.write(`${line}\n`);
    return exitCode;
  } catch (error) {
    if (!(error instanceof QueueError || error instanceof NewerStore)) throw error;
    err.write(`plimsoll: ${error.message}\n`);
    return 1;
  }
}

interface Answered {
  readonly lines: readonly string[];
  readonly exitCode: number;
}

async function answered({ request, clock }: StoreCommand, opened: Opened): Promise<Answered> {
  const { path, logPath } = opened;
  switch (request.act) {
    case 'info': {
      const info = storeInfo(path);
      const lines = request.json ? [JSON.stringify(info, undefined, 2)] : infoLines(info);
      return { lines, exitCode: info.problems.length > 0 ? 1 : 0 };
    }
    case 'check': {
      const problems = checkStore(path);
      return {
        lines: problems.length > 0 ? problems : ['everything can be read'],
        exitCode: problems.length > 0 ? 1 : 0,
      };
    }
    case 'repair': {
      const words = (await whileOurs(logPath, 'collector', () => repair(opened))) ?? [];
      return { lines: words.length > 0 ? words : ['nothing was to be repaired'], exitCode: 0 };
    }
    case 'snapshot':
      return { lines: [`${snapshot(path, request.folder)} files are in ${request.folder}`], exitCode: 0 };
    default: {
      const nowMs = clock.now();
      const fromMs = timeOf('--from', request.from, nowMs) ?? -8.64e15;
      const toMs = (timeOf('--to', request.to, nowMs) ?? 8.64e15) - 1;
      const matchers = matchersOf(request.selector);
      const gone = await whileOurs(logPath, 'collector', () =>
        deleteSamples(opened, matchers, { fromMs, toMs, nowMs }),
      );
      return { lines: [`${gone ?? 0} samples are deleted`], exitCode: 0 };
    }
  }
}

function matchersOf(selector: string): readonly Matcher[] {
  const words = `must be a selector such as container_state{name="x"}, is ${JSON.stringify(selector)}`;
  try {
    const expr = parseQuery(selector);
    if (expr.kind === 'selector') return expr.matchers;
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    throw new ConfigError(`<selector>: ${words}: ${error.message}`, { cause: error });
  }
  throw new ConfigError(`<selector>: ${words}`);
}
