import type { CheckedMoment } from './moment.mjs';

export interface ExpectedSeries {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** By the name that `seriesName` gives. */
export function expectedSeries(moment: CheckedMoment): Map<string, ExpectedSeries>;
