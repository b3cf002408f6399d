/** Tables as lines on a stream, in one of the forms, no faster than they are read there; and what there was, to be told at the end. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { createEncoder } from '../../../collector/sinks/influx/line.ts';
import { jsonLines } from '../../../collector/sinks/stdout/json.ts';
import type { LevelTable } from '../../model/batch.ts';
import { QueueError } from './failure.ts';

export interface PrintingOptions {
  readonly format: 'json' | 'influx';
  readonly out: Writable;
  readonly complain: (words: string) => void;
  /** Levels that somebody has named: each must be somewhere. */
  readonly levels: readonly string[];
}

export interface Printer {
  /** `all`: what was to choose from. */
  print(chosen: readonly LevelTable[], all: readonly LevelTable[]): Promise<void>;
  /** Says what was left out; throws a QueueError if a level that was named was nowhere. `what` are those that were printed: windows. */
  end(what: string): void;
}

/** Pieces that are handed over at once. */
const PIECE_CHARS = 64 * 1024;

export function createPrinter({ format, out, complain, levels }: PrintingOptions): Printer {
  const lines = format === 'json' ? asJson : asInflux();
  const seen = new Set<string>();
  let count = 0;
  let tooLong = 0;
  return {
    async print(chosen, all) {
      count++;
      for (const { level } of all) seen.add(level);
      let piece = '';
      for (const line of lines(chosen)) {
        if (line === undefined) tooLong++;
        else piece += line;
        if (piece.length < PIECE_CHARS) continue;
        await put(out, piece);
        piece = '';
      }
      if (piece !== '') await put(out, piece);
    },
    end(what) {
      if (tooLong > 0) complain(`${tooLong} rows have tags that are too long for InfluxDB and were left out`);
      const missing = levels.filter((level) => !seen.has(level));
      if (missing.length === 0 || count === 0) return;
      const there = [...seen].sort().join(', ');
      throw new QueueError(`--level: ${missing.join(', ')} is in none of the ${count} ${what}; there are ${there}`);
    },
  };
}

async function put(out: Writable, text: string): Promise<void> {
  if (!out.write(text)) await once(out, 'drain');
}

type Lines = (tables: readonly LevelTable[]) => Generator<string | undefined>;

function* asJson(tables: readonly LevelTable[]): Generator<string> {
  for (const { text } of jsonLines(tables)) yield text;
}

/** Undefined for a line that no server would take. */
function asInflux(): Lines {
  const encoder = createEncoder({ idField: true });
  return function* (tables) {
    for (const table of tables) {
      for (const { text } of encoder.lines(table)) yield text === undefined ? undefined : `${text}\n`;
    }
  };
}
