import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { directoriesOf, hostPaths } from '../../../agents/cgroup/locate.ts';
import { findMounts } from '../../../agents/cgroup/mounts.ts';
import { recordedHost } from '../../support/fixture.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'plimsoll-mounts-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

/** A machine whose mountinfo has these lines, `ROOT` standing for the temporary folder; the mount points are made. */
function machine(lines: readonly string[], pid = 1): ReturnType<typeof findMounts> {
  const text = lines.join('\n').replaceAll('ROOT', root);
  mkdirSync(join(root, 'proc', 'self'), { recursive: true });
  writeFileSync(join(root, 'proc', 'self', 'mountinfo'), `${text}\n`);
  return findMounts({ procRoot: join(root, 'proc'), pid });
}

function folders(...names: string[]): void {
  for (const name of names) mkdirSync(join(root, name), { recursive: true });
}

describe('what mountinfo says', () => {
  test('v2 alone', () => {
    folders('cg');
    const mounts = machine(['31 21 0:26 / ROOT/cg rw,nosuid shared:10 - cgroup2 cgroup2 rw,nsdelegate']);
    expect(mounts.version).toBe('v2');
    expect(mounts.unified?.mountPoint).toBe(join(root, 'cg'));
    expect(mounts.controllers.size).toBe(0);
  });

  test('v1 with several controllers in one mount', () => {
    folders('cg/cpu,cpuacct', 'cg/memory', 'cg/systemd');
    const mounts = machine([
      '32 31 0:29 / ROOT/cg/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct',
      '35 31 0:32 / ROOT/cg/memory rw - cgroup cgroup rw,memory',
      '40 31 0:37 / ROOT/cg/systemd rw - cgroup cgroup rw,xattr,release_agent=/x,name=systemd',
    ]);
    expect(mounts.version).toBe('v1');
    expect([...mounts.controllers.keys()]).toEqual(['cpu', 'cpuacct', 'memory', 'name=systemd']);
    expect(mounts.controllers.get('cpu')).toEqual(mounts.controllers.get('cpuacct'));
  });

  test('v1 with the unified hierarchy beside it is hybrid', () => {
    folders('cg/memory', 'cg/unified');
    const mounts = machine([
      '35 31 0:32 / ROOT/cg/memory rw - cgroup cgroup rw,memory',
      '41 31 0:38 / ROOT/cg/unified rw - cgroup2 cgroup2 rw',
    ]);
    expect(mounts.version).toBe('hybrid');
  });

  test('systemd’s own v1 hierarchy alone makes no v1 host', () => {
    folders('cg/systemd', 'cg2');
    const mounts = machine([
      '40 31 0:37 / ROOT/cg/systemd rw - cgroup cgroup rw,name=systemd',
      '41 31 0:38 / ROOT/cg2 rw - cgroup2 cgroup2 rw',
    ]);
    expect(mounts.version).toBe('v2');
  });

  test('a mount point that this process cannot see is not there', () => {
    expect(machine(['31 21 0:26 / ROOT/elsewhere rw - cgroup2 cgroup2 rw']).version).toBe('none');
  });

  test('a mount point with a space', () => {
    folders('my cg');
    const mounts = machine(['31 21 0:26 / ROOT/my\\040cg rw - cgroup2 cgroup2 rw']);
    expect(mounts.unified?.mountPoint).toBe(join(root, 'my cg'));
  });

  test.each([['nonsense'], ['- cgroup2'], ['a b c - cgroup2 x'], ['']])('%j is skipped', (line) => {
    expect(machine([line]).version).toBe('none');
  });
});

describe('in a container', () => {
  test('the mount that shows the whole host wins over our own part of the tree', () => {
    folders('own', 'host/system.slice/docker-x.scope', 'host/system.slice/other.service');
    writeFileSync(join(root, 'host/system.slice/docker-x.scope/cgroup.procs'), '0\n42\n');
    writeFileSync(join(root, 'host/system.slice/other.service/cgroup.procs'), '0\n0\n');
    const mounts = machine(
      ['31 21 0:26 / ROOT/own rw - cgroup2 cgroup2 rw', '99 21 0:26 /../.. ROOT/host ro - cgroup2 cgroup2 rw'],
      42,
    );
    expect(mounts.unified?.mountPoint).toBe(join(root, 'host'));
    expect(mounts.unified).toMatchObject({ root: '/', above: ['system.slice', 'docker-x.scope'] });
    // So that cgroups have the names by which the host, and the configuration, know them.
    const paths = hostPaths(mounts, { unified: '/../other.service', controllers: new Map() });
    expect(paths.unified).toBe('/system.slice/other.service');
    expect(directoriesOf(mounts, paths, '').unified).toBe(join(root, 'host/system.slice/other.service'));
  });
});

describe('a root of the configuration’s own', () => {
  test('the recorded v1 host: a folder for each controller', () => {
    const mounts = findMounts(recordedHost('v1', 't1'));
    expect(mounts.version).toBe('v1');
    expect([...mounts.controllers.keys()].sort()).toEqual(['blkio', 'cpu', 'cpuacct', 'cpuset', 'memory', 'pids']);
  });

  test('the recorded v2 host: the hierarchy itself', () => {
    const host = recordedHost('v2', 't1');
    const mounts = findMounts(host);
    expect(mounts).toMatchObject({ version: 'v2', unified: { mountPoint: host.cgroupRoot, root: '/' } });
  });

  test('without any mountinfo the folders’ names say what they are', () => {
    folders('cg/cpu,cpuacct', 'cg/systemd', 'cg/unified');
    const mounts = findMounts({ procRoot: join(root, 'no-proc'), cgroupRoot: join(root, 'cg') });
    expect(mounts.version).toBe('hybrid');
    expect([...mounts.controllers.keys()].sort()).toEqual(['cpu', 'cpuacct', 'name=systemd']);
  });

  test('a root that is not there shows nothing', () => {
    expect(findMounts({ procRoot: '/nowhere', cgroupRoot: join(root, 'nowhere') }).version).toBe('none');
  });
});
