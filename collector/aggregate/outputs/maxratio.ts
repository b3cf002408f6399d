/**
 * Counters of seconds, of a group: the most that any member took of each second between its readings. For time lost waiting, which must
 * not be added up: ten members that wait one second of ten do not make a second that was lost.
 */
import type { Output } from './output.ts';

export const maxRatio: Output = {
  name: 'max_ratio',
  kind: 'gauge',
  unit: 'ratio',
  named: (name) => name.replace(/_seconds_total$/, '_max_ratio'),
  keeps: false,
  help: (help) => `${help} Per second, of the member that has most of it.`,
  fold({ size, groups, rates }, out) {
    for (let i = 0; i < size; i++) {
      const group = groups[i] as number;
      const rate = rates[i] as number;
      if (group < 0 || Number.isNaN(rate)) continue;
      const before = out[group] as number;
      if (Number.isNaN(before) || rate > before) out[group] = rate;
    }
  },
};
