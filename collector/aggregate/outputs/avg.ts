/** Gauges of a group: the sum of its members' last values over the number of members that have one. */
import type { Output } from './output.ts';
import { sum } from './sum.ts';

export const avg: Output = {
  name: 'avg',
  kind: 'gauge',
  named: (name) => `${name}_avg`,
  keeps: false,
  help: (help) => `${help} Average over the members.`,
  fold(members, out) {
    sum.fold(members, out);
    const counts = new Float64Array(out.length);
    const { size, groups, heads } = members;
    for (let i = 0; i < size; i++) {
      const group = groups[i] as number;
      if (group >= 0) counts[group] = (counts[group] as number) + (heads[i] as number);
    }
    for (let g = 0; g < out.length; g++) {
      if ((counts[g] as number) > 0) out[g] = (out[g] as number) / (counts[g] as number);
    }
  },
};
