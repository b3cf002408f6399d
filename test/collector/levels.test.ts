/** The levels of a configuration: standard ones that are changed in part, own ones, prefixes, and what is refused. */
import { describe, expect, test } from 'vitest';
import { prefixOf } from '../../collector/aggregate/levels.ts';
import { levelsOf } from '../../collector/levels.ts';
import { schema } from '../../src/config/schema.ts';

const team = { team: 'container_label_team' };
const prefixes = (configured: Parameters<typeof levelsOf>[0]) =>
  Object.fromEntries(levelsOf(configured).map((level) => [level.name, prefixOf(level)]));
const STANDARD = {
  service: 'service',
  pod: 'pod',
  workload: 'workload',
  namespace: 'namespace',
  node: 'node_containers',
  cluster: 'cluster',
};

describe('what the metrics of a level begin with', () => {
  test('its name; of the level node, node_containers', () => {
    expect(prefixes({})).toEqual(STANDARD);
    expect(prefixes({ team: { by: team } })).toEqual({ ...STANDARD, team: 'team' });
  });

  test('what the configuration says', () => {
    expect(prefixes({ team: { by: team, prefix: 'acme_team' } })).toMatchObject({ team: 'acme_team' });
    expect(prefixes({ node: { prefix: 'docker_host' } })).toMatchObject({ node: 'docker_host' });
  });

  test('a standard level that gets another prefix groups as before; one that groups otherwise keeps its prefix', () => {
    const by = (configured: Parameters<typeof levelsOf>[0], name: string) =>
      levelsOf(configured).find((level) => level.name === name)?.by;
    expect(by({ service: { prefix: 'svc' } }, 'service')).toEqual(by({}, 'service'));
    const rack = { node: { by: { node: 'node', rack: 'container_label_rack' } } };
    expect(by(rack, 'node')).toEqual([
      { as: 'node', from: 'node' },
      { as: 'rack', from: 'container_label_rack' },
    ]);
    expect(prefixes(rack)).toMatchObject({ node: 'node_containers' });
  });
});

describe('what is refused', () => {
  test.each([
    [
      { team: { prefix: 'acme_team' } },
      'collector.levels.team.by: is missing: must say which label of the group comes from which of the container, such as "{ team: container_label_team }"',
    ],
    [
      { team: { by: team, prefix: 'service' } },
      'collector.levels.team.prefix: is "service": the level service would have metrics of the same name (service_containers); give one of the two another prefix',
    ],
    [
      // Not the same prefix, and yet the same name: the count of one is the other's prefix.
      { host: { by: { host: 'node' }, prefix: 'pod_containers' } },
      'collector.levels.host.prefix: is "pod_containers": the level pod would have metrics of the same name (pod_containers); give one of the two another prefix',
    ],
    [
      { node: { prefix: 'node' } },
      'levels: "node" has the prefix "node", which is taken: node_exporter and the kubelet have it, for the whole machine; give it another (collector.levels.node.prefix)',
    ],
  ])('%j', (configured, message) => {
    expect(() => levelsOf(configured)).toThrow(message);
  });

  test.each(['My-Team', '_team', '9', ''])(
    'a prefix that no metric can begin with, by the configuration: "%s"',
    (prefix) => {
      const issues = schema.safeParse({ collector: { levels: { team: { by: team, prefix } } } }).error?.issues ?? [];
      expect(issues.map(({ path, message }) => [path.join('.'), message])).toEqual([
        [
          'collector.levels.team.prefix',
          'must be lower-case letters, digits and _, such as "acme_team" for acme_team_cpu_usage_seconds_total',
        ],
      ]);
    },
  );
});
