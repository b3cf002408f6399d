import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  belowRoot,
  cgroupPathsOf,
  directoriesOf,
  hostPaths,
  isWithinReach,
  ownPath,
  parseCgroupPaths,
} from '../../../agents/cgroup/locate.ts';
import { findMounts } from '../../../agents/cgroup/mounts.ts';
import { recordedHost } from '../../support/fixture.ts';

const ID = 'e9784bc6e300a3cfcd25e832352647eed5e8eba916973db2a5dc81276baefb08';

describe('/proc/<pid>/cgroup', () => {
  test('v2', () => {
    const paths = parseCgroupPaths(`0::/system.slice/docker-${ID}.scope\n`);
    expect(paths.unified).toBe(`/system.slice/docker-${ID}.scope`);
    expect(paths.controllers.size).toBe(0);
  });

  test('v1, split and together, and the unified hierarchy', () => {
    const paths = parseCgroupPaths('9:name=systemd:/a\n4:cpu,cpuacct:/b:c\n3:memory:/d (deleted)\n0::/e\nnonsense\n');
    expect(Object.fromEntries(paths.controllers)).toEqual({
      'name=systemd': '/a',
      cpu: '/b:c',
      cpuacct: '/b:c',
      memory: '/d',
    });
    expect(paths.unified).toBe('/e');
  });

  test('any text', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseCgroupPaths(text)));
  });

  test('a process that has gone', () => {
    expect(cgroupPathsOf(recordedHost('v1', 't0').procRoot, 999999)).toBeUndefined();
  });
});

test.each([
  [`/docker/${ID}`, `/docker/${ID}`],
  [`/system.slice/docker-${ID}.scope`, `/system.slice/docker-${ID}.scope`],
  // systemd as the container's first process moves itself down.
  [`/system.slice/docker-${ID}.scope/init.scope`, `/system.slice/docker-${ID}.scope`],
  // podman with crun: the processes, and all limits, are in `container` below the scope.
  [`/machine.slice/libpod-${ID}.scope/container`, `/machine.slice/libpod-${ID}.scope/container`],
  [`/machine.slice/libpod-${ID}.scope/container/init.scope`, `/machine.slice/libpod-${ID}.scope/container`],
  [
    `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope/container`,
    `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope/container`,
  ],
  [
    `/kubepods.slice/kubepods-pod1.slice/cri-containerd-${ID}.scope`,
    `/kubepods.slice/kubepods-pod1.slice/cri-containerd-${ID}.scope`,
  ],
  ['/custom/parent/name', '/custom/parent/name'],
])('%s is the cgroup %s', (path, own) => {
  expect(ownPath(path, ID)).toBe(own);
});

test.each([
  ['/', '/docker/a', 'docker/a'],
  ['/', '/', ''],
  // The agent's own part of the tree is mounted, without a namespace: others are not in it.
  ['/docker/me', '/docker/a', undefined],
  ['/docker/me', '/docker/me/child', 'child'],
  // In a cgroup namespace whose own place could not be found.
  ['/../..', '/../other.scope', undefined],
  ['/../..', '/../../user.slice/x', 'user.slice/x'],
  // A namespace, but only our own tree mounted.
  ['/', '/../other.scope', undefined],
])('with %s mounted, %s is at %s', (root, path, below) => {
  expect(belowRoot({ mountPoint: '/m', root, above: [] }, path)).toBe(below);
});

