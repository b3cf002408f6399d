/** The outputs that the catalogue may name. Adding one is a file and a row here. */
import type { GroupOutput } from '../../../src/model/family.ts';
import { avg } from './avg.ts';
import { count } from './count.ts';
import { max } from './max.ts';
import { maxRatio } from './maxratio.ts';
import type { Output } from './output.ts';
import { sum } from './sum.ts';
import { total } from './total.ts';

export const OUTPUTS: Readonly<Record<GroupOutput, Output>> = {
  total,
  max_ratio: maxRatio,
  sum,
  avg,
  max,
  count,
};
