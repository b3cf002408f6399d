import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasForeignBelow, mountOf, parseMountinfo, realMounts, upperDirIn } from '../../../agents/filesystem/mounts.ts';
import { recordedHost, type HostVersion } from '../../support/fixture.ts';

const chosen = (...lines: string[]): string[][] =>
  realMounts(parseMountinfo(lines.join('\n'))).map(({ source, point }) => [source, point]);

function recorded(version: HostVersion, pid: number) {
  return parseMountinfo(readFileSync(join(recordedHost(version, 't1').procRoot, String(pid), 'mountinfo'), 'utf8'));
}

interface Inspected {
  readonly State: { readonly Pid: number };
  readonly GraphDriver: { readonly Data: { readonly UpperDir: string } };
}

describe('which mounts are file systems of the machine', () => {
  test('the recorded hosts: their disk once, although a part of it is mounted again; the 9p share of v2', () => {
    expect(realMounts(recorded('v1', 1)).map(({ source, point }) => [source, point])).toEqual([['/dev/vda', '/']]);
    expect(realMounts(recorded('v2', 1)).map(({ source, point }) => [source, point])).toEqual([
      ['/dev/vda', '/'],
      ['host', '/host'],
    ]);
  });

  test.each([
    [
      'servers after disks',
      ['1 0 0:50 / /nfs rw - nfs4 nas:/x rw', '2 0 8:1 / / rw - ext4 /dev/sda1 rw'],
      [
        ['/dev/sda1', '/'],
        ['nas:/x', '/nfs'],
      ],
    ],
    [
      'no memory, no images',
      ['1 0 0:5 / /run rw - tmpfs tmpfs rw', '2 0 7:0 / /snap/x ro - squashfs /dev/loop0 ro'],
      [],
    ],
    [
      'zfs and btrfs by their own names',
      ['1 0 0:31 / /tank rw - zfs tank/data rw', '2 0 0:32 /@ / rw - btrfs /dev/sdb rw'],
      [
        ['tank/data', '/tank'],
        ['/dev/sdb', '/'],
      ],
    ],
    [
      'the whole before a part, then the shortest',
      [
        '1 0 8:1 /etc /a rw - ext4 /dev/sda1 rw',
        '2 0 8:1 / /long/path rw - ext4 /dev/sda1 rw',
        '3 0 8:1 / /mnt rw - ext4 /dev/sda1 rw',
      ],
      [['/dev/sda1', '/mnt']],
    ],
    [
      'what hides another at the same place',
      ['1 0 8:1 / /mnt rw - ext4 /dev/sda1 rw', '2 0 8:2 / /mnt rw - ext4 /dev/sdb1 rw'],
      [['/dev/sdb1', '/mnt']],
    ],
    [
      'blanks in paths',
      ['1 0 8:1 / /my\\040disk\\134x rw shared:1 master:2 - ext4 /dev/sda1 rw'],
      [['/dev/sda1', '/my disk\\x']],
    ],
    ['lines that are none', ['', 'x', '1 0 8:1 / /mnt rw ext4 /dev/sda1 rw', '1 0 8:1 / /mnt rw -'], []],
  ])('%s', (_, lines, expected) => {
    expect(chosen(...lines)).toEqual(expected);
  });
});

describe('where a container writes', () => {
  test.each(['v1', 'v2'] as const)('%s: the container’s own mounts say what the engine says', (version) => {
    const host = recordedHost(version, 't1');
    for (const name of ['web', 'db', 'hostnet', 'paused']) {
      const { State, GraphDriver } = host.api(`inspect-${host.idOf(name)}`) as Inspected;
      expect(upperDirIn(recorded(version, State.Pid))).toBe(GraphDriver.Data.UpperDir);
    }
  });

  test.each([
    ['no overlay', '1 0 8:1 / / rw - ext4 /dev/sda1 rw'],
    ['read-only, no upper directory', '1 0 0:9 / / ro - overlay overlay ro,lowerdir=/a:/b'],
    ['a relative one', '1 0 0:9 / / rw - overlay overlay rw,lowerdir=l/A,upperdir=x/diff,workdir=x/work'],
    ['nothing', ''],
  ])('unknown: %s', (_, line) => {
    expect(upperDirIn(parseMountinfo(line))).toBeUndefined();
  });

  test('of a containerd snapshot; commas in its path are escaped', () => {
    const line =
      '1 0 0:9 / / rw - overlay overlay rw,lowerdir=/s/1/fs,upperdir=/var/lib/a\\054b/snapshots/7/fs,workdir=/s/7/work';
    expect(upperDirIn(parseMountinfo(line))).toBe('/var/lib/a,b/snapshots/7/fs');
  });

  test('of one over more layers than fit into a mount’s options: containerd names those relative to a folder, not the upper one', () => {
    const line =
      '3699 3672 0:1141 / / rw,relatime - overlay overlay rw,lowerdir=246/fs:245/fs:1/fs,upperdir=/var/lib/docker/containerd/daemon/io.containerd.snapshotter.v1.overlayfs/snapshots/247/fs,workdir=/var/lib/docker/containerd/daemon/io.containerd.snapshotter.v1.overlayfs/snapshots/247/work';
    expect(upperDirIn(parseMountinfo(line))).toBe(
      '/var/lib/docker/containerd/daemon/io.containerd.snapshotter.v1.overlayfs/snapshots/247/fs',
    );
  });

  test('the mount that a path is on', () => {
    const mounts = parseMountinfo('1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 0 8:2 / /var rw - ext4 /dev/sda2 rw');
    expect(mountOf('/var/lib/docker', mounts)?.source).toBe('/dev/sda2');
    expect(mountOf('/variable', mounts)?.source).toBe('/dev/sda1');
    expect(mountOf('/x', [])).toBeUndefined();
  });
});

test.each([
  ['a share below a volume, which may hang when it is looked at', 'nfs4', '/volumes/a/_data/share', true],
  ['an automatic mount, whose server is not known yet', 'autofs', '/volumes/a/_data/auto', true],
  ['a kind that nobody has heard of', 'newfs', '/volumes/a/_data/new', true],
  ['a container that runs, merged below', 'overlay', '/volumes/a/_data/merged', false],
  ['a share beside it, whose name begins alike', 'nfs4', '/volumes/a/_data2', false],
  ['the share itself: that is asked for elsewhere', 'nfs4', '/volumes/a/_data', false],
])('what is mounted below: %s', (_, type, point, expected) => {
  const mounts = parseMountinfo(
    ['1 0 8:1 / / rw - ext4 /dev/sda1 rw', `2 1 0:50 / ${point} rw - ${type} x rw`].join('\n'),
  );
  expect(hasForeignBelow('/volumes/a/_data', mounts)).toBe(expected);
});
