/** Which families are on: the catalogue's word, then the configuration's. */
import { expect, test } from 'vitest';
import { enabledFamilies } from '../../agents/families.ts';

const QUIET = { families: [], filesystem: { volumes: false } };

test('switches: on, off, and a name that there is not', () => {
  expect(enabledFamilies(QUIET)).toContain('pressure');
  expect(enabledFamilies(QUIET)).not.toContain('tcp');
  const switched = enabledFamilies({ ...QUIET, families: ['tcp', '-pressure'] });
  expect(switched).toContain('tcp');
  expect(switched).not.toContain('pressure');
  expect(() => enabledFamilies({ ...QUIET, families: ['-tpc'] })).toThrow('agent.families: is "-tpc"');
});

test('volumes that agent.filesystem.volumes has counted were not shown', () => {
  const counted = { families: [], filesystem: { volumes: true } };
  expect(enabledFamilies(QUIET)).not.toContain('volume');
  expect(enabledFamilies(counted)).toContain('volume');
  expect(enabledFamilies({ ...QUIET, families: ['volume'] })).toContain('volume');
  expect(enabledFamilies({ ...counted, families: ['-volume'] })).not.toContain('volume');
});
