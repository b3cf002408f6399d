/** Under which cgroup path a container is shown. Expected paths are those that dockerd and podman create on real hosts. */
import { expect, test } from 'vitest';
import { expectedPath, shownPath } from '../../../agents/docker/place.ts';

test.each([
  ['cgroupfs', false, '', '/docker/ID'],
  ['cgroupfs', false, '/batch/', '/batch/ID'],
  ['cgroupfs', false, 'batch', '/batch/ID'],
  ['systemd', false, '', '/system.slice/docker-ID.scope'],
  ['systemd', false, 'a-b.slice', '/a.slice/a-b.slice/docker-ID.scope'],
  ['systemd', false, '-.slice', '/docker-ID.scope'],
  ['systemd', true, '', '/machine.slice/libpod-ID.scope'],
  ['systemd', true, 'user.slice', '/user.slice/libpod-ID.scope'],
  ['cgroupfs', true, '', '/libpod_parent/libpod-ID'],
  ['', false, '', '/docker/ID'],
])('driver %s, podman %s, parent "%s" -> %s', (driver, podman, parent, path) => {
  expect(expectedPath('ID', parent, { driver, podman })).toBe(path);
});

const v1 = new Map([
  ['name=systemd', '/s'],
  ['cpu', '/docker/ID'],
  ['memory', '/docker/ID'],
]);

test.each([
  [
    'v2',
    { unified: '/system.slice/docker-ID.scope', controllers: new Map<string, string>() },
    '/system.slice/docker-ID.scope',
  ],
  ['v1', { unified: undefined, controllers: v1 }, '/docker/ID'],
  ['v1 with an unused unified hierarchy', { unified: '/', controllers: v1 }, '/docker/ID'],
  ['hybrid', { unified: '/docker/ID', controllers: v1 }, '/docker/ID'],
  [
    'v2 with an init system inside',
    { unified: '/docker/ID/init.scope', controllers: new Map<string, string>() },
    '/docker/ID',
  ],
  [
    'podman',
    { unified: '/m.slice/libpod-ID.scope/container', controllers: new Map<string, string>() },
    '/m.slice/libpod-ID.scope',
  ],
  [
    'hybrid, left in the engine’s own unified cgroup',
    { unified: '/system.slice/containerd.service', controllers: v1 },
    '/docker/ID',
  ],
  [
    'hybrid, only the unified hierarchy delegated',
    { unified: '/user.slice/libpod-ID.scope/container', controllers: new Map([['memory', '/user.slice']]) },
    '/user.slice/libpod-ID.scope',
  ],
  [
    'a runtime of Kubernetes, left in its own unified cgroup',
    {
      unified: '/system.slice/kubelet.service',
      controllers: new Map([['memory', '/kubepods.slice/kubepods-pod1.slice/cri-containerd-ID.scope']]),
    },
    '/kubepods.slice/kubepods-pod1.slice/cri-containerd-ID.scope',
  ],
  ['no path carries the id', { unified: '/own/name', controllers: new Map([['memory', '/own/name']]) }, '/own/name'],
  ['own cgroup namespace', { unified: '/', controllers: new Map<string, string>() }, '/'],
  ['none', { unified: undefined, controllers: new Map<string, string>() }, undefined],
])('%s', (_, paths, path) => {
  expect(shownPath(paths, 'ID')).toBe(path);
});
