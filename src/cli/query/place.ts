/** Where in a query something is wrong, shown: the line of the query with a mark below the place that the server names. */
import { plain, width } from '../top/view/text.ts';

/** `1:5: parse error`, as Prometheus and we say it. */
const PLACE = /(\d+):(\d+): parse error/;

/** The line and its mark; nothing if the words name no place in it. */
export function placeLines(query: string, words: string): string[] {
  const [all, row = '', column = ''] = PLACE.exec(words) ?? [];
  const line = all === undefined ? undefined : query.split('\n')[Number(row) - 1];
  if (line === undefined) return [];
  // Columns count bytes in Prometheus and characters with us; they differ only behind letters of several bytes.
  const before = plain(line.slice(0, Math.max(0, Number(column) - 1)));
  return [`  ${plain(line)}`, `  ${' '.repeat(width(before))}^`];
}
