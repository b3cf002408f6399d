/** Counters of a group: the running total of its members' increases. It never goes down, whoever leaves. */
import type { Output } from './output.ts';

export const total: Output = {
  name: 'total',
  kind: 'counter',
  named: (name) => name,
  keeps: true,
  help: (help) => `${help} Total of the members' increases.`,
  fold({ size, groups, last, increases }, out) {
    for (let i = 0; i < size; i++) {
      const group = groups[i] as number;
      if (group < 0 || Number.isNaN(last[i] as number)) continue;
      const before = out[group] as number;
      const after = (Number.isNaN(before) ? 0 : before) + (increases[i] as number);
      // One absurd reading must not turn a total into infinity, from which it would never come back.
      if (Number.isFinite(after)) out[group] = after;
    }
  },
};
