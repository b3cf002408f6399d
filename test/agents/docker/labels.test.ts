/** A container's labels from foreign text: what is let through, what it is called, and that no text does harm. */
import { describe, expect, test } from 'vitest';
import { labelPolicy } from '../../../agents/docker/labels.ts';
import { labelValue } from '../../../src/model/labels.ts';

interface Given {
  readonly name?: string;
  readonly image?: string;
  readonly labels?: Iterable<readonly [string, string]>;
  readonly env?: string[];
}

function labelsFrom(given: Given, labelAllow: string[] = ['*'], envAllow: string[] = []) {
  const policy = labelPolicy({ labelAllow, envAllow });
  const { name = 'web', image = 'nginx', labels = [], env = [] } = given;
  const set = policy.labelsOf({ name, image, labels: new Map(labels), env }, '/docker/1');
  return { policy, set, pairs: set.names.map((n, i) => `${n}=${set.values[i]}`) };
}

describe('labels', () => {
  test('only allowed keys, by glob, under legal names', () => {
    const labels: [string, string][] = [
      ['com.docker.compose.project', 'shop'],
      ['com.docker.compose.project.working_dir', '/srv/shop'],
      ['maintainer', 'me'],
      ['team-1/äü', 'x'],
    ];
    expect(labelsFrom({ labels }, ['com.docker.compose.projec?', 'team*']).pairs).toEqual([
      'container_label_com_docker_compose_project=shop',
      'container_label_team_1___=x',
      'id=/docker/1',
      'image=nginx',
      'name=web',
    ]);
    expect(labelsFrom({ labels }, []).pairs).toEqual(['id=/docker/1', 'image=nginx', 'name=web']);
  });

  test('what a container says of its alerts is let through, whatever is allowed', () => {
    const labels: [string, string][] = [
      ['plimsoll.alert', 'off'],
      ['plimsoll.alert.memory', '90'],
      ['plimsoll.alerting', 'x'],
      ['plimsoll.ignore', 'false'],
    ];
    expect(labelsFrom({ labels }, []).pairs.slice(0, 2)).toEqual([
      'container_label_plimsoll_alert=off',
      'container_label_plimsoll_alert_memory=90',
    ]);
    expect(labelsFrom({ labels }, []).pairs).toHaveLength(5);
  });

  test.each([[['a.b', 'a-b', 'a_b']], [['a_b', 'a.b', 'a-b']]])(
    'of two keys that become one name the alphabetically first wins, in any order: %j',
    (keys) => {
      const { set } = labelsFrom({ labels: keys.map((key) => [key, key] as const) });
      // '-' (0x2d) comes before '.' (0x2e) and '_' (0x5f).
      expect(labelValue(set, 'container_label_a_b')).toBe('a-b');
    },
  );

  test('variables are named in lower case, keep their equal signs, and need to be allowed', () => {
    const env = ['HTTP_PROXY=http://p?a=b', 'SECRET=s', 'BARE', 'Mixed.Case=1'];
    expect(labelsFrom({ env }, [], ['HTTP*', 'Mixed.Case', 'BARE']).pairs).toEqual([
      'container_env_http_proxy=http://p?a=b',
      'container_env_mixed_case=1',
      'id=/docker/1',
      'image=nginx',
      'name=web',
    ]);
  });

  test('hostile keys are only keys', () => {
    const labels = JSON.parse('[["__proto__","p"],["constructor","c"],["toString","t"]]') as [string, string][];
    const { set } = labelsFrom({ labels });
    expect(labelValue(set, 'container_label___proto__')).toBe('p');
    expect(labelValue(set, 'container_label_constructor')).toBe('c');
    expect(labelValue(set, 'container_label_toString')).toBe('t');
    expect(({} as { p?: string }).p).toBeUndefined();
  });

  test("quotes, newlines and backslashes stay as they are: escaping is the exposition's", () => {
    const { set } = labelsFrom({ labels: [['x', 'a"b\nc\\d']] });
    expect(labelValue(set, 'container_label_x')).toBe('a"b\nc\\d');
  });

  test('a megabyte is cut at 1024 characters, never within one, and counted; a megabyte of key is left out', () => {
    const { set, policy } = labelsFrom({
      labels: [
        ['long', 'x'.repeat(1 << 20)],
        ['pair', `${'x'.repeat(1023)}𝛑`],
        ['k'.repeat(1 << 20), 'v'],
      ],
    });
    expect(labelValue(set, 'container_label_long')).toBe('x'.repeat(1024));
    expect(labelValue(set, 'container_label_pair')).toBe('x'.repeat(1023));
    expect(set.names).toHaveLength(5);
    expect(policy.cut).toBe(2);
    expect(policy.refused).toBe(1);
  });

  test('of ten thousand labels 128 are kept, always the same ones', () => {
    const labels = Array.from({ length: 10_000 }, (_, i) => [`l${String(i).padStart(5, '0')}`, 'v'] as const);
    const { set, policy } = labelsFrom({ labels: labels.reverse() });
    expect(set.names.filter((n) => n.startsWith('container_label_'))).toEqual(
      Array.from({ length: 128 }, (_, i) => `container_label_l${String(i).padStart(5, '0')}`),
    );
    expect(policy.refused).toBe(10_000 - 128);
  });

  test('a glob of many stars over a megabyte comes to an end', () => {
    const { set } = labelsFrom({ labels: [['a'.repeat(1 << 20), 'v']] }, ['*a*a*a*a*a*a*a*b']);
    expect(set.names).toEqual(['id', 'image', 'name']);
  });
});