describe('in a cgroup namespace at /system.slice/me.scope, with the host’s tree mounted', () => {
  const here = { mountPoint: '/m', root: '/', above: ['system.slice', 'me.scope'] };
  const v1 = { ...here, above: ['docker', 'me'] };
  const mounts = { version: 'hybrid', unified: here, controllers: new Map([['memory', v1]]) } as const;

  test.each([
    ['/../other.scope', '/system.slice/other.scope'],
    ['/../../user.slice/x', '/user.slice/x'],
    ['/', '/system.slice/me.scope'],
    ['/below', '/system.slice/me.scope/below'],
    ['/../..', '/'],
    // Above the mount: it has no name here.
    ['/../../../x', '/../../../x'],
  ])('the kernel’s %s is the host’s %s', (path, named) => {
    expect(hostPaths(mounts, { unified: path, controllers: new Map() }).unified).toBe(named);
  });

  test('each hierarchy has its own place; one that is not mounted keeps the kernel’s names', () => {
    const controllers = new Map([
      ['memory', '/../other'],
      ['freezer', '/../other'],
    ]);
    expect(Object.fromEntries(hostPaths(mounts, { unified: undefined, controllers }).controllers)).toEqual({
      memory: '/docker/other',
      freezer: '/../other',
    });
  });
});

describe('folders', () => {
  test.each(['v1', 'v2'] as const)('of every running container of the recorded %s host', (version) => {
    const host = recordedHost(version, 't1');
    const mounts = findMounts(host);
    const paths = cgroupPathsOf(host.procRoot, version === 'v1' ? 31830 : 747);
    const dirs = directoriesOf(mounts, paths!, host.idOf('db'));
    const id = host.idOf('db');
    if (version === 'v2') expect(dirs.unified).toBe(join(host.cgroupRoot, `system.slice/docker-${id}.scope`));
    else expect(dirs.controllers.get('memory')).toBe(join(host.cgroupRoot, `memory/docker/${id}`));
  });

  test('the root cgroup and folders that are not there are nobody’s', () => {
    const root = mkdtempSync(join(tmpdir(), 'plimsoll-locate-'));
    mkdirSync(join(root, 'memory'));
    mkdirSync(join(root, 'pids', 'a'), { recursive: true });
    const mounts = findMounts({ procRoot: '/nowhere', cgroupRoot: root });
    const controllers = new Map([
      ['memory', '/'],
      ['pids', '/a'],
      ['blkio', '/a'],
    ]);
    const dirs = directoriesOf(mounts, { unified: '/a', controllers }, 'a');
    expect([...dirs.controllers]).toEqual([['pids', join(root, 'pids/a')]]);
    expect(dirs.unified).toBeUndefined();
    rmSync(root, { recursive: true });
  });
});

describe('a hierarchy whose path does not carry the id while another one’s does is not the container’s own', () => {
  const at = { mountPoint: '/nowhere', root: '/', above: [] };
  const onlyUnified = { version: 'v2', unified: at, controllers: new Map() } as const;
  const paths = (unified: string, memory: string) => ({ unified, controllers: new Map([['memory', memory]]) });

  test.each([
    ['/system.slice/containerd.service', `/docker/${ID}`, false],
    [`/docker/${ID}`, `/docker/${ID}`, true],
    [`/machine.slice/libpod-${ID}.scope/container`, '/user.slice', true],
    ['/own/name', '/own/name', true],
  ])('unified %s, memory %s: the unified one is its own: %s', (unified, memory, own) => {
    expect(isWithinReach(onlyUnified, paths(unified, memory), ID)).toBe(own);
  });
});

test('within reach is what a mount has a place for, not what happens to be there', () => {
  const at = (root: string) => ({ mountPoint: '/nowhere', root, above: [] });
  const paths = { unified: '/', controllers: new Map([['memory', '/docker/a']]) };
  const v1 = (root: string) =>
    ({ version: 'v1', unified: at('/'), controllers: new Map([['memory', at(root)]]) }) as const;
  expect(isWithinReach(v1('/'), paths, 'a')).toBe(true);
  expect(isWithinReach(v1('/docker'), paths, 'a')).toBe(true);
  // Only our own cgroup is mounted.
  expect(isWithinReach(v1('/docker/me'), paths, 'a')).toBe(false);
  expect(isWithinReach({ version: 'none', unified: undefined, controllers: new Map() }, paths, 'a')).toBe(false);
});
