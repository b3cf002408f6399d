/**
 * What an InfluxQL statement asks for: measurements, columns, conditions on tags, tags to group by. Not a whole grammar: the statements that
 * dashboards hold, sub-queries included. What is not understood is left out, so that nothing wrong is said of it.
 */

export interface Condition {
  readonly key: string;
  readonly value: string;
}

export interface InfluxAsked {
  /** Names, or patterns where they begin with a slash; empty for all. */
  readonly measurements: readonly string[];
  /** Fields, or tags that are selected like fields. */
  readonly columns: readonly string[];
  readonly conditions: readonly Condition[];
  /** Tags to group by, or whose values are asked for. */
  readonly tags: readonly string[];
}

interface Token {
  readonly kind: 'word' | 'name' | 'text' | 'regex' | 'other';
  readonly text: string;
}

const TOKEN =
  /\s+|--[^\n]*|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([A-Za-z_][\w$]*)|(\d[\w.]*)|(=~|!~|!=|<>|<=|>=|::|[-+*/%(),.;=<>$|&^])/y;

/** Throws an Error that says what it is not. */
export function readInfluxql(text: string): InfluxAsked[] {
  const tokens = tokensOf(text);
  const first = tokens[0]?.text.toLowerCase();
  if (first !== 'select' && first !== 'show')
    throw new Error('it is no InfluxQL: it begins with neither SELECT nor SHOW');
  const asked: InfluxAsked[] = [];
  let at = 0;
  for (let i = 0; i <= tokens.length; i++) {
    if (i < tokens.length && tokens[i]?.text !== ';') continue;
    asked.push(...statement(tokens.slice(at, i)));
    at = i + 1;
  }
  return asked;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const last = tokens.at(-1)?.text.toLowerCase() ?? '';
    const regex = text[at] === '/' && /^(=~|!~|from|,|by)$/.test(last) ? regexAt(text, at) : undefined;
    if (regex !== undefined) {
      tokens.push({ kind: 'regex', text: regex });
      TOKEN.lastIndex = at + regex.length;
      continue;
    }
    const match = TOKEN.exec(text);
    if (!match)
      throw new Error(`it is no InfluxQL at character ${at + 1}, before ${JSON.stringify(text.slice(at, at + 30))}`);
    const [, name, string, word, number, other] = match;
    if (name !== undefined) tokens.push({ kind: 'name', text: name.replace(/\\(.)/g, '$1') });
    else if (string !== undefined) tokens.push({ kind: 'text', text: string });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else if (number !== undefined || other !== undefined) tokens.push({ kind: 'other', text: match[0] });
  }
  return tokens;
}

function regexAt(text: string, at: number): string | undefined {
  return /^\/(?:[^/\\\n]|\\.)+\//.exec(text.slice(at))?.[0];
}

const is = (token: Token | undefined, ...words: string[]): boolean =>
  token?.kind === 'word' && words.includes(token.text.toLowerCase());

/** The parts of a statement: what follows each of its words, up to the next, brackets kept together. */
function parts(tokens: readonly Token[]): Map<string, Token[]> {
  const found = new Map<string, Token[]>();
  let current: Token[] = [];
  let depth = 0;
  for (const token of tokens) {
    if (token.text === '(' && token.kind === 'other') depth++;
    if (token.text === ')' && token.kind === 'other') depth--;
    const begins =
      depth === 0 && is(token, 'select', 'show', 'from', 'with', 'where', 'group', 'order', 'limit', 'fill', 'slimit');
    if (begins) {
      current = [];
      found.set(token.text.toLowerCase(), current);
    } else current.push(token);
  }
  return found;
}

function statement(tokens: readonly Token[]): InfluxAsked[] {
  const part = parts(tokens);
  const from = part.get('from') ?? [];
  const conditions = conditionsIn(part.get('where') ?? []);
  const tags = part.has('show') ? keysIn(part.get('with') ?? []) : groupedBy(part.get('group') ?? []);
  const inner = subqueries(from);
  // Its columns are what the inner queries call theirs.
  if (inner.length > 0)
    return inner.map((each) => ({
      ...each,
      conditions: [...each.conditions, ...conditions],
      tags: [...each.tags, ...tags],
    }));
  const columns = part.has('select') ? columnsIn(part.get('select') ?? []) : [];
  return [{ measurements: measurementsIn(from), columns, conditions, tags }];
}

function subqueries(from: readonly Token[]): InfluxAsked[] {
  const found: InfluxAsked[] = [];
  let depth = 0;
  let begin = 0;
  for (const [i, { kind, text }] of from.entries()) {
    if (kind !== 'other') continue;
    if (text === '(' && depth++ === 0) begin = i + 1;
    if (text === ')' && --depth === 0) found.push(...statement(from.slice(begin, i)));
  }
  return found;
}

/** `"db"."policy"."measurement"`: the last word before a comma. */
function measurementsIn(from: readonly Token[]): string[] {
  return from.flatMap((token, i) => {
    const next = from[i + 1];
    const last = next === undefined || next.text === ',';
    return last && token.kind !== 'other' && token.kind !== 'text' ? [token.text] : [];
  });
}

function columnsIn(select: readonly Token[]): string[] {
  return select.flatMap((token, i) => {
    const called = select[i + 1]?.text === '(';
    const alias = is(select[i - 1], 'as');
    const cast = select[i - 1]?.text === '::';
    const own = token.kind === 'name' || (token.kind === 'word' && !called && !is(token, 'as', 'time', 'distinct'));
    return own && !alias && !cast ? [token.text] : [];
  });
}

function conditionsIn(where: readonly Token[]): Condition[] {
  return where.flatMap(({ kind, text }, i) => {
    const [op, value] = [where[i + 1], where[i + 2]];
    const isKey = kind === 'name' || (kind === 'word' && !/^(and|or|time)$/i.test(text));
    const compares = op?.kind === 'other' && /^(=~|!~|=|!=|<>)$/.test(op.text);
    return isKey && compares && value ? [{ key: text, value: value.text }] : [];
  });
}

/** `by time($__interval), "host", fill(null)`: the names that are not called. */
function groupedBy(group: readonly Token[]): string[] {
  let depth = 0;
  return group.flatMap((token, i) => {
    if (token.text === '(' && token.kind === 'other') depth++;
    if (token.text === ')' && token.kind === 'other') depth--;
    const called = group[i + 1]?.text === '(';
    const own = token.kind === 'name' || (token.kind === 'word' && !called && !is(token, 'by'));
    return own && depth === 0 && group[i - 1]?.text !== '::' ? [token.text] : [];
  });
}

/** `KEY = "host"` and `KEY IN ("a", "b")`. */
function keysIn(rest: readonly Token[]): string[] {
  if (!is(rest[0], 'key')) return [];
  return rest
    .slice(1)
    .flatMap(({ kind, text }) => (kind === 'name' || (kind === 'word' && !/^in$/i.test(text)) ? [text] : []));
}
