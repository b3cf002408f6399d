/**
 * `plimsoll queue`: finds the folders, and lists, exports or drops. Exit code 0: done; 1: something could not be read, or is in use; 2: the
 * question or the configuration is not usable.
 */
import type { Writable } from 'node:stream';
import { selectNamed } from '../../../collector/sinks/levels.ts';
import { dataFolder } from '../../config/datadir.ts';
import type { Config } from '../../config/schema.ts';
import { parseDuration } from '../../config/units.ts';
import { ConfigError } from '../../errors.ts';
import { type Log, silent } from '../../log.ts';
import type { Clock } from '../../run/clock.ts';
import { dropForSink } from './dropsink.ts';
import { dropBatches } from './dropspool.ts';
import { exportWindows, type Range } from './export.ts';
import { exportBatches } from './exportspool.ts';
import { QueueError } from './failure.ts';
import { listingLines } from './lines.ts';
import { type Folders, listingOf } from './listing.ts';
import { createPrinter } from './printing.ts';
import { readLog } from './read/log.ts';
import { readSpool } from './read/spool.ts';
import type { QueueRequest } from './request.ts';
import { selectionOf } from './taken.ts';
import { timeOf } from './times.ts';
import { toldAsJson } from './told.ts';

export interface QueueCommand {
  readonly request: QueueRequest;
  readonly config: Config;
  readonly clock: Clock;
  readonly out: Writable;
  readonly err: Writable;
}

type Of<A extends QueueRequest['act']> = QueueCommand & { readonly request: Extract<QueueRequest, { act: A }> };

interface Told {
  readonly folders: Folders;
  readonly complain: (words: string) => void;
}

/** The exit code. Rejects with a ConfigError. */
export async function queueCommand(command: QueueCommand): Promise<number> {
  const { request, config, err } = command;
  const told: Told = { folders: foldersOf(config), complain: (words) => void err.write(`plimsoll: ${words}\n`) };
  try {
    if (request.act === 'list') return await list({ ...command, request }, told);
    if (request.act === 'export') return await exported({ ...command, request }, told);
    return await drop({ ...command, request }, told);
  } catch (error) {
    if (!(error instanceof QueueError)) throw error;
    told.complain(error.message);
    return 1;
  }
}

function foldersOf({ data_dir: setting }: Config): Folders {
  const collector = dataFolder(setting, 'collector');
  const agent = dataFolder(setting, 'agent');
  if (collector !== undefined && agent !== undefined) return { collector, agent };
  throw new ConfigError(
    'data_dir: is "none": nothing is kept on disk, and there is nothing to look at; --data_dir looks at another folder',
  );
}

async function list({ request, config, clock, out }: Of<'list'>, { folders }: Told): Promise<number> {
  const watchMs = parseDuration(request.watch);
  if (watchMs === undefined || watchMs < 100) {
    throw new ConfigError(`--watch: is ${JSON.stringify(request.watch)}: must be a duration such as "5s", from 100ms`);
  }
  const listing = await listingOf({ config, folders, clock, watchMs });
  const text = request.json ? JSON.stringify(toldAsJson(listing), undefined, 2) : listingLines(listing).join('\n');
  out.write(`${text}\n`);
  return 0;
}

async function exported({ request, config, clock, out }: Of<'export'>, told: Told): Promise<number> {
  const { format, level, sink, agent } = request;
  if (agent && sink !== undefined)
    throw new ConfigError('plimsoll queue export: --agent is its spool, and --sink what waits for a sink: keep one');
  const range = rangeOf(request, clock.now());
  const levels = level?.split(',').map((name) => name.trim()) ?? [];
  if (levels.includes(''))
    throw new ConfigError(`--level: is ${JSON.stringify(level)}: must be levels such as "node,service"`);
  const ofSink = sink === undefined ? undefined : selectionOf(sink, config);
  const selection = levels.length > 0 ? selectNamed(levels) : (ofSink ?? selectNamed(undefined));
  const { folders, complain } = told;
  const printer = createPrinter({ format, out, complain, levels });
  const all = agent
    ? await exportBatches({
        ...range,
        spool: there(await readSpool(folders.agent), folders.agent),
        selection,
        printer,
        complain,
      })
    : await exportWindows({
        ...range,
        log: there(await readLog(folders.collector), folders.collector),
        sink,
        selection,
        printer,
        complain,
      });
  return all ? 0 : 1;
}

function rangeOf({ from, to }: Of<'export'>['request'], nowMs: number): Range {
  const fromMs = timeOf('--from', from, nowMs);
  const toMs = timeOf('--to', to, nowMs);
  if (fromMs !== undefined && toMs !== undefined && toMs <= fromMs)
    throw new ConfigError(`--to: is ${JSON.stringify(to)}: must be later than --from, ${JSON.stringify(from)}`);
  return { fromMs, toMs };
}

function there<T>(facts: T | undefined, folder: string): T {
  if (facts !== undefined) return facts;
  throw new QueueError(`${folder}: there is no such folder, nothing has been kept there`);
}

async function drop(command: Of<'drop'>, told: Told): Promise<number> {
  const { sink, agent, until } = command.request;
  const untilMs = timeOf('--until', until, command.clock.now());
  if ((sink !== undefined) === agent)
    throw new ConfigError('plimsoll queue drop: what is to go? Give --sink and its name, or --agent for its spool');
  if (sink === undefined) await dropAgents(command.out, untilMs, told);
  else await dropSinks(command, { sink, untilMs }, told);
  return 0;
}

async function dropAgents(out: Writable, untilMs: number | undefined, { folders }: Told): Promise<void> {
  const dropped = await dropBatches(folders.agent, untilMs);
  const { batches, samples, left } = dropped ?? { batches: 0, samples: 0, left: 0 };
  out.write(`${folders.agent}: ${batches} batches with ${samples} samples dropped; ${left} batches are left\n`);
}

async function dropSinks(
  { config, out }: QueueCommand,
  { sink, untilMs }: { readonly sink: string; readonly untilMs: number | undefined },
  { folders, complain }: Told,
): Promise<void> {
  const wants = selectionOf(sink, config).samples;
  const log: Log = { ...silent, warn: (_, words) => complain(words), error: (_, words) => complain(words) };
  const dropped = await dropForSink({ path: folders.collector, sink: { name: sink, wants }, untilMs, log });
  if (dropped === undefined) out.write(`${folders.collector}: nothing waits for ${sink}: it has no place there\n`);
  else {
    out.write(
      `${folders.collector}: ${dropped.samples} samples dropped for ${sink}, in its books as dropped_by_hand; ${dropped.left} samples wait\n`,
    );
  }
}
