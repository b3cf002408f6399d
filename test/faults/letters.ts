/**
 * Dead letters of the InfluxDB sink against what was really refused: what the server did not take and the sink has put aside is as good as there, and
 * everything else has to be. Lines are line protocol as the sink writes it here, without a character that would have to be escaped.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { Holdings } from './check.ts';
import type { Refused } from './partial.ts';
import { LEVELS, type Level, type Point, prefixOf, type Series, type What } from './readers/reader.ts';

export interface Letter {
  readonly line: string;
  readonly reason: string;
}

/** A comment says why the lines after it are there. */
export function lettersIn(file: string): Letter[] {
  const letters: Letter[] = [];
  for (const one of [`${file}.1`, file]) {
    let reason = '';
    for (const line of existsSync(one) ? readFileSync(one, 'utf8').split('\n') : []) {
      if (line.startsWith('#')) reason = line;
      else if (line !== '') letters.push({ line, reason });
    }
  }
  return letters;
}

/** What was put aside though the server had not refused it. Where it only counted, all that it may have been is there. */
export function wrongLetters(letters: readonly Letter[], refused: readonly Refused[]): string[] {
  const known = new Set(refused.map(({ line }) => line));
  const wrong = letters.filter(({ line, reason }) => reason.includes('unable to parse') && !known.has(line));
  return wrong.map(({ line }) => `influx: a dead letter that was never refused: ${line}`);
}

/** The store with what was refused and is among the dead letters. */
export function withLetters(holdings: Holdings, letters: readonly Letter[], refused: readonly Refused[]): Holdings {
  const put = new Set(letters.map(({ line }) => line));
  const points = refused.flatMap(({ line }) => (put.has(line) ? pointsOf(line) : []));
  const entries = LEVELS.map((level) => {
    const of = (what: What): Series[] => joined(holdings[level][what], points.filter(isOf(level, what)));
    return [level, { counter: of('counter'), gauge: of('gauge') }] as const;
  });
  return Object.fromEntries(entries) as unknown as Holdings;
}

/** The numbers of a line. */
export function samplesOf(line: string): number {
  return (parsed(line)?.fields ?? []).filter(([, value]) => !value.startsWith('"')).length;
}

interface Put {
  readonly level: Level;
  readonly what: What;
  readonly labels: Readonly<Record<string, string>>;
  readonly point: Point;
}

const isOf =
  (level: Level, what: What) =>
  (put: Put): boolean =>
    put.level === level && put.what === what;

const FIELDS: Readonly<Record<What, readonly [string, string]>> = {
  counter: ['cpu', 'usage_seconds_total'],
  gauge: ['memory', 'usage_bytes'],
};

function pointsOf(line: string): Put[] {
  const { measurement, labels, fields, timeMs } = parsed(line) ?? {};
  return LEVELS.flatMap((level) =>
    (['counter', 'gauge'] as const).flatMap((what): Put[] => {
      const [family, field] = FIELDS[what];
      const value = fields?.find(([name]) => name === field)?.[1];
      if (measurement !== `${prefixOf(level)}_${family}` || value === undefined) return [];
      return [{ level, what, labels: labels ?? {}, point: [timeMs ?? 0, Number.parseFloat(value)] }];
    }),
  );
}

function parsed(line: string) {
  const match = /^([^, ]+)((?:,[^ ]+)?) (.+) (\d+)$/.exec(line);
  if (match === null) return undefined;
  const [, measurement = '', tags = '', fields = '', time = ''] = match;
  const pairs = (text: string) => text.split(',').filter(Boolean).map(pair);
  return { measurement, labels: Object.fromEntries(pairs(tags)), fields: pairs(fields), timeMs: Number(time) };
}

function pair(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}

function joined(series: readonly Series[], puts: readonly Put[]): Series[] {
  const all = new Map(series.map((one) => [keyOf(one.labels), one]));
  for (const { labels, point } of puts) {
    const known = all.get(keyOf(labels)) ?? { labels, points: [] };
    if (known.points.some(([timeMs]) => timeMs === point[0])) continue;
    all.set(keyOf(labels), { ...known, points: [...known.points, point].sort(([a], [b]) => a - b) });
  }
  return [...all.values()];
}

/** InfluxQL answers a tag that a series has not got as an empty one. */
function keyOf(labels: Readonly<Record<string, string>>): string {
  const there = Object.entries(labels).filter(([, value]) => value !== '');
  return JSON.stringify(there.sort(([a], [b]) => (a < b ? -1 : 1)));
}
