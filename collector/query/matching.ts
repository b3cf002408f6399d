/**
 * Matchers as PromQL means them: a missing label is the empty text, regular expressions are RE2's and match from end to end. Comes in as text, goes out as a
 * test. Most are plain texts or alternations of them, and are looked up; simple ones are JavaScript's; all others, and all that could take long there,
 * are left to `pattern.ts`, which takes time in proportion to the text, whatever the expression.
 */
import { compilePattern, type Pattern } from './pattern.ts';
import { QueryError } from './query.ts';
import type { Matcher } from './source.ts';

export interface CompiledMatcher {
  readonly name: string;
  /** Whether a series without the label matches. */
  readonly matchesEmpty: boolean;
  /** The only texts that match, where there are few; else undefined. */
  readonly texts: ReadonlySet<string> | undefined;
  test(value: string): boolean;
}

/** Throws a QueryError for what is no regular expression. */
export function compileMatcher({ name, op, value }: Matcher): CompiledMatcher {
  const negated = op === '!=' || op === '!~';
  const { texts, test } = op === '=' || op === '!=' ? textIs(new Set([value])) : fullRegex(value);
  const tests = negated ? (text: string) => !test(text) : test;
  return { name, matchesEmpty: tests(''), texts: negated ? undefined : texts, test: tests };
}

interface Texts {
  readonly texts: ReadonlySet<string> | undefined;
  readonly test: (text: string) => boolean;
}

function textIs(texts: ReadonlySet<string>): Texts {
  return { texts, test: (text) => texts.has(text) };
}

/** Expressions of dashboards come back with every refresh. */
const compiled = new Map<string, Texts>();
const KEPT = 200;

function fullRegex(pattern: string): Texts {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const made = makeRegex(pattern);
  if (compiled.size >= KEPT) compiled.clear();
  compiled.set(pattern, made);
  return made;
}

/** What is none for RE2 is none, whatever JavaScript would make of it. */
function makeRegex(value: string): Texts {
  const pattern = patternOf(value);
  const simple = readSimple(value);
  const texts = simple?.texts ?? pattern.texts;
  if (texts !== undefined) return textIs(new Set(texts));
  if (simple === undefined) return { texts: undefined, test: pattern.test };
  const regex = new RegExp(`^(?:${simple.source})$`, 'su');
  return { texts: undefined, test: (text) => regex.test(text) };
}

function patternOf(value: string): Pattern {
  try {
    return compilePattern(value);
  } catch (error) {
    const told = new QueryError('bad_data', `"${value}" is no regular expression (RE2): ${(error as Error).message}`);
    throw Object.assign(told, { cause: error });
  }
}

interface Simple {
  /** For JavaScript. */
  readonly source: string;
  /** If there is nothing but texts. */
  readonly texts: readonly string[] | undefined;
}

/** More of `.*` and the like could take long to try. */
const MOST_LOOPS = 2;
const LITERAL = /^[\p{L}\p{N}_ \-:/@,;=<>!#%&'"`~]$/u;
const ESCAPED_LITERAL = /^[!-/:-@[-`{-~]$/;
const CLASS = /^\[\^?[a-zA-Z0-9_ :/@.,]*(?:[a-z]-[a-z]|[A-Z]-[A-Z]|[0-9]-[0-9]|[a-zA-Z0-9_ :/@.,])+\]/;
const NEEDS_ESCAPE = /[\^$\\.*+?()[\]{}|/]/;

/** The expression if it means the same in JavaScript and is quick there: texts, `.`, plain classes, `*`, `+` and `?` of one character, alternation. */
function readSimple(pattern: string): Simple | undefined {
  const whole = /^\((?:\?:)?([^()]*)\)$/.exec(pattern)?.[1] ?? pattern;
  const branches = whole.split('|');
  // A `|` behind a backslash or in a class is for those who read all of the syntax.
  if (/\\\||\[[^\]]*\|/.test(whole)) return undefined;
  const read = branches.map(readBranch);
  if (read.some((branch) => branch === undefined)) return undefined;
  const known = read as { source: string; text: string | undefined }[];
  const texts = known.map(({ text }) => text);
  return {
    source: known.map(({ source }) => source).join('|'),
    texts: texts.includes(undefined) ? undefined : (texts as string[]),
  };
}

function readBranch(branch: string): { source: string; text: string | undefined } | undefined {
  let source = '';
  let text: string | undefined = '';
  let loops = 0;
  for (let rest = branch; rest !== ''; ) {
    const atom = readAtom(rest);
    if (atom === undefined) return undefined;
    rest = rest.slice(atom.length);
    source += atom.source;
    const loop = /^[*+?]/.exec(rest)?.[0] ?? '';
    if (loop !== '' && /^[*+?{]/.test(rest.slice(1))) return undefined;
    if (loop !== '' && loop !== '?' && ++loops > MOST_LOOPS) return undefined;
    rest = rest.slice(loop.length);
    source += loop;
    text = text === undefined || atom.text === undefined || loop !== '' ? undefined : text + atom.text;
  }
  return { source, text };
}

interface Atom {
  readonly length: number;
  readonly source: string;
  readonly text: string | undefined;
}

function readAtom(rest: string): Atom | undefined {
  const first = String.fromCodePoint(rest.codePointAt(0) as number);
  if (first === '.') return { length: 1, source: '.', text: undefined };
  if (LITERAL.test(first)) return { length: first.length, source: escaped(first), text: first };
  if (first === '[') {
    const found = CLASS.exec(rest)?.[0];
    return found === undefined ? undefined : { length: found.length, source: found, text: undefined };
  }
  const next = rest[1];
  if (first !== '\\' || next === undefined) return undefined;
  if (next === 'd' || next === 'w') return { length: 2, source: `\\${next}`, text: undefined };
  return ESCAPED_LITERAL.test(next) ? { length: 2, source: escaped(next), text: next } : undefined;
}

function escaped(character: string): string {
  return NEEDS_ESCAPE.test(character) ? `\\${character}` : character;
}
