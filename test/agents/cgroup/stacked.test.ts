/** Layers over disks, and containers below containers: shown with all they count, and summed once. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { findMounts } from '../../../agents/cgroup/mounts.ts';
import type { CgroupSource, CgroupSourceOptions } from '../../../agents/cgroup/source.ts';
import type { Container } from '../../../agents/container.ts';
import { createStack } from '../../../agents/kernel/stack.ts';
import { isInsideOne, nestedAmong } from '../../../agents/nesting.ts';
import type { FamilyTable } from '../../../src/model/batch.ts';
import { fakeClock } from '../../support/clock.ts';
import { fakeProc, folder, tick } from '../reading.ts';
import { container, sourceOf } from './host.ts';

let source: CgroupSource | undefined;
afterEach(() => source?.close());

/** vda with a partition, md0 on that, dm-0 on md0: as sysfs links them. */
const SYS = fakeSys({
  'devices/virtual/block/dm-0/slaves/md0': '->../../md0',
  'devices/virtual/block/md0/slaves/vda1': '->../../../../virtio1/block/vda/vda1',
  'devices/virtio1/block/vda/vda1/partition': '1\n',
  'devices/virtio1/block/vda/vda1/dev': '254:1\n',
  'devices/virtio1/block/vda/dev': '254:0\n',
  'devices/virtual/block/md0/dev': '9:0\n',
  'devices/virtual/block/dm-0/dev': '253:0\n',
  'dev/block/254:0': '->../../devices/virtio1/block/vda',
  'dev/block/254:1': '->../../devices/virtio1/block/vda/vda1',
  'dev/block/9:0': '->../../devices/virtual/block/md0',
  'dev/block/253:0': '->../../devices/virtual/block/dm-0',
});

function fakeSys(files: Record<string, string>): () => string {
  return () => fakeProc(files);
}

function made(
  root: string,
  { id, parent = '/docker', ioStat }: { id: string; parent?: string; ioStat: string },
): Container {
  const unified = `${parent}/${id}`;
  mkdirSync(join(root, unified), { recursive: true });
  writeFileSync(join(root, unified, 'io.stat'), ioStat);
  writeFileSync(join(root, unified, 'pids.current'), '3\n');
  return container(id, { id, cgroup: { unified, controllers: new Map() } });
}

async function rowsWith(root: string, containers: readonly Container[], options: Partial<CgroupSourceOptions>) {
  writeFileSync(join(root, 'cgroup.controllers'), 'io pids\n');
  const mounts = findMounts({ procRoot: '/nowhere', cgroupRoot: root });
  source ??= sourceOf(mounts, { containers: () => containers, families: new Set(['diskio', 'pids']), ...options });
  return source.read(tick());
}

const said = (tables: readonly FamilyTable[], family: string): string[] =>
  tables
    .filter(({ shape }) => shape.name === family)
    .flatMap(({ rows }) =>
      rows.map((row) =>
        [row.entity.key.slice(0, 1), ...row.dims.values, row.shownOnly ? 'shown' : 'counted'].join(' '),
      ),
    );

describe('a volume on a RAID on a disk', () => {
  const options = (): Partial<CgroupSourceOptions> => {
    const stack = createStack({ procRoot: folder(), sysRoot: SYS(), clock: fakeClock(0) });
    const below = (major: number, minor: number) => stack.below(`${major}:${minor}`);
    return { around: { deviceName: () => undefined, pageBytes: 4096, below } };
  };

  // Written once, each layer counts the same 10 485 760 bytes: a group of this container has 10 485 760, not 31 457 280.
  test.each([
    ['all three', ['254:0', '9:0', '253:0'], ['254:0 counted', '9:0 shown', '253:0 shown']],
    ['without the one in the middle', ['253:0', '254:0'], ['253:0 shown', '254:0 counted']],
    ['the RAID as the lowest', ['9:0', '253:0'], ['9:0 counted', '253:0 shown']],
    ['the volume alone', ['253:0'], ['253:0 counted']],
    ['a disk of its own beside it', ['8:0', '253:0'], ['8:0 counted', '253:0 counted']],
  ])('%s', async (_, devices, expected) => {
    const root = folder();
    const ioStat = devices.map((device) => `${device} rbytes=0 wbytes=10485760 rios=0 wios=10\n`).join('');
    const one = made(root, { id: 'a'.repeat(64), ioStat });
    const tables = await rowsWith(root, [one], options());
    source = source as CgroupSource;
    expect(said(tables, 'diskio')).toEqual(expected.map((row) => `a ${row}`));
    const again = await source.read(tick());
    const rowsOf = (all: readonly FamilyTable[]) => all.flatMap(({ rows }) => rows);
    rowsOf(again).forEach((row, i) => void expect(row).toBe(rowsOf(tables)[i]));
    await source.close();
    source = undefined;
  });
});

