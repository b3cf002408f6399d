/** Where our page and the kubelet's differ, and why: what is missing in ours, or has another value there. */
type Labels = ReadonlyMap<string, string>;

export interface Difference {
  readonly found: 'missing' | 'other';
  readonly metric: RegExp;
  when(labels: Labels): boolean;
  readonly why: string;
}

export const DIFFERENCES: readonly Difference[] = [];
