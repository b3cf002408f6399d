/** How many members a group had in the window. */
import type { Output } from './output.ts';

export const count: Output = {
  name: 'count',
  kind: 'gauge',
  suffix: '_count',
  keeps: false,
  help: (help) => `${help} Number of members that have it.`,
  fold({ size, groups, heads }, out) {
    for (let i = 0; i < size; i++) {
      const group = groups[i] as number;
      if (group < 0 || heads[i] === 0) continue;
      const before = out[group] as number;
      out[group] = Number.isNaN(before) ? 1 : before + 1;
    }
  },
};
