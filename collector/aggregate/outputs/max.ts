/** Gauges of a group: the largest single value that any member's row had in the window. */
import type { Output } from './output.ts';

export const max: Output = {
  name: 'max',
  kind: 'gauge',
  named: (name) => `${name}_max`,
  keeps: false,
  help: (help) => `${help} Largest of any member within the window.`,
  fold({ size, groups, largest }, out) {
    for (let i = 0; i < size; i++) {
      const group = groups[i] as number;
      const value = largest[i] as number;
      if (group < 0 || Number.isNaN(value)) continue;
      const before = out[group] as number;
      if (Number.isNaN(before) || value > before) out[group] = value;
    }
  },
};
