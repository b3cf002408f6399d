/** What the API says of a question without asking it: written anew, or as a tree. Both throw a QueryError where it cannot be read. */
import type { Json } from './parse/json.ts';
import { toJson } from './parse/json.ts';
import { parseQuery } from './parse/parse.ts';
import { printPretty } from './parse/print.ts';

export function formatQuery(query: string): string {
  return printPretty(parseQuery(query));
}

export function queryTree(query: string): Json {
  return toJson(parseQuery(query));
}
