/**
 * A strict reader of the line protocol in both ways that servers read it, written from their documents and not from our encoder.
 * They differ in backslashes: `pairs` (InfluxDB 3, VictoriaMetrics) reads `\\` as one backslash, `single` (InfluxDB 1 and 2) as two.
 */

export type Dialect = 'single' | 'pairs';

export interface ParsedLine {
  readonly measurement: string;
  readonly tags: readonly (readonly [string, string])[];
  readonly fields: readonly (readonly [string, number | string])[];
  readonly time: number;
}

/** Reads one line without its newline; throws on what a server would refuse. */
export function parseLine(line: string, dialect: Dialect): ParsedLine {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (/[\u0000-\u001f\u007f]/.test(line)) throw new Error(`a control character: ${JSON.stringify(line)}`);
  if (line.startsWith('#') || line === '') throw new Error(`no line at all: ${line}`);
  const keyEnd = find(line, { from: 0, stop: ' ', dialect });
  const [measurement = '', ...tags] = pieces(line.slice(0, keyEnd), dialect);
  if (measurement === '') throw new Error(`no measurement: ${line}`);
  const { fields, end } = fieldsFrom(line, keyEnd + 1, dialect);
  const time = line.slice(end + 1);
  if (!/^-?\d+$/.test(time)) throw new Error(`not a time: ${JSON.stringify(time)} in ${line}`);
  const parsed = {
    measurement: unescaped(measurement, ', ', dialect),
    tags: tags.map((tag) => tagOf(tag, dialect)),
    fields,
    time: Number(time),
  };
  const names = [...parsed.tags, ...parsed.fields].map(([name]) => name);
  if (new Set(names).size !== names.length) throw new Error(`a name twice: ${line}`);
  return parsed;
}

function pieces(key: string, dialect: Dialect): string[] {
  const found: string[] = [];
  for (let from = 0; from <= key.length; ) {
    const end = find(key, { from, stop: ',', dialect });
    found.push(key.slice(from, end));
    from = end + 1;
  }
  return found;
}

function tagOf(tag: string, dialect: Dialect): readonly [string, string] {
  const at = find(tag, { from: 0, stop: '=', dialect });
  const value = tag.slice(at + 1);
  if (at < 1 || value === '' || find(value, { from: 0, stop: '=', dialect }) < value.length) {
    throw new Error(`not a tag: ${tag}`);
  }
  return [unescaped(tag.slice(0, at), ',= ', dialect), unescaped(value, ',= ', dialect)];
}

function fieldsFrom(
  line: string,
  start: number,
  dialect: Dialect,
): { fields: [string, number | string][]; end: number } {
  const fields: [string, number | string][] = [];
  for (let from = start; ; ) {
    const equals = find(line, { from, stop: '=', dialect });
    const name = unescaped(line.slice(from, equals), ',= ', dialect);
    const rest = line.slice(equals + 1);
    const match = /^(?:(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)|"((?:[^"\\]|\\["\\])*)")(?=[ ,])/.exec(rest);
    if (!match || name === '') throw new Error(`not a field at ${from}: ${line}`);
    const [whole, number, string = ''] = match;
    fields.push([name, number === undefined ? string.replace(/\\(["\\])/g, '$1') : Number(number)]);
    const end = equals + 1 + whole.length;
    if (line[end] === ' ') return { fields, end };
    from = end + 1;
  }
}

/** The first character `stop` that is not escaped, or the text's end. */
function find(text: string, { from, stop, dialect }: { from: number; stop: string; dialect: Dialect }): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] !== stop) continue;
    let backslashes = 0;
    while (at - backslashes > from && text[at - 1 - backslashes] === '\\') backslashes++;
    if (dialect === 'single' ? backslashes === 0 : backslashes % 2 === 0) return at;
  }
  return text.length;
}

function unescaped(text: string, special: string, dialect: Dialect): string {
  const known = dialect === 'pairs' ? `${special}\\` : special;
  return text.replace(/\\(.)/gu, (whole, c: string) => (known.includes(c) ? c : whole));
}
