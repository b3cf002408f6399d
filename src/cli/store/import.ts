/**
 * `plimsoll store import`: a file of samples to a running collector, piece by piece, each of them tried again while the collector cannot take it.
 * What was taken is counted by it; if it is broken off, how far it came is known, and to do it twice does no harm.
 */
import { gzip } from 'node:zlib';
import { promisify } from 'node:util';
import { IMPORT_PATH } from '../../../collector/receive/importroute.ts';
import { backoff } from '../../run/backoff.ts';
import type { Clock } from '../../run/clock.ts';
import { type CollectorAt, TransferError } from './collectorat.ts';
import { piecesOf, unpacked } from './pieces.ts';
import type { SampleFormat } from './transfer.ts';

export interface ImportOptions {
  readonly collector: CollectorAt;
  readonly input: AsyncIterable<Buffer>;
  readonly format: SampleFormat;
  readonly precision?: string | undefined;
  readonly db?: string | undefined;
  readonly skip: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Bytes of a piece; 1 MiB if not set. */
  readonly pieceBytes?: number;
  /** How long one piece is tried; 5 minutes if not set. */
  readonly patienceMs?: number;
}

export interface Imported {
  received: number;
  accepted: number;
  readonly dropped: Map<string, number>;
  badLines: number;
  /** The first of what was not kept, in words. */
  problem: string | undefined;
  /** Bytes of the file, unpacked, that are in. */
  upTo: number;
  /** An OpenMetrics file that does not end as one does: it may have been cut off. */
  cutOff: boolean;
}

/** `failure` is why it was broken off; what `imported` has is in nevertheless. */
export interface ImportEnd {
  readonly imported: Imported;
  readonly failure: TransferError | undefined;
}

const PIECE_BYTES = 1024 * 1024;
const PATIENCE_MS = 5 * 60_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

const pack = promisify(gzip);

export async function importSamples(options: ImportOptions): Promise<ImportEnd> {
  const { input, skip, format, pieceBytes = PIECE_BYTES } = options;
  const imported: Imported = {
    ...{ received: 0, accepted: 0, dropped: new Map(), badLines: 0, problem: undefined, upTo: skip },
    cutOff: format === 'openmetrics',
  };
  try {
    for await (const { body, upTo, linesBefore } of piecesOf(unpacked(input), { bytes: pieceBytes, skip })) {
      addTo(imported, await handOver(body, options), linesBefore);
      imported.upTo = upTo;
      if (/(^|\n)# EOF\s*$/.test(body.subarray(-64).toString('latin1'))) imported.cutOff = false;
    }
    return { imported, failure: undefined };
  } catch (error) {
    return { imported, failure: asFailure(error) };
  }
}

/** What the collector said of one piece. */
interface Answer {
  readonly received?: number;
  readonly accepted?: number;
  readonly dropped?: Readonly<Record<string, number>>;
  readonly bad_lines?: number;
  readonly lines?: readonly { readonly line: number; readonly why: string; readonly text: string }[];
  readonly problem?: string;
}

function addTo(imported: Imported, answer: Answer, linesBefore: number): void {
  imported.received += answer.received ?? 0;
  imported.accepted += answer.accepted ?? 0;
  imported.badLines += answer.bad_lines ?? 0;
  for (const [reason, samples] of Object.entries(answer.dropped ?? {}))
    imported.dropped.set(reason, (imported.dropped.get(reason) ?? 0) + samples);
  const [bad] = answer.lines ?? [];
  imported.problem ??= bad === undefined ? answer.problem : `line ${linesBefore + bad.line}: ${bad.why}: ${bad.text}`;
}

/** Until it is taken, refused for good, or patience is at its end. */
async function handOver(body: Buffer, options: ImportOptions): Promise<Answer> {
  const { collector, clock, signal, patienceMs = PATIENCE_MS } = options;
  const wait = backoff({ firstMs: FIRST_WAIT_MS, maxMs: LONGEST_WAIT_MS });
  const sinceMs = clock.monotonic();
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'content-encoding': 'gzip' };
  const asked = { method: 'POST', path: IMPORT_PATH, query: queryOf(options), headers, signal } as const;
  const packed = await pack(body, { level: 1 });
  for (;;) {
    try {
      return (await collector.json({ ...asked, body: packed })) as Answer;
    } catch (error) {
      if (!(error instanceof TransferError) || error.again === undefined || signal.aborted) throw error;
      if (clock.monotonic() - sinceMs >= patienceMs) throw error;
      await clock.sleep(error.again.afterMs ?? wait.next(), signal);
    }
  }
}

function queryOf({ format, precision, db }: ImportOptions): URLSearchParams {
  const query = new URLSearchParams({ format });
  if (precision !== undefined) query.set('precision', precision);
  if (db !== undefined) query.set('db', db);
  return query;
}

function asFailure(error: unknown): TransferError {
  if (error instanceof TransferError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new TransferError(why, { cause: error });
}
