/** States of a group's members: how many are in it. The column is 1 for a member that is, and 0 for one that is not. */
import type { Output } from './output.ts';
import { sum } from './sum.ts';

export const count: Output = {
  name: 'count',
  kind: 'gauge',
  named: (name) => name,
  keeps: false,
  help: () => 'How many of the containers are in the state that the label names.',
  fold: sum.fold,
};
