/** The table where there is no screen: once, or as lines that are written at every reading, for pipes, files and programs. */
import type { Clock } from '../../run/clock.ts';
import { adviceOn, adviceOnEmpty } from './advice.ts';
import { hasHosts, type Model, memory } from './numbers/model.ts';
import type { Row } from './numbers/row.ts';
import { nextDelayMs, pause } from './pace.ts';
import type { Read, Reading } from './read/reading.ts';
import { rowJson, rowText, titlesText } from './records.ts';
import { layoutOf, missingTitles, rowLine, titleLine } from './view/layout.ts';
import { textOf } from './view/line.ts';
import { type Choice, chosenRows } from './view/order.ts';

export interface PrintOptions {
  readonly read: Read;
  readonly everyMs: number;
  readonly clock: Clock;
  /** Which rows, in what order. */
  readonly choice: Choice;
  readonly json: boolean;
  readonly place: () => string;
  /** Resolves when there is room for more. */
  readonly write: (text: string) => Promise<void>;
  readonly complain: (words: string) => void;
  /** Told why nothing comes yet. */
  readonly waiting?: (words: string) => void;
}

/** How long to wait for a second reading: the longest interval that is usual, and then some. */
const PATIENCE_MS = 90_000;

/** Prints one table, or one object a row, made of two readings. Answers whether it could. */
export async function printOnce(options: PrintOptions & { readonly columns: number }): Promise<boolean> {
  const { read, everyMs, clock, place, choice, json, write, complain, waiting, columns } = options;
  try {
    const first = await read();
    const empty = adviceOnEmpty(first, place());
    if (empty !== undefined) {
      complain(empty);
      return false;
    }
    waiting?.(`CPU and network take two readings: waiting for the next of ${place()} …`);
    const startedMs = clock.monotonic();
    let second: Reading = first;
    // A rate needs two readings; the page is the same until the agent's next tick.
    while (second.timeMs === first.timeMs && clock.monotonic() - startedMs < PATIENCE_MS) {
      await clock.sleep(everyMs);
      second = await read();
    }
    await write(printedModel(memory(first).take(second), { choice, json, columns }));
    return true;
  } catch (error) {
    complain(adviceOn(error, place()));
    return false;
  }
}

/** A table of what the live one shows, with how many it leaves out; or an object a row, of all: a program chooses by itself. */
export function printedModel(
  model: Model,
  { choice, json, columns }: Pick<PrintOptions, 'choice' | 'json'> & { readonly columns: number },
): string {
  const chosen = chosenRows(model, { ...choice, all: choice.all || json });
  const rows = [...model.hosts, ...chosen.rows];
  const stopped = chosen.stopped > 0 ? [`${chosen.stopped} stopped (--all)`] : [];
  const lines = json
    ? rows.map((row) => rowJson(row, model))
    : [...tableLines(rows, model, { choice, columns }), ...stopped];
  return `${lines.join('\n')}\n`;
}

/** The whole table; what has no room is not left out without a word. */
export function tableLines(
  rows: readonly Row[],
  model: Model,
  { choice, columns }: { readonly choice: Choice; readonly columns: number },
): string[] {
  const without = new Set(['cpucurve', 'memorycurve', ...(hasHosts(model) ? [] : ['host'])]);
  const layout = layoutOf({ rows, columns, without });
  const scene = { model, title: 'NAME' };
  const lines = [titleLine(layout, scene, choice.sort), ...rows.map((row) => rowLine(layout, row, scene))];
  const titles = missingTitles(layout, scene);
  const missing = titles.length > 0 ? [`no room for ${titles.join(', ')}`] : [];
  return [...lines.map((line) => textOf(line).trimEnd()), ...missing];
}

/**
 * Prints a line for each container at every reading, from the second on: then there are rates. One that ended since the last is among them
 * once more. What cannot be read is complained about once, and tried again.
 */
export async function printLines(options: PrintOptions & { readonly signal: AbortSignal }): Promise<void> {
  const { read, everyMs, clock, place, choice, json, write, complain, signal } = options;
  const kept = memory();
  const format = json ? rowJson : rowText;
  let ran: ReadonlySet<string> = new Set();
  let complaint: string | undefined;
  if (!json) await write(`${titlesText()}\n`);
  while (!signal.aborted) {
    const before = kept.model;
    try {
      const model = kept.take(await read(signal));
      complaint = undefined;
      if (before && model !== before) {
        const rows = chosenRows(model, { ...choice, all: true }).rows.filter(
          ({ key, runs }) => choice.all || runs || ran.has(key),
        );
        const lines = [...model.hosts, ...rows].map((row) => `${format(row, model)}\n`);
        await write(lines.join(''));
      }
      ran = new Set(model.containers.filter(({ runs }) => runs).map(({ key }) => key));
    } catch (cause) {
      const words = adviceOn(cause, place());
      if (words !== complaint && !signal.aborted) complain(words);
      complaint = words;
    }
    await pause(nextDelayMs(everyMs, kept.model?.intervalMs, kept.model !== before), clock, signal);
  }
}
