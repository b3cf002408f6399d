/** The outputs that the configuration may name. Adding one is a file and a row here. */
import { avg } from './avg.ts';
import { max } from './max.ts';
import type { Output } from './output.ts';
import { sum } from './sum.ts';
import { total } from './total.ts';

export const OUTPUTS: readonly Output[] = [total, sum, avg, max];
