/** Gauges of a group: the sum of its members' last values. */
import type { Output } from './output.ts';

export const sum: Output = {
  name: 'sum',
  kind: 'gauge',
  named: (name) => name,
  keeps: false,
  help: (help) => `${help} Sum over the members.`,
  fold({ size, groups, last }, out) {
    for (let i = 0; i < size; i++) {
      const group = groups[i] as number;
      const value = last[i] as number;
      if (group < 0 || Number.isNaN(value)) continue;
      const before = out[group] as number;
      out[group] = Number.isNaN(before) ? value : before + value;
    }
  },
};
