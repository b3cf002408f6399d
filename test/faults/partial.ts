/**
 * What InfluxDB 1 does with a write of which some lines cannot be taken: the others are written, and the answer is 400 with a reason that quotes the
 * lines, or says how many they are. Here lines are picked at random; what was refused is kept, so that it can be looked for in the dead letters.
 */
import { gunzipSync } from 'node:zlib';

/** `quoted`: as where a line cannot be read. `counted`: as where lines are older than the retention policy, or series are too many. */
export type Says = 'quoted' | 'counted';

export interface Refused {
  readonly line: string;
  readonly says: Says;
}

export interface Parting {
  /** What is to be written. */
  readonly rest: string;
  readonly refused: readonly Refused[];
  /** The body of the answer. */
  readonly answer: string;
}

/** Parts the lines of a request into those that are written and at most `most` that are refused. `random`: from 0 up to 1. */
export function partly(body: Buffer, { encoding, most, says, random }: PartlyOptions): Parting {
  const text = (encoding === 'gzip' ? gunzipSync(body) : body).toString();
  const lines = text.split('\n').filter((line) => line !== '');
  const bad = new Set(Array.from({ length: most }, () => Math.floor(random() * lines.length)));
  const refused = lines.filter((_, i) => bad.has(i)).map((line) => ({ line, says }));
  return {
    rest: lines.filter((_, i) => !bad.has(i)).join('\n'),
    refused,
    answer: JSON.stringify({ error: `partial write: ${reasonFor(refused)}` }),
  };
}

export interface PartlyOptions {
  readonly encoding: string | undefined;
  readonly most: number;
  readonly says: Says;
  readonly random: () => number;
}

/** In the words of InfluxDB 1.6: what it cannot parse, it does not count as dropped. */
function reasonFor(refused: readonly Refused[]): string {
  const quoted = refused.filter(({ says }) => says === 'quoted');
  if (quoted.length > 0)
    return `${quoted.map(({ line }) => `unable to parse '${line}': invalid number`).join('\n')} dropped=0`;
  return `points beyond retention policy dropped=${refused.length}`;
}
