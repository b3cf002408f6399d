/** Queries about the pipeline's own metrics, of the chosen programs. */
import { maxBy, rate, sumBy } from '../query.ts';

export const OURS = 'job=~"$job", instance=~"$instance"';
export const total = (by: string, metric: string): string => sumBy(by, rate(`plimsoll_${metric}`, OURS));
export const gauge = (by: string, metric: string): string => maxBy(by, `plimsoll_${metric}{${OURS}}`);
export const since = (by: string, metric: string): string => `time() - max by (${by}) (plimsoll_${metric}{${OURS}})`;
export const lost = (metric: string): string => `round(sum(increase(plimsoll_${metric}{${OURS}}[$__range])))`;
