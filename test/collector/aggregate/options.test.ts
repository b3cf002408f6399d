/** What is refused before anything starts, and what the message says. */
import { describe, expect, test } from 'vitest';
import { createAggregator } from '../../../collector/aggregate/aggregator.ts';
import { checkLevels, DEFAULT_LEVELS, type LevelDef } from '../../../collector/aggregate/levels.ts';
import { AGGREGATOR_DEFAULTS, type AggregatorOptions } from '../../../collector/aggregate/options.ts';
import { ConfigError } from '../../../src/errors.ts';

const refused: [Partial<AggregatorOptions>, string][] = [
  [{ windowMs: 0 }, 'windowMs is 0; it must be a whole number from 1'],
  [{ windowMs: 1.5 }, 'windowMs is 1.5; it must be a whole number from 1'],
  [{ latenessMs: -1 }, 'latenessMs is -1; it must be a whole number from 0'],
  [{ maxSeries: Number.POSITIVE_INFINITY }, 'maxSeries is Infinity; it must be a whole number from 1'],
  [{ staleAfterMs: 5000 }, 'staleAfterMs is 5000; it must not be below windowMs (10000)'],
  [{ cluster: '' }, 'cluster is empty; give the cluster a name'],
];

const team = { as: 'team', from: 'container_label_team' };
const refusedLevels: [LevelDef[], string][] = [
  [[{ name: 'Team', by: [team] }], 'levels: name "Team" is not legal; use lower-case letters, digits and _'],
  [[{ name: 'container', by: [team] }], 'levels: name "container" is taken: single containers have it'],
  [
    [{ name: 'machine', by: [team] }],
    'levels: "machine" has the prefix "machine", which is taken: the machine has it; give it another (collector.levels.machine.prefix)',
  ],
  [
    [{ name: 'team', prefix: 'node', by: [team] }],
    'levels: "team" has the prefix "node", which is taken: node_exporter and the kubelet have it, for the whole machine; give it another (collector.levels.team.prefix)',
  ],
  [
    [{ name: 'team', prefix: 'my-team', by: [team] }],
    'levels: "team" has the prefix "my-team"; use lower-case letters, digits and _',
  ],
  [[...DEFAULT_LEVELS, { name: 'pod', by: [team] }], 'levels: name "pod" is there twice; each level needs its own'],
  [[{ name: 'team', by: [] }], 'levels: "team" groups by nothing; name at least one label'],
  [
    [{ name: 'team', by: [{ as: 'a-b', from: 'x' }] }],
    'levels: "team" has the label "a-b"; a label is letters, digits and _',
  ],
  [[{ name: 'team', by: [team, { as: 'team', from: 'x' }] }], 'levels: "team" makes the label "team" twice'],
];

describe('options', () => {
  test.each(refused)('%j', (options, message) => {
    expect(() => createAggregator({ ...AGGREGATOR_DEFAULTS, ...options })).toThrow(new ConfigError(message));
  });

  test.each(refusedLevels)('levels %j', (levels, message) => {
    expect(() => checkLevels(levels)).toThrow(new ConfigError(message));
  });

  test('the defaults are legal', () => {
    expect(() => createAggregator(AGGREGATOR_DEFAULTS)).not.toThrow();
  });
});
