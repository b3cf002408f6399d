/** Levels whose label the agent's configuration leaves out: what `plimsoll run` and `plimsoll check` say of them. */
import { describe, expect, test } from 'vitest';
import { greeting } from '../../../src/cli/greeting.ts';
import { unreadLevels } from '../../../src/cli/unread.ts';
import { schema } from '../../../src/config/schema.ts';

const said = (agent: object, levels: object): string[] => unreadLevels(schema.parse({ agent, collector: { levels } }));
const level = (by: Record<string, string>) => ({ team: { by } });

test('by default nothing is to be said', () => {
  expect(said({}, {})).toEqual([]);
});

describe('a level of one’s own', () => {
  test('whose label is not let through: the key to add', () => {
    expect(said({}, level({ team: 'container_label_team' }))).toEqual([
      'the level team will have no groups: it groups by container_label_team, which agent.labels does not let through: add "team" to agent.labels; or remove the level.',
    ]);
  });

  test.each([
    [
      'the label is named',
      { labels: ['team', 'com.docker.compose.*', 'io.kubernetes.*'] },
      { team: 'container_label_team' },
    ],
    [
      'a pattern fits',
      { labels: ['com.example.*', 'com.docker.compose.*', 'io.kubernetes.*'] },
      { team: 'container_label_com_example_team' },
    ],
    [
      '? is a pattern too',
      { labels: ['com?example?team', 'com.docker.compose.*', 'io.kubernetes.*'] },
      { team: 'container_label_com_example_team' },
    ],
    ['everything is let through', { labels: ['*'] }, { team: 'container_label_whatever' }],
    ['it is of the environment, in lower case', { env: ['APP_*'] }, { team: 'container_env_app_team' }],
    ['every container has it', {}, { team: 'image', node: 'node', cluster: 'cluster' }],
  ])('nothing is to be said where %s', (_what, agent, by) => {
    expect(said(agent, level(by))).toEqual([]);
  });

  test('a variable that is not let through', () => {
    expect(said({}, level({ team: 'container_env_app_team' }))).toEqual([
      'the level team will have no groups: it groups by container_env_app_team, which agent.env does not let through: add "APP_TEAM" to agent.env; or remove the level.',
    ]);
  });

  test('a key in place of a label', () => {
    expect(said({}, level({ team: 'team' }))).toEqual([
      'the level team will have no groups: it groups by team, which no container has: the label of a container is called container_label_team; or remove the level.',
    ]);
  });
});

describe('standard levels', () => {
  test('labels that replace the default list leave them without groups', () => {
    const compose = 'container_label_com_docker_compose_';
    const pod = 'container_label_io_kubernetes_pod_';
    expect(
      said({ labels: ['team'], runtimes: ['none'] }, {}).map((words) => words.split(': it groups by ')[1]),
    ).toEqual([
      `${compose}project and ${compose}service, which agent.labels does not let through: add "com.docker.compose.project", "com.docker.compose.service" to agent.labels; or switch the level off with "collector.levels.service: null".`,
      `${pod}namespace and ${pod}name, which agent.labels does not let through: add "io.kubernetes.pod.namespace", "io.kubernetes.pod.name" to agent.labels; or switch the level off with "collector.levels.pod: null".`,
      `${pod}namespace, which agent.labels does not let through: add "io.kubernetes.pod.namespace" to agent.labels; or switch the level off with "collector.levels.namespace: null".`,
    ]);
  });

  test('one that is switched off is not spoken of; Swarm’s labels are as good as Compose’s', () => {
    const off = { pod: null, namespace: null };
    expect(said({ labels: ['com.docker.stack.*', 'com.docker.swarm.*'] }, off)).toEqual([]);
    expect(said({ labels: [] }, { ...off, service: null })).toEqual([]);
  });
});

test('the start of `plimsoll run` says it', () => {
  const config = schema.parse({ collector: { levels: level({ team: 'container_label_team' }) } });
  const found = { engines: [], cgroup: 'v2' as const, host: '2 CPUs', lacking: [] };
  const agent = { url: 'http://127.0.0.1:9641', latest: () => undefined, found: () => found };
  const collector = { url: 'http://127.0.0.1:9640' };
  const note = 'Note:      the level team will have no groups: it groups by container_label_team,';
  expect(greeting({ agent, collector, config }).at(-1)).toContain(note);
  // An agent alone, or a collector alone, does not know the other's configuration.
  for (const one of [
    { agent, collector: undefined },
    { agent: undefined, collector },
  ])
    expect(greeting({ ...one, config }).join('\n')).not.toContain('will have no groups');
});
