/**
 * Regular expressions as PromQL has them: RE2's syntax, anchored at both ends, `.` matches a line's end too, and in time linear to the text, whatever the
 * pattern. What most people write (alternatives of plain texts, with `.*` or `.+` at an end) is answered without the automaton.
 */
import { RE2JS } from 're2js';

export interface Pattern {
  test(text: string): boolean;
  /** What the groups matched, 0 being all of it; undefined if the text does not match. */
  groups(text: string): (string | undefined)[] | undefined;
  readonly names: ReadonlyMap<string, number>;
  /** The only texts that match, if there are few and plain ones: an index can look them up. */
  readonly texts: readonly string[] | undefined;
}

const LONGEST = 10_000;
/** Compiled ones, oldest out first. */
const KEPT = 200;
const kept = new Map<string, Pattern>();

/** Throws an Error with the reason. */
export function compilePattern(source: string): Pattern {
  const known = kept.get(source);
  if (known) return known;
  const made = compiled(source);
  if (kept.size >= KEPT) kept.delete(kept.keys().next().value as string);
  kept.set(source, made);
  return made;
}

function compiled(source: string): Pattern {
  // A dashboard spells out hundreds of names: texts alone may be as long as a query.
  const texts = plainTexts(source);
  if (texts !== undefined) return textsPattern(source, texts);
  if (source.length > LONGEST)
    throw new Error(
      `regular expression of ${source.length} characters, at most ${LONGEST} are allowed unless it is plain texts with | between`,
    );
  const re = automaton(source);
  return {
    test: quickTest(source) ?? remembering((text) => re.matches(text)),
    groups: (text) => groupsOf(re, text),
    names: new Map(Object.entries(re.namedGroups() as Record<string, number>)),
    texts,
  };
}

function automaton(source: string): RE2JS {
  try {
    return RE2JS.compile(`^(?s:${source})$`);
  } catch (error) {
    throw new Error(`error parsing regexp: ${(error as Error).message.replace(/^error parsing regexp: /, '')}`, {
      cause: error,
    });
  }
}

function textsPattern(source: string, texts: readonly string[]): Pattern {
  const set = new Set(texts);
  /** As in `(a|b)`: all of it once more. */
  const hasGroup = /^\((?!\?:)/.test(source);
  return {
    test: (text) => set.has(text),
    groups: (text) => (set.has(text) ? (hasGroup ? [text, text] : [text]) : undefined),
    names: new Map(),
    texts,
  };
}

function groupsOf(re: RE2JS, text: string): (string | undefined)[] | undefined {
  const matcher = re.matcher(text);
  if (!matcher.matches()) return undefined;
  return Array.from({ length: matcher.groupCount() + 1 }, (_, i) => matcher.group(i) ?? undefined);
}

const PLAIN = /^[^\\.+*?()|[\]{}^$]*$/;

/** What is special in an expression, behind a backslash or not there. */
const PLAIN_TEXT = /^(?:[^\\.+*?()|[\]{}^$]|\\[!-/:-@[-^`{-~])*$/;
const MOST_TEXTS = 10_000;

/** `a|b|c\.d` without anything special; parentheses around all of it may be there. */
function plainTexts(source: string): string[] | undefined {
  const inner = /^\((?:\?:)?([^()]*)\)$/.exec(source)?.[1] ?? source;
  const parts = inner.split('|');
  if (parts.length > MOST_TEXTS || !parts.every((part) => PLAIN_TEXT.test(part))) return undefined;
  return [...new Set(parts.map((part) => part.replace(/\\(.)/g, '$1')))];
}

/** A plain text with `.*` or `.+` before it, behind it or both. */
function quickTest(source: string): ((text: string) => boolean) | undefined {
  const found = /^(\.[*+])?(.*?)(\.[*+])?$/s.exec(source) as RegExpExecArray;
  const [, before, middle, after] = found as unknown as [string, string | undefined, string, string | undefined];
  if (!PLAIN.test(middle) || (!before && !after)) return undefined;
  const least = (one: string | undefined): number => (one === '.+' ? 1 : 0);
  const length = middle.length + least(before) + least(after);
  if (!before) return (text) => text.length >= length && text.startsWith(middle);
  if (!after) return (text) => text.length >= length && text.endsWith(middle);
  return (text) => {
    const at = text.indexOf(middle, least(before));
    return at >= 0 && text.length >= at + middle.length + least(after);
  };
}

/** Label values come again and again. */
function remembering(test: (text: string) => boolean): (text: string) => boolean {
  const seen = new Map<string, boolean>();
  return (text) => {
    const known = seen.get(text);
    if (known !== undefined) return known;
    if (seen.size >= 10_000) seen.clear();
    const answer = test(text);
    seen.set(text, answer);
    return answer;
  };
}
