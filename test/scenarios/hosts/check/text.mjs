/**
 * Plain text in, plain values out: kernel files cut at line ends and spaces, and the two formats of the goldens. Nothing here or beside
 * it is shared with the program, so that one mistake cannot be made on both sides.
 */
import { existsSync, readFileSync } from 'node:fs';

/** A file's text; undefined if there is none. */
export const textOf = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);

/** A file's lines as words; none if there is no file. */
export const wordsOf = (file) =>
  (textOf(file) ?? '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.trim().split(/\s+/));

/** The first word of a file as a number; undefined for `max` and for a missing file. */
export function numberOf(file) {
  const word = wordsOf(file)[0]?.[0];
  return word === undefined || word === 'max' ? undefined : Number(word);
}

/** `key value` lines as a map. */
export const keysOf = (file) => new Map(wordsOf(file).map(([key, value]) => [key, Number(value)]));

/** How many members `0-3,7` has; undefined for a missing file. */
export function listSize(file) {
  const text = textOf(file)?.trim();
  if (text === undefined) return undefined;
  const sizes = text.split(',').map((part) => part.split('-').map(Number));
  return sizes.reduce((sum, [from, to = from]) => sum + to - from + 1, 0);
}

/** A series' name: the metric and all its labels in order. */
export function seriesName(metric, labels) {
  const pairs = Object.entries(labels).filter(([, value]) => value !== '' && value !== undefined);
  return `${metric} ${JSON.stringify(pairs.sort(([a], [b]) => (a < b ? -1 : 1)))}`;
}

/** An exposition page as a map from series to value. */
export function readPage(file) {
  const found = new Map();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, metric, inside = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (metric === undefined) throw new Error(`${file}: ${line}`);
    const labels = {};
    for (const [, name, quoted] of inside.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      labels[name] = quoted.replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c));
    }
    found.set(seriesName(metric, labels), { metric, labels, value: Number(value) });
  }
  return found;
}

/** Lines of line protocol: measurement, tags, numeric fields, the string field `id`, time. */
export function readLines(file) {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [head, fields, time] = line.split(/(?<!\\) (?=[^"]*(?:"[^"]*"[^"]*)*$)/);
      const [measurement, ...tags] = head.split(/(?<!\\),/);
      const plain = (text) => text.replace(/\\([, =])/g, '$1');
      const pairsIn = (parts) => parts.map((part) => part.split(/(?<!\\)=/).map(plain));
      const all = new Map(pairsIn(fields.split(/,(?=\w+=)/)));
      const id = all.get('id')?.slice(1, -1);
      all.delete('id');
      return {
        measurement,
        tags: Object.fromEntries(pairsIn(tags)),
        id,
        fields: new Map([...all].map(([key, value]) => [key, Number(value)])),
        time: Number(time),
      };
    });
}

/** Equal but for the last digit of a double. */
export const isNear = (a, b) => a === b || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));
