/** Where a panel changes its colour: the one place for it. Shares of a limit, so that the same steps fit every size of container. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  ThresholdsConfigBuilder,
  type Threshold,
  type ThresholdsConfig,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';

export type Steps = readonly Threshold[];

const GREEN: Threshold = { value: null, color: 'green' };
const at = (value: number, color: string): Threshold => ({ value, color });

/** Of a limit that kills or stops when it is reached: memory, pids, disks. */
export const OF_LIMIT: Steps = [GREEN, at(0.85, 'orange'), at(0.95, 'red')];
/** Of a limit that only slows down: CPU. */
export const OF_CPU: Steps = [GREEN, at(0.8, 'orange'), at(0.95, 'red')];
/** Of the periods, how many were throttled. */
export const OF_PERIODS: Steps = [GREEN, at(0.1, 'orange'), at(0.25, 'red')];
/** Of the time, how much was lost waiting. */
export const OF_TIME: Steps = [GREEN, at(0.1, 'orange'), at(0.25, 'red')];
/** Something of which none is right. */
export const NONE_IS_RIGHT: Steps = [GREEN, at(1, 'red')];
/** Something of which none is best, and some is worth a look. */
export const SOME_IS_ODD: Steps = [GREEN, at(1, 'orange')];
/** 1 is up, 0 is down. */
export const UP: Steps = [{ value: null, color: 'red' }, at(1, 'green')];
/** Seconds behind: three windows are late, a minute is too late. */
export const LATE: Steps = [GREEN, at(30, 'orange'), at(60, 'red')];
/** Just a number. */
export const PLAIN: Steps = [{ value: null, color: 'blue' }];

export function thresholds(steps: Steps): Builder<ThresholdsConfig> {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([...steps]);
}
