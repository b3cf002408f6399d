/**
 * The configuration file, from bytes to keys and values. Whatever it holds, this comes to an end soon and says what is wrong by line and
 * column, in words of its own: the library's quote the line, and a token may be on it.
 */
import { isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { ConfigError } from '../errors.ts';
import { readBounded, textOf } from './bounded.ts';

export type Raw = Record<string, unknown>;

/** Throws a ConfigError that names the file. */
export function readYaml(file: string): Raw {
  try {
    return parseYaml(textOf(readBounded(file).bytes), file);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`cannot read the configuration file ${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** `example` is a key that belongs into such a file. */
export function parseYaml(source: string, file: string, example = 'agent:'): Raw {
  const tangle = tangleOf(source);
  if (tangle !== undefined) throw new ConfigError(`${file} ${tangle}`);
  const lines = new LineCounter();
  const document = parseDocument(source, {
    prettyErrors: false,
    logLevel: 'error',
    uniqueKeys: false,
    lineCounter: lines,
  });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `line ${line}, column ${col}`;
  };
  const [first] = document.errors;
  if (first) throw new ConfigError(`${file} is not YAML at ${place(first.pos[0])}: ${wordsFor(first.code)}`);
  const twice = keyTwice(document);
  if (twice !== undefined)
    throw new ConfigError(`${file} has the same key twice, the second at ${place(twice)}; keep one`);
  return mapIn(() => document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown, { file, example });
}

const MAX_ALIASES = 100;

function mapIn(read: () => unknown, { file, example }: { file: string; example: string }): Raw {
  let value: unknown;
  try {
    value = read() ?? {};
  } catch (cause) {
    const why = `its anchors and aliases (&, *) cannot be resolved, or make more than ${MAX_ALIASES} copies; write it out`;
    throw new ConfigError(`${file} is not usable: ${why}`, { cause });
  }
  if (typeof value === 'object' && !Array.isArray(value)) return value as Raw;
  const what = Array.isArray(value) ? 'a list' : 'a single value; a space belongs after the colon of "key: value"';
  throw new ConfigError(`${file} must hold keys and values, such as "${example}"; it holds ${what}`);
}

const MAX_DEPTH = 100;
const MAX_INDENT = 400;
const MAX_ANCHORS = 1000;

/** What would take the library minutes, or the whole process with it. Looked for in the bare text, so it may count a bracket of a text too many. */
function tangleOf(source: string): string | undefined {
  let depth = 0;
  for (const line of source.split('\n')) {
    const [lead = ''] = /^(\s|[-?:](?=\s))*/.exec(line) ?? [];
    if (lead.length > MAX_INDENT)
      return `has a line that is indented by more than ${MAX_INDENT}; nothing here goes so deep`;
    for (const character of line) {
      if (character === '[' || character === '{') depth++;
      if ((character === ']' || character === '}') && depth > 0) depth--;
      if (depth > MAX_DEPTH) return `has brackets in brackets, more than ${MAX_DEPTH} deep; nothing here goes so deep`;
    }
  }
  const anchors = source.match(/(?<=^|[\s,[{])&/gm)?.length ?? 0;
  return anchors > MAX_ANCHORS ? `has more than ${MAX_ANCHORS} anchors (&)` : undefined;
}

/** Where a map has a key for the second time. The library's own search takes a minute for a large file. */
function keyTwice(document: ReturnType<typeof parseDocument>): number | undefined {
  let found: number | undefined;
  visit(document, {
    Map(_, node) {
      const seen = new Set<unknown>();
      for (const { key } of isMap(node) ? node.items : []) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) found ??= key.range?.[0] ?? 0;
        seen.add(key.value);
      }
      return found === undefined ? undefined : visit.BREAK;
    },
  });
  return found;
}

const WORDS = new Map<string, string>([
  ['BAD_ALIAS', 'a value that begins with * is an alias; put it in quotes'],
  ['BAD_DIRECTIVE', 'a line that begins with % is a directive; put it in quotes'],
  ['BAD_DQ_ESCAPE', 'a backslash in "…" begins an escape; write \\\\ or use \'…\''],
  ['BAD_INDENT', 'the indentation fits nothing above'],
  ['BAD_SCALAR_START', 'a value cannot begin with this character; put it in quotes'],
  ['BLOCK_AS_IMPLICIT_KEY', '": " occurs twice in a line; put the value in quotes'],
  ['BLOCK_IN_FLOW', 'lines of "key:" cannot be within { } or [ ]'],
  ['KEY_OVER_1024_CHARS', 'a key is too long'],
  ['MISSING_CHAR', 'a quote, bracket, comma or colon is missing'],
  ['MULTILINE_IMPLICIT_KEY', 'a key goes over several lines; a space may be missing after a colon'],
  ['MULTIPLE_DOCS', 'there is a second document (---); keep one'],
  ['RESOURCE_EXHAUSTION', 'brackets in brackets, too deep'],
  ['TAB_AS_INDENT', 'a tab cannot indent; use spaces'],
  ['TAG_RESOLVE_FAILED', 'a value that begins with ! is a tag; put it in quotes'],
  ['UNEXPECTED_TOKEN', 'something stands where nothing can'],
]);

function wordsFor(code: string): string {
  return WORDS.get(code) ?? code.toLowerCase().replaceAll('_', ' ');
}
