/**
 * `plimsoll top`: the live table, redrawn in place. It reads either an agent of this process or, over HTTP, any agent's or
 * collector's /metrics.
 */
import type { Dispatcher } from 'undici';
import { hider } from '../config/redact.ts';
import { basicAuthorization, type Login } from '../config/webaddress.ts';
import { remedyFor } from '../http/remedy.ts';
import type { Batch } from '../model/batch.ts';
import type { Clock } from '../run/clock.ts';
import { parseSamples } from './promtext.ts';
import { drawTable, plain, type Reading, readingTimeMs, sumUp, type ViewSample, viewRows } from './view.ts';

export interface TopOptions {
  /** The newest reading; rejects when it cannot be had. */
  readonly read: () => Promise<Reading>;
  /** A reading from before, so that there are rates from the first table on. */
  readonly earlier?: Reading;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly out: NodeJS.WriteStream;
  /** Lines above the table. */
  readonly heading: () => string[];
  readonly signal: AbortSignal;
}

/** Draws until aborted. What cannot be read is said in the heading, and tried again. */
export async function runTop({ read, earlier, intervalMs, clock, out, heading, signal }: TopOptions): Promise<void> {
  let before = earlier && sumUp(earlier.samples);
  let beforeMs = earlier?.timeMs ?? 0;
  let lines: string[] = [];
  while (!signal.aborted) {
    let trouble = '';
    try {
      const { timeMs, samples } = await read();
      if (timeMs !== beforeMs) {
        const now = sumUp(samples);
        lines = drawTable(viewRows(now, before, (timeMs - beforeMs) / 1000), {
          columns: out.columns ?? 120,
          rows: Math.max(5, (out.rows ?? 40) - heading().length - 2),
        });
        before = now;
        beforeMs = timeMs;
      }
    } catch (error) {
      trouble = `cannot read: ${(error as Error).message}`;
    }
    const width = out.columns ?? 120;
    draw(out, [...[...heading(), trouble].map((line) => plain(line).slice(0, width)), ...lines]);
    await pause(intervalMs, clock, signal);
  }
}

/** A reading is new enough for rates that mean something when it is so much later than the one before. */
const APART_MS = 500;
const LOOK_EVERY_MS = 50;
/** Long enough for a tick that is due in a second; should none come, the table has to do without. */
const PATIENCE_MS = 5000;

/** Answers the first reading when there is a second one, for a first table that has rates. */
export async function secondReading(options: Pick<TopOptions, 'read' | 'clock' | 'signal'>): Promise<Reading> {
  const { read, clock, signal } = options;
  const first = await read();
  const startedMs = clock.monotonic();
  while (!signal.aborted && clock.monotonic() - startedMs < PATIENCE_MS) {
    if ((await read()).timeMs - first.timeMs >= APART_MS) break;
    await pause(LOOK_EVERY_MS, clock, signal);
  }
  return first;
}

/** Ends early, and without an error, when aborted. */
async function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Home, each line cleared to its end, then everything below: no flicker. */
function draw(out: NodeJS.WriteStream, lines: readonly string[]): void {
  if (out.isTTY) out.write(`\x1b[H${lines.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J`);
  else out.write(`${lines.join('\n')}\n`);
}

/** A batch's numbers as samples. */
export function readingOf(batch: Batch): Reading {
  return { timeMs: batch.timeMs, samples: samplesOf(batch) };
}

function* samplesOf(batch: Batch): Generator<ViewSample> {
  for (const { shape, rows, values } of batch.tables) {
    const counted = new Set(rows.flatMap((row) => (row.shownOnly ? [] : [row.entity])));
    for (const [r, row] of rows.entries()) {
      // A layer over a disk beside the disk itself: the table has one number for both.
      if (row.shownOnly && counted.has(row.entity)) continue;
      const labels = new Map(row.labels.names.map((name, i) => [name, row.labels.values[i] as string]));
      for (const [c, column] of shape.columns.entries()) {
        const value = values[c * rows.length + r] as number;
        if (Number.isNaN(value)) continue;
        const all = column.labels.length === 0 ? labels : new Map([...labels, ...column.labels]);
        yield { metric: column.metric, labels: all, value };
      }
    }
  }
}

export interface PageOptions {
  readonly url: string;
  /** Where to look first: a collector has its containers on a page of their own, an agent has no such page. */
  readonly first?: string | undefined;
  readonly token: string | undefined;
  /** In place of the token: for a proxy that asks for user and password. */
  readonly login?: Login | undefined;
  /** PEM: who is trusted to have signed the server's certificate; those of the system if not given. */
  readonly ca: Buffer | undefined;
  readonly now: () => number;
}

/**
 * A function that reads a /metrics page. A reading's time is that of its numbers: a page that is asked for twice between two ticks is the
 * same reading.
 */
export function pageReader({ url, first, token, login, ca, now }: PageOptions): () => Promise<Reading> {
  const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const headers = login === undefined ? bearer : { authorization: basicAuthorization(login) };
  const hide = hider([token, login?.password, login && `${login.username}:${login.password}`]);
  let dispatcher: Dispatcher | undefined;
  return async () => {
    // Loaded when it is needed; of a CommonJS package a bundle keeps the default export alone.
    const { default: undici } = await import('undici');
    dispatcher ??= ca === undefined ? undici.getGlobalDispatcher() : new undici.Agent({ connect: { ca } });
    const options = { dispatcher, headers, headersTimeout: 10_000, bodyTimeout: 10_000 };
    const ask = (page: string) =>
      undici.request(page, options).catch((cause: unknown) => {
        const text =
          cause instanceof Error ? cause.message || String((cause as { code?: unknown }).code) : String(cause);
        throw new Error(`${text}${remedyFor(cause, url)}`, { cause });
      });
    let { statusCode, body } = await ask(first ?? url);
    if (first !== undefined && statusCode === 404) {
      await body.dump();
      ({ statusCode, body } = await ask(url));
    }
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}: ${hide(text.slice(0, 200)).trim()}`);
    const samples = [...parseSamples(text)];
    return { timeMs: readingTimeMs(samples) ?? now(), samples };
  };
}
