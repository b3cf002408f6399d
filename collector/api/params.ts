/** The parameters of a question: those of a form come before those of the address, as in Prometheus. What is wrong with one throws a QueryError. */
import type { Matcher } from '../query/source.ts';
import { QueryError } from '../query/query.ts';
import type { Language } from './language.ts';
import { durationOf, FIRST_MS, LAST_MS, timeOf } from './times.ts';

export interface Params {
  /** The first one, or the empty text. */
  get(name: string): string;
  all(name: string): readonly string[];
}

/** A selector more is refused: each is looked up on its own. */
const MAX_SELECTORS = 1000;
/** More than any dashboard has with a thousand containers spelled out. */
const MAX_QUERY_CHARS = 256 * 1024;

/** `query`: what stands behind the question mark; `form`: a body, if there was one. */
export function paramsOf(query: string, form = ''): Params {
  const lists = [new URLSearchParams(form), new URLSearchParams(query)];
  const all = (name: string): string[] => lists.flatMap((list) => list.getAll(name));
  return { all, get: (name) => all(name)[0] ?? '' };
}

/** Names the parameter in what is thrown. */
export function named<T>(name: string, read: () => T): T {
  return prefixed(`invalid parameter "${name}": `, read);
}

/** Puts words before what is thrown. */
export function prefixed<T>(words: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof QueryError ? withWords(words, error) : error;
  }
}

export function inParameter(name: string, error: QueryError): QueryError {
  return withWords(`invalid parameter "${name}": `, error);
}

function withWords(words: string, { type, message, place }: QueryError): QueryError {
  return new QueryError(type, words + message, place);
}

/** A time that may be left out. */
export function timeParam(params: Params, name: string, fallbackMs: number): number {
  const text = params.get(name);
  if (text === '') return fallbackMs;
  return named(name, () => prefixed(`Invalid time value for '${name}': `, () => timeOf(text)));
}

/** `start` and `end`: everything where they are left out. */
export function spanParams(params: Params): { readonly fromMs: number; readonly toMs: number } {
  return { fromMs: timeParam(params, 'start', FIRST_MS), toMs: timeParam(params, 'end', LAST_MS) };
}

/** Undefined if it is left out. */
export function durationParam(params: Params, name: string): number | undefined {
  const text = params.get(name);
  return text === '' ? undefined : named(name, () => durationOf(text));
}

/** How many at most; 0: all. */
export function limitParam(params: Params): number {
  const text = params.get('limit');
  if (text === '') return 0;
  return named('limit', () => {
    if (!/^[+-]?\d{1,15}$/.test(text))
      throw new QueryError('bad_data', `cannot parse ${JSON.stringify(text)} to a valid limit`);
    const limit = Number(text);
    if (limit < 0) throw new QueryError('bad_data', 'limit must be non-negative');
    return limit;
  });
}

export function queryParam(params: Params): string {
  const query = params.get('query');
  if (query.length <= MAX_QUERY_CHARS) return query;
  throw new QueryError(
    'bad_data',
    `invalid parameter "query": it has ${query.length} characters; at most ${MAX_QUERY_CHARS} are read`,
  );
}

/** All `match[]`. */
export function matchersParam(params: Params, language: Language): (readonly Matcher[])[] {
  const texts = params.all('match[]');
  return named('match[]', () => {
    if (texts.length > MAX_SELECTORS)
      throw new QueryError(
        'bad_data',
        `there are ${texts.length} selectors; at most ${MAX_SELECTORS} are taken: join them with a regular expression`,
      );
    if (texts.some((text) => text.length > MAX_QUERY_CHARS))
      throw new QueryError('bad_data', `a selector has more than ${MAX_QUERY_CHARS} characters`);
    return texts.map((text) => language.selector(text));
  });
}
