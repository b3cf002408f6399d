/**
 * `plimsoll store export`: samples of a running collector as text, as they come, one line of them in memory at a time. Formats in which all of a
 * metric stands together are asked for metric by metric.
 */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { CollectorAt } from './collectorat.ts';
import { linesIn, seriesOf } from './jsonseries.ts';
import type { SampleFormat } from './transfer.ts';
import { type SampleWriter, writerOf } from './writers.ts';

export interface ExportOptions {
  readonly collector: CollectorAt;
  readonly format: SampleFormat;
  readonly match: readonly string[];
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
  readonly out: Writable;
}

export interface Exported {
  readonly samples: number;
  /** The format has no words for them. */
  readonly leftOut: number;
}

const EVERYTHING = '{__name__!=""}';
const EXPORT_PATH = '/api/v1/export';
const NAMES_PATH = '/api/v1/label/__name__/values';
/** Characters after which a piece is handed on. */
const PIECE = 64 * 1024;

/** Rejects with a TransferError; then what was written has no proper end. */
export async function exportSamples(options: ExportOptions): Promise<Exported> {
  const { format, collector, out, match } = options;
  const selectors = match.length === 0 ? [EVERYTHING] : match;
  const range = rangeOf(options);
  const print = createPrint(out);
  const total = { samples: 0, leftOut: 0 };
  const ask = async (asked: readonly string[]): Promise<AsyncGenerator<string>> =>
    linesIn(await collector.stream({ method: 'GET', path: EXPORT_PATH, query: queryOf(asked, range) }));
  if (format === 'json') {
    for await (const line of await ask(selectors)) {
      total.samples += seriesOf(line).values.length;
      await print(`${line}\n`);
    }
    await print('', true);
    return total;
  }
  const writer = writerOf(format);
  const groups = writer.grouped ? await metricsOf(collector, selectors, range) : [undefined];
  for (const metric of groups) {
    let heading = metric === undefined ? '' : writer.heading(metric);
    const asked = metric === undefined ? selectors : selectors.map((one) => ofMetric(one, metric));
    for await (const line of await ask(asked)) {
      await print(heading);
      heading = '';
      await printSeries(line, { writer, print, total });
    }
  }
  await print(writer.end, true);
  return total;
}

interface Printing {
  readonly writer: SampleWriter;
  readonly print: Print;
  readonly total: { samples: number; leftOut: number };
}

async function printSeries(line: string, { writer, print, total }: Printing): Promise<void> {
  for (const text of writer.lines(seriesOf(line))) {
    if (text === undefined) total.leftOut++;
    else {
      total.samples++;
      await print(text);
    }
  }
}

type Range = readonly (readonly [name: string, seconds: string])[];

function rangeOf({ fromMs, toMs }: ExportOptions): Range {
  const given = [
    ['start', fromMs],
    ['end', toMs],
  ] as const;
  return given.flatMap(([name, ms]) => (ms === undefined ? [] : [[name, String(ms / 1000)] as const]));
}

function queryOf(selectors: readonly string[], range: Range): URLSearchParams {
  return new URLSearchParams([
    ...selectors.map((one): [string, string] => ['match[]', one]),
    ...range.map(([k, v]): [string, string] => [k, v]),
  ]);
}

async function metricsOf(collector: CollectorAt, selectors: readonly string[], range: Range): Promise<string[]> {
  const answer = await collector.json({ method: 'GET', path: NAMES_PATH, query: queryOf(selectors, range) });
  const { data } = (answer ?? {}) as { readonly data?: unknown };
  const names = Array.isArray(data) ? data.filter((name): name is string => typeof name === 'string') : [];
  return names.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** A selector of one metric more: its own name, if it has one before the braces, is put among the labels. */
export function ofMetric(selector: string, metric: string): string {
  const brace = selector.indexOf('{');
  const name = (brace < 0 ? selector : selector.slice(0, brace)).trim();
  const inside =
    brace < 0
      ? ''
      : selector
          .slice(brace + 1, selector.lastIndexOf('}'))
          .trim()
          .replace(/,$/, '');
  const parts = [`__name__=${JSON.stringify(metric)}`];
  if (name !== '') parts.push(`__name__=${JSON.stringify(name)}`);
  if (inside !== '') parts.push(inside);
  return `{${parts.join(',')}}`;
}

type Print = (text: string, now?: boolean) => Promise<void>;

function createPrint(out: Writable): Print {
  let piece = '';
  return async (text, now = false) => {
    piece += text;
    if (piece === '' || (!now && piece.length < PIECE)) return;
    const whole = piece;
    piece = '';
    if (!out.write(whole)) await once(out, 'drain');
  };
}
