/** Reads the samples of a Prometheus text page; lines that are none are passed over. */
import type { ViewSample } from './view.ts';

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?\s*$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

export function* parseSamples(text: string): Generator<ViewSample> {
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const match = LINE.exec(line);
    if (!match) continue;
    const labels = new Map<string, string>();
    for (const [, name, value] of (match[2] ?? '').matchAll(LABEL))
      labels.set(name as string, unescaped(value as string));
    yield { metric: match[1] as string, labels, value: Number(match[3]) };
  }
}

function unescaped(value: string): string {
  return value.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c));
}
