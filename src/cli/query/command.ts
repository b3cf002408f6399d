/**
 * `plimsoll query 'PROMQL'`: asks a collector (or any Prometheus) and prints what it answers as a table, a chart, JSON or CSV. Exit code 0: answered;
 * 1: the server says no, or is not there; 2: not usable as given.
 */
import type { Writable } from 'node:stream';
import type { Config } from '../../config/schema.ts';
import { pem } from '../../config/secure.ts';
import { parseDuration } from '../../config/units.ts';
import { ConfigError } from '../../errors.ts';
import type { Clock } from '../../run/clock.ts';
import { momentOf } from '../moments.ts';
import { askedServer } from '../server.ts';
import { type RawResult, type Result, resultOf } from './answer.ts';
import { chartOf } from './chart.ts';
import { type Ask, AskError, asker, type Said } from './client.ts';
import { csvOf } from './csv.ts';
import { placeLines } from './place.ts';
import type { QueryOptions } from './request.ts';
import { tableOf } from './table.ts';
import { stepFor } from './time.ts';

export interface QueryCommand {
  readonly options: QueryOptions;
  readonly config: Config;
  readonly clock: Clock;
  readonly out: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly err: Writable;
}

/** Points of a chart: as many as a wide terminal has dots. */
const POINTS = 240;
const CHART_ROWS = 16;
/** Over a pipe, where nobody knows. */
const CHART_COLUMNS = 100;
/** Over a pipe nothing is too wide. */
const PIPE_COLUMNS = 1000;

interface Span {
  readonly startMs: number;
  readonly endMs: number;
  /** 0: a moment. */
  readonly stepMs: number;
}

export async function queryCommand(command: QueryCommand): Promise<number> {
  const { options, clock, err } = command;
  const span = spanOf(options, clock.now());
  const { ask, url } = serverOf(command);
  try {
    const said = await asked(ask, options, span);
    for (const words of [...said.warnings, ...said.infos]) err.write(`plimsoll: ${words}\n`);
    for (const piece of printed(said, span, command)) command.out.write(piece);
    const result = resultOf(said.data);
    if (result.type !== 'string' && result.lines.length === 0)
      err.write('plimsoll: no series fits; the question is right, but nothing of the kind is there at that time\n');
    return 0;
  } catch (error) {
    if (!(error instanceof AskError)) throw error;
    err.write(
      `plimsoll: ${[error.message, ...placeLines(options.query, error.message), ...remedies(error, url)].join('\n')}\n`,
    );
    return 1;
  }
}

/** A range ends at a multiple of its step, so that asking again gives the same points. */
function spanOf({ range, step, time = 'now' }: QueryOptions, nowMs: number): Span {
  const timeMs = momentOf('--time', time, nowMs);
  if (range === undefined) {
    if (step !== undefined) throw new ConfigError('--step: only a range has steps: give --range, such as --range 1h');
    return { startMs: timeMs, endMs: timeMs, stepMs: 0 };
  }
  const rangeMs = durationOf('--range', range);
  const stepMs = step === undefined ? stepFor(rangeMs, POINTS) : durationOf('--step', step);
  const endMs = Math.floor(timeMs / stepMs) * stepMs;
  return { startMs: endMs - Math.floor(rangeMs / stepMs) * stepMs, endMs, stepMs };
}

function durationOf(option: string, text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new ConfigError(`${option}: is ${JSON.stringify(text)}: must be a duration such as "15s", "1h" or "7d"`);
}

function serverOf({ options, config }: QueryCommand): { readonly ask: Ask; readonly url: string } {
  const server = askedServer(config, options.url);
  // With or without the path of the API.
  const url = server.url.replace(/\/api\/v1$/, '');
  return { url, ask: asker({ ...server, url, ca: pem('--ca', options.ca) }) };
}

function asked(ask: Ask, { query, limit }: QueryOptions, { startMs, endMs, stepMs }: Span): Promise<Said<RawResult>> {
  if (limit !== undefined && !/^[1-9]\d{0,8}$/.test(limit))
    throw new ConfigError(`--limit: is ${JSON.stringify(limit)}: must be a whole number from 1`);
  const common = { query, ...(limit === undefined ? {} : { limit }) };
  if (stepMs === 0) return ask('query', { ...common, time: endMs / 1000 });
  return ask('query_range', { ...common, start: startMs / 1000, end: endMs / 1000, step: stepMs / 1000 });
}

function* printed(
  { data, warnings, infos }: Said<RawResult>,
  span: Span,
  { options, out }: QueryCommand,
): Generator<string> {
  if (options.form === 'json') {
    yield `${JSON.stringify({ ...data, ...(warnings.length > 0 ? { warnings } : {}), ...(infos.length > 0 ? { infos } : {}) })}\n`;
    return;
  }
  const result = resultOf(data);
  if (options.form === 'csv') {
    yield* csvOf(result);
    return;
  }
  const columns = out.isTTY ? (out.columns ?? 80) : PIPE_COLUMNS;
  for (const line of linesOf(result, span, { form: options.form, columns, isTTY: out.isTTY === true }))
    yield `${line}\n`;
}

interface Printing {
  readonly form: QueryOptions['form'];
  readonly columns: number;
  readonly isTTY: boolean;
}

function linesOf(result: Result, { startMs, endMs }: Span, { form, columns, isTTY }: Printing): string[] {
  const canDraw = result.type === 'matrix' && result.lines.length > 0;
  if (form === 'chart' && !canDraw)
    throw new ConfigError('--chart: a moment has no chart: give --range, such as --range 1h');
  if (canDraw && (form === 'chart' || (form === undefined && isTTY && endMs > startMs)))
    return chartOf(result.lines, { columns: isTTY ? columns : CHART_COLUMNS, rows: CHART_ROWS, startMs, endMs });
  return tableOf(result, columns);
}

function remedies({ status, type }: AskError, url: string): string[] {
  if (status === undefined)
    return [`Start one here with plimsoll run, or name another: --url http://host:9640 (asked was ${url}).`];
  if (status === 401 || status === 403)
    return ['It wants a token: set PLIMSOLL_TOKEN, or name the file that holds it with --token_file.'];
  if (status === 404 && type === undefined)
    return ['It has no query API: name a collector, http://host:9640, or a Prometheus, http://host:9090.'];
  return [];
}
