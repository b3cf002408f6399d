/** What the API asks of PromQL itself, without data: reading selectors and queries, writing them, showing their tree. */
import type { Matcher } from '../query/source.ts';

export interface Language {
  /** The matchers of `name{label="value"}`. Throws a QueryError, as all here do, for what is none, or would take every series. */
  selector(text: string): readonly Matcher[];
  /** Throws for what is no query. */
  check(text: string): void;
  /** The query as Prometheus would write it. */
  format(text: string): string;
  /** The tree that `/api/v1/parse_query` shows, as JSON has it. */
  tree(text: string): unknown;
}
