/** Which containers are watched: rules as in the configuration, containers as people name them. */
import { expect, test } from 'vitest';
import { type Candidate, containerFilter, type FilterRules } from '../../../agents/docker/filter.ts';

const web = candidate('shop-web-1', 'nginx:1.25', { 'com.docker.compose.project': 'shop', tier: 'front' });
const db = candidate('shop-db-1', 'registry.lan/postgres:16', { 'com.docker.compose.project': 'shop' });
const ci = candidate('runner-x', 'gitlab/runner', {}, '/ci/abc');
const hidden = candidate('hidden', 'nginx:1.25', { 'plimsoll.ignore': 'true' });

function candidate(name: string, image: string, labels: Record<string, string>, cgroup = `/docker/${name}`): Candidate {
  return { name, image, labels: new Map(Object.entries(labels)), cgroup };
}

test.each<[string, FilterRules, Candidate[]]>([
  ['no rules', {}, [web, db, ci]],
  ['names', { include: { name: ['shop-*'] } }, [web, db]],
  ['one character', { include: { name: ['shop-??-1'] } }, [db]],
  ['whole names only', { include: { name: ['shop'] } }, []],
  ['images', { include: { image: ['nginx:*', '*/runner'] } }, [web, ci]],
  ['a label', { include: { label: ['tier'] } }, [web]],
  ['a label and its value', { include: { label: ['com.docker.compose.project=sh*'] } }, [web, db]],
  ['a label with another value', { include: { label: ['tier=back'] } }, []],
  ['cgroups', { exclude: { cgroup: ['/ci/*'] } }, [web, db]],
  ['any kind of rule includes', { include: { name: ['runner-*'], image: ['nginx:*'] } }, [web, ci]],
  ['exclusion beats inclusion', { include: { name: ['shop-*'] }, exclude: { label: ['tier=front'] } }, [db]],
  ['empty lists are no rules', { include: { name: [], label: [] }, exclude: { image: [] } }, [web, db, ci]],
  ['ignored is ignored', { include: { name: ['hidden'] } }, []],
])('%s', (_, rules, watched) => {
  expect([web, db, ci, hidden].filter(containerFilter(rules))).toEqual(watched);
});

test('only true ignores', () => {
  const says = (value: string) => containerFilter({})(candidate('x', 'y', { 'plimsoll.ignore': value }));
  expect(['true', 'TRUE', 'false', '', '1'].map(says)).toEqual([false, false, true, true, true]);
});
