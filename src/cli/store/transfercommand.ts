/**
 * `plimsoll store export` and `import`, from the command line to the exit code. 0: done; 1: not all of it was taken, or the collector cannot be
 * asked; 2: the question or the configuration is not usable.
 */
import { createReadStream } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import type { Config } from '../../config/schema.ts';
import { ConfigError } from '../../errors.ts';
import type { Clock } from '../../run/clock.ts';
import { timeOf } from '../queue/times.ts';
import { type CollectorAt, collectorAt, TransferError } from './collectorat.ts';
import { exportSamples } from './export.ts';
import { type Imported, importSamples } from './import.ts';
import type { TransferRequest } from './transfer.ts';

export interface TransferCommand {
  readonly request: TransferRequest;
  readonly config: Config;
  readonly clock: Clock;
  readonly input: Readable;
  readonly out: Writable;
  readonly err: Writable;
  /** Breaks an import off between two pieces. */
  readonly signal: AbortSignal;
}

type Of<A extends TransferRequest['act']> = TransferCommand & {
  readonly request: Extract<TransferRequest, { act: A }>;
};

/** The exit code. Rejects with a ConfigError. */
export async function transferCommand(command: TransferCommand): Promise<number> {
  const { request, config, err } = command;
  const collector = await collectorAt(config, request);
  try {
    if (request.act === 'export') return await exported({ ...command, request }, collector);
    return await imported({ ...command, request }, collector);
  } catch (error) {
    if (!(error instanceof TransferError)) throw error;
    err.write(`plimsoll: ${error.message}\n`);
    return 1;
  } finally {
    collector.close();
  }
}

async function exported({ request, clock, out, err }: Of<'export'>, collector: CollectorAt): Promise<number> {
  const fromMs = timeOf('--from', request.from, clock.now());
  const toMs = timeOf('--to', request.to, clock.now());
  if (fromMs !== undefined && toMs !== undefined && toMs < fromMs)
    throw new ConfigError(
      `--to: is ${JSON.stringify(request.to)}: must be later than --from, ${JSON.stringify(request.from)}`,
    );
  const { format, match } = request;
  const { leftOut } = await exportSamples({ collector, format, match, fromMs, toMs, out });
  if (leftOut > 0)
    err.write(
      `plimsoll: ${leftOut} samples that are no finite numbers were left out: line protocol has no words for them\n`,
    );
  return 0;
}

async function imported(command: Of<'import'>, collector: CollectorAt): Promise<number> {
  const { request, clock, input, out, err, signal } = command;
  const { format, precision, db, file } = request;
  if (format !== 'influx' && (precision !== undefined || db !== undefined))
    throw new ConfigError('--precision, --db: are of line protocol alone: give --format influx, or leave them out');
  const end = await importSamples({
    collector,
    input: file === '-' ? input : createReadStream(file),
    ...{ format, precision, db, clock, signal },
    skip: skipOf(request.skip),
  });
  out.write(`${words(end.imported)}\n`);
  const complain = (text: string): void => void err.write(`plimsoll: ${text}\n`);
  if (end.failure !== undefined) {
    const { upTo } = end.imported;
    const how = upTo === 0 ? 'nothing is in yet' : `go on with --skip ${upTo}`;
    complain(`${end.failure.message}; broken off: ${how}`);
    return 1;
  }
  if (end.imported.cutOff) complain('the file has no "# EOF" at its end: it may have been cut off');
  return end.imported.accepted === end.imported.received && end.imported.badLines === 0 ? 0 : 1;
}

function skipOf(text = '0'): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new ConfigError(`--skip: is ${JSON.stringify(text)}: must be a whole number of bytes`);
}

function words({ received, accepted, dropped, badLines, problem }: Imported): string {
  const parts = [`${accepted} of ${received} samples taken`];
  if (dropped.size > 0) parts.push(`not kept: ${[...dropped].map(([reason, n]) => `${n} ${reason}`).join(', ')}`);
  if (badLines > 0) parts.push(`${badLines} lines that are none`);
  return `${parts.join('; ')}${problem === undefined ? '' : ` (${problem})`}`;
}