describe('a container below a container', () => {
  const [outer, inner] = ['a'.repeat(64), 'b'.repeat(64)];
  const engines = [{}, {}] as const;

  test('its cgroup’s rows are shown and not summed; when the outer one has gone, they are', async () => {
    const root = folder();
    const ioStat = '8:0 wbytes=1\n';
    const all = [made(root, { id: outer, ioStat }), made(root, { id: inner, parent: `/docker/${outer}`, ioStat })];
    const nested = () => nestedAmong(all.map((one) => ({ container: one, engine: engines[0] }))).isBelow;
    const tables = await rowsWith(root, all, { nested });
    expect([...said(tables, 'pids'), ...said(tables, 'diskio')]).toEqual([
      'a counted',
      'b shown',
      'a 8:0 counted',
      'b 8:0 shown',
    ]);
    // Its last reading is no other, although it runs no more by then.
    const last = all.pop() as Container;
    expect(said((source as CgroupSource).readNow(last), 'pids')).toEqual(['b shown']);
    all.push(last);
    all.shift();
    expect(said(await rowsWith(root, all, {}), 'pids')).toEqual(['b counted']);
  });

  test.each([
    [
      '--cgroup-parent with one engine: its own cable to the machine’s bridge',
      `/docker/${outer}/${inner}`,
      engines[0],
      [['b'], []],
    ],
    [
      'an engine inside of the container: its bytes pass through the outer one’s',
      `/docker/${outer}/docker/${inner}`,
      engines[1],
      [['b'], ['b']],
    ],
    [
      'systemd’s names',
      `/system.slice/docker-${outer}.scope/init.scope/docker-${inner}.scope`,
      engines[0],
      [['b'], []],
    ],
    ['a kubelet’s pod is no container', `/kubepods/burstable/pod1234/${inner}`, engines[0], [[], []]],
    ['beside the other', `/docker/${inner}`, engines[0], [[], []]],
    ['below one that is not watched', `/docker/${'c'.repeat(64)}/${inner}`, engines[0], [[], []]],
  ])('%s', (_, path, engine, expected) => {
    const at = (id: string, unified: string) => container(id, { id, cgroup: { unified, controllers: new Map() } });
    const { cgroups, networks } = nestedAmong([
      { container: at(outer, `/docker/${outer}`), engine: engines[0] },
      { container: at(inner, path), engine },
    ]);
    expect([cgroups, networks].map((ids) => [...ids].map((id) => id[0]))).toEqual(expected);
  });

  test('on v1 the controllers’ paths tell', () => {
    const v1 = (id: string, path: string) =>
      container(id, {
        id,
        cgroup: {
          unified: '/',
          controllers: new Map([
            ['memory', path],
            ['pids', '/'],
          ]),
        },
      });
    const placed = [v1(outer, `/docker/${outer}`), v1(inner, `/docker/${outer}/${inner}`)];
    const { cgroups } = nestedAmong(placed.map((one) => ({ container: one, engine: engines[0] })));
    expect([...cgroups]).toEqual([inner]);
  });
});

test.each([
  ['its host is called as a container’s id begins', 'aaaaaaaaaaaa', true],
  ['its host is this or another machine', 'web-1', false],
  ['its host is called as no container’s id begins', 'bbbbbbbbbbbb', false],
])('an engine whose processes cannot be seen: %s', (_, name, expected) => {
  const outer = container('outer', { id: 'a'.repeat(64), cgroup: undefined });
  expect(isInsideOne(name, [outer])).toBe(expected);
});
