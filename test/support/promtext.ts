/**
 * A strict reader of both exposition formats, written from their specifications and not from our writer: throws on whatever a
 * careful scraper would refuse (a family in two places, metadata after samples, a series twice, a missing end).
 */

export interface ParsedSample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
  /** As written. */
  readonly time: string | undefined;
}

export interface ParsedFamily {
  readonly name: string;
  type: string;
  help: string | undefined;
  unit: string | undefined;
  readonly samples: ParsedSample[];
}

const SUFFIXES: ReadonlyMap<string, readonly string[]> = new Map([
  ['text counter', ['']],
  ['openmetrics counter', ['_total', '_created']],
  ['text histogram', ['_bucket', '_sum', '_count']],
  ['openmetrics histogram', ['_bucket', '_sum', '_count', '_created']],
  ['text summary', ['', '_sum', '_count']],
  ['openmetrics summary', ['', '_sum', '_count', '_created']],
]);

/** Families by name, in their order. */
export function parsePromText(text: string, format: 'text' | 'openmetrics'): Map<string, ParsedFamily> {
  const families = new Map<string, ParsedFamily>();
  const series = new Set<string>();
  let current: ParsedFamily | undefined;
  for (const line of linesOf(text, format)) {
    if (line.startsWith('# ')) {
      current = metadata(line, { families, current, format });
      continue;
    }
    const sample = parseSample(line);
    if (!current || !belongs(sample.name, current, format)) throw new Error(`sample outside of its family: ${line}`);
    const key = JSON.stringify([sample.name, [...sample.labels].sort()]);
    if (series.has(key)) throw new Error(`series twice: ${line}`);
    series.add(key);
    current.samples.push(sample);
  }
  return families;
}

function linesOf(text: string, format: string): string[] {
  if (text === '') return [];
  if (!text.endsWith('\n')) throw new Error('the last line is not ended');
  const lines = text.slice(0, -1).split('\n');
  if (format === 'text') return lines.filter((line) => line !== '');
  if (lines.pop() !== '# EOF') throw new Error('does not end with # EOF');
  if (lines.includes('')) throw new Error('an empty line');
  return lines;
}

interface State {
  readonly families: Map<string, ParsedFamily>;
  readonly current: ParsedFamily | undefined;
  readonly format: 'text' | 'openmetrics';
}

function metadata(line: string, { families, current, format }: State): ParsedFamily {
  const match = /^# (HELP|TYPE|UNIT) ([a-zA-Z_:][a-zA-Z0-9_:]*)(?: (.*))?$/.exec(line);
  if (!match) throw new Error(`not a line of metadata: ${line}`);
  const [, keyword, name = '', rest = ''] = match;
  let family = current;
  if (family?.name !== name) {
    if (families.has(name)) throw new Error(`family in two places: ${name}`);
    family = { name, type: 'untyped', help: undefined, unit: undefined, samples: [] };
    families.set(name, family);
  }
  if (family.samples.length > 0) throw new Error(`metadata after samples: ${line}`);
  if (keyword === 'TYPE') family.type = rest;
  else if (keyword === 'UNIT') family.unit = rest;
  else family.help = unescapeText(rest, format === 'text' ? '\\n' : '\\n"');
  if (family.unit !== undefined && !name.endsWith(`_${family.unit}`)) throw new Error(`unit is no suffix: ${line}`);
  return family;
}

function belongs(name: string, family: ParsedFamily, format: string): boolean {
  const suffixes = SUFFIXES.get(`${format} ${family.type}`) ?? [''];
  return suffixes.some((suffix) => name === family.name + suffix);
}

function parseSample(line: string): ParsedSample {
  const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0];
  if (name === undefined) throw new Error(`no name: ${line}`);
  const labels = new Map<string, string>();
  let at = name.length;
  if (line[at] === '{') {
    at++;
    while (line[at] !== '}') {
      if (labels.size > 0) {
        if (line[at] !== ',') throw new Error(`no comma between labels: ${line}`);
        at++;
      }
      const match = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\n"])*)"/.exec(line.slice(at));
      if (!match) throw new Error(`not a label at ${at}: ${line}`);
      if (labels.has(match[1] as string)) throw new Error(`label twice: ${line}`);
      labels.set(match[1] as string, unescapeText(match[2] as string, '\\n"'));
      at += match[0].length;
    }
    at++;
  }
  const match = /^ (\S+)(?: (\S+))?$/.exec(line.slice(at));
  if (!match) throw new Error(`no number: ${line}`);
  return { name, labels, value: numberOf(match[1] as string), time: match[2] };
}

function numberOf(text: string): number {
  const value = Number(text.replace(/^([+-])Inf$/, '$1Infinity'));
  if (Number.isNaN(value) && text !== 'NaN') throw new Error(`not a number: ${text}`);
  return value;
}

function unescapeText(text: string, legal: string): string {
  return text.replace(/\\(.?)/g, (_, c: string) => {
    if (c === '' || !legal.includes(c)) throw new Error(`not an escape: \\${c} in ${text}`);
    return c === 'n' ? '\n' : c;
  });
}
