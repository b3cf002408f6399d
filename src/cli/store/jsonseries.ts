/** Series as the collector exports them: JSON lines, one at a time in memory. */
import { TransferError } from './collectorat.ts';

export interface JsonSeries {
  /** Names and values, `__name__` among them. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly values: readonly number[];
  readonly timestamps: readonly number[];
}

/** A line of ten thousand samples is some hundred kilobytes. */
const MAX_LINE = 64 * 1024 * 1024;

/** The lines of a stream, without their ends. */
export async function* linesIn(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest: string[] = [];
  let length = 0;
  for await (const piece of stream) {
    const lines = decoder.decode(piece, { stream: true }).split('\n');
    for (const [i, line] of lines.entries()) {
      rest.push(line);
      length += line.length;
      if (length > MAX_LINE) throw new TransferError(`a line has more than ${MAX_LINE} characters`);
      if (i === lines.length - 1) break;
      if (length > 0) yield rest.join('');
      rest = [];
      length = 0;
    }
  }
  if (length > 0) yield rest.join('');
}

export function seriesOf(line: string): JsonSeries {
  const { metric, values, timestamps } = JSON.parse(line) as {
    readonly metric: Readonly<Record<string, string>>;
    readonly values: readonly unknown[];
    readonly timestamps: readonly number[];
  };
  return { labels: Object.entries(metric), values: values.map(numberOf), timestamps };
}

/** `null` is a NaN that somebody measured; the infinities are texts. */
function numberOf(value: unknown): number {
  return value === null ? Number.NaN : Number(value);
}
