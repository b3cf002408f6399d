/** One sample: of a table in this process, or of a page. */
export interface ViewSample {
  readonly metric: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}
