/**
 * `plimsoll top`: the live table, redrawn in place. It reads either an agent of this process or, over HTTP, any agent's or
 * collector's /metrics.
 */
import type { Dispatcher } from 'undici';
import type { Batch } from '../model/batch.ts';
import type { Clock } from '../run/clock.ts';
import { parseSamples } from './promtext.ts';
import { drawTable, type Reading, readingTimeMs, sumUp, type ViewSample, viewRows } from './view.ts';

export interface TopOptions {
  /** The newest reading; rejects when it cannot be had. */
  readonly read: () => Promise<Reading>;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly out: NodeJS.WriteStream;
  /** Lines above the table. */
  readonly heading: () => string[];
  readonly signal: AbortSignal;
}

/** Draws until aborted. What cannot be read is said in the heading, and tried again. */
export async function runTop({ read, intervalMs, clock, out, heading, signal }: TopOptions): Promise<void> {
  let before: ReturnType<typeof sumUp> | undefined;
  let beforeMs = 0;
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
    draw(out, [...heading().map((line) => line.slice(0, width)), trouble, ...lines]);
    try {
      await clock.sleep(intervalMs, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
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
  /** PEM: who is trusted to have signed the server's certificate; those of the system if not given. */
  readonly ca: Buffer | undefined;
  readonly now: () => number;
}

/**
 * A function that reads a /metrics page. A reading's time is that of its numbers: a page that is asked for twice between two ticks is the
 * same reading.
 */
export function pageReader({ url, first, token, ca, now }: PageOptions): () => Promise<Reading> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  let dispatcher: Dispatcher | undefined;
  return async () => {
    // Loaded when it is needed; of a CommonJS package a bundle keeps the default export alone.
    const { default: undici } = await import('undici');
    dispatcher ??= ca === undefined ? undici.getGlobalDispatcher() : new undici.Agent({ connect: { ca } });
    const options = { dispatcher, headers, headersTimeout: 10_000, bodyTimeout: 10_000 };
    let { statusCode, body } = await undici.request(first ?? url, options);
    if (first !== undefined && statusCode === 404) {
      await body.dump();
      ({ statusCode, body } = await undici.request(url, options));
    }
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}: ${text.slice(0, 200)}`);
    const samples = [...parseSamples(text)];
    return { timeMs: readingTimeMs(samples) ?? now(), samples };
  };
}
