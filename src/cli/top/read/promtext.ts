/** Reads the samples of a Prometheus text page; lines that are none are passed over. */
import type { ViewSample } from './sample.ts';

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?\s*$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;
const NAME_ENDS = /[{\s]/;
/** Texts of labels that are remembered: most lines of a container have the same ones, in every reading. */
const MAX_REMEMBERED = 20_000;

export function* parseSamples(text: string): Generator<ViewSample> {
  const parse = lineParser();
  for (const line of text.split('\n')) {
    const parsed = parse(line);
    if (parsed) yield parsed;
  }
}

/**
 * A function that parses one line; undefined for what is no sample, or one of a metric that is not wanted. Labels of one text are one object:
 * nobody may write to them.
 */
export function lineParser(wanted: (metric: string) => boolean = () => true): (line: string) => ViewSample | undefined {
  const remembered = new Map<string, ReadonlyMap<string, string>>();
  const labelsOf = (text: string): ReadonlyMap<string, string> => {
    const known = remembered.get(text);
    if (known) return known;
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    const labels = parseLabels(text);
    remembered.set(copied(text), labels);
    return labels;
  };
  return (line) => {
    if (line === '' || line.startsWith('#') || !wanted(line.slice(0, nameEnd(line)))) return undefined;
    const match = LINE.exec(line);
    if (!match) return undefined;
    return { metric: match[1] as string, labels: labelsOf(match[2] ?? ''), value: Number(match[3]) };
  };
}

function nameEnd(line: string): number {
  const end = line.search(NAME_ENDS);
  return end < 0 ? line.length : end;
}

function parseLabels(text: string): Map<string, string> {
  const labels = new Map<string, string>();
  for (const [, name, value] of text.matchAll(LABEL)) labels.set(name as string, unescaped(copied(value as string)));
  return labels;
}

/** A part of a long text keeps all of that text in memory: what is kept of a page must be no part of it. */
export function copied(text: string): string {
  return Buffer.from(text).toString();
}

function unescaped(value: string): string {
  return value.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c));
}
