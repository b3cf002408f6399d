/**
 * What a container writes shows as its own bytes whatever keeps the images: overlay2, and on engines that have it containerd's image
 * store, where the engine does not say where a layer is. The numbers of bytes are those that were written.
 */
import { statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type AgentStage, startAgentStage } from '../support/agentstage.ts';
import { type Dockerd, startDockerd } from '../support/dockerd.ts';
import { engineAt, IMAGE } from '../support/engine.ts';
import type { Page } from '../support/page.ts';

const MIB = 1024 * 1024;
/** A file of some mebibytes may need a block for its extents, and the log a block for what it says. */
const BLOCKS = 64 * 1024;
/** The first one that can be told to keep images in containerd, and from 29 on does so by itself. */
const CONTAINERD_SINCE = 24;

const version = await engineAt(inject('dockerSocket')).docker('version', '--format', '{{.Server.Version}}');
const stores = Number.parseInt(version, 10) >= CONTAINERD_SINCE ? ['overlay2', 'overlayfs'] : ['overlay2'];

describe.each(stores)(`Docker ${version} with %s`, (driver) => {
  let dockerd: Dockerd;
  let stage: AgentStage;

  beforeAll(async () => {
    dockerd = await startDockerd({ settings: { features: { 'containerd-snapshotter': driver === 'overlayfs' } } });
    stage = await startAgentStage({
      engines: [`unix://${dockerd.socket}`],
      filesystem: { interval: '1s', volumes: true },
    });
  });

  afterAll(async () => {
    await stage?.stop();
    await dockerd?.stop();
  });

  /** Writes so many mebibytes to a file and to the disk below. */
  async function write(container: string, file: string, mebibytes: number): Promise<void> {
    const zeros = ['if=/dev/zero', `of=${file}`, 'bs=1M', `count=${mebibytes}`, 'conv=fsync'];
    await dockerd.docker('exec', container, 'dd', ...zeros);
  }

  /** The page on which a container's layer has grown to at least this. */
  function whenLayerIs(name: string, bytes: number): Promise<Page> {
    const has = (page: Page): Page | false => (page.sum('container_fs_usage_bytes', { name }) ?? -1) >= bytes && page;
    return stage.until('agent', has, `${bytes} bytes of ${name}`);
  }

  test('it is this store that is tested', async () => {
    expect(await dockerd.docker('info', '--format', '{{.Driver}}')).toBe(driver);
  });

  test('what a container writes is in its layer, its image is not, and nobody else has it', async () => {
    await dockerd.run({ name: 'writes', script: 'sleep 100000' });
    await dockerd.run({ name: 'rests', script: 'sleep 100000' });
    const before = (await whenLayerIs('writes', 0)).value('container_fs_usage_bytes', { name: 'writes' });
    // All that the image has is one program.
    const program = Number(await dockerd.docker('exec', 'writes', 'stat', '-c', '%s', '/bin/busybox'));
    expect(program).toBeGreaterThan(512 * 1024);
    expect(before).toBeLessThan(program / 2);

    await write('writes', '/tmp/eight', 8);
    const after = await whenLayerIs('writes', before + 8 * MIB);
    const grown = after.value('container_fs_usage_bytes', { name: 'writes' }) - before;
    expect(grown).toBeLessThanOrEqual(8 * MIB + BLOCKS);
    expect(after.value('container_fs_usage_bytes', { name: 'rests' })).toBeLessThan(program / 2);

    await dockerd.docker('exec', 'writes', 'rm', '/tmp/eight');
    await stage.until(
      'agent',
      (page) => page.value('container_fs_usage_bytes', { name: 'writes' }) <= before + BLOCKS,
      'what was removed to be gone',
    );
  });

  test('a file of the image that is changed is copied, and counts from then on', async () => {
    const before = (await whenLayerIs('rests', 0)).value('container_fs_usage_bytes', { name: 'rests' });
    const program = Number(await dockerd.docker('exec', 'rests', 'stat', '-c', '%s', '/bin/busybox'));
    await dockerd.docker('exec', 'rests', 'chmod', '700', '/bin/busybox');
    const after = await whenLayerIs('rests', before + program);
    expect(after.value('container_fs_usage_bytes', { name: 'rests' })).toBeLessThanOrEqual(before + program + BLOCKS);
  });

  test('a volume has its own number and is not in the layer', async () => {
    await dockerd.run({ name: 'keeps', flags: ['-v', 'kept:/data'], script: 'sleep 100000' });
    await write('keeps', '/data/four', 4);
    const kept = { name: 'keeps', volume: 'kept' };
    const page = await stage.until(
      'agent',
      (now) => (now.sum('container_volume_usage_bytes', kept) ?? 0) >= 4 * MIB && now,
      'the volume',
    );
    expect(page.value('container_volume_usage_bytes', kept)).toBeLessThanOrEqual(4 * MIB + BLOCKS);
    expect(page.value('container_fs_usage_bytes', { name: 'keeps' })).toBeLessThan(MIB);
    const source = await dockerd.field('keeps', '(index .Mounts 0).Source');
    expect(page.value('container_volume_usage_bytes', kept)).toBeGreaterThan(statSync(`${source}/four`).size);
  });

  test('the image is named as the engine names it', async () => {
    const page = await stage.until(
      'agent',
      (now) => now.all('container_info', { name: 'writes' }).length === 1 && now,
      'it',
    );
    const { labels } = page.all('container_info', { name: 'writes' })[0]!;
    const inspected = JSON.parse(await dockerd.docker('inspect', 'writes'))[0];
    expect(labels.get('image')).toBe(IMAGE);
    expect(labels.get('image_id')).toBe(inspected.Image);
    expect(labels.get('image_id')).toMatch(/^sha256:[0-9a-f]{64}$/);
    // Told since API 1.48 by containerd's store alone.
    expect(labels.get('image_digest') ?? '').toBe(inspected.ImageManifestDescriptor?.digest ?? '');
  });

  test('a container that has ended has no size, and one that is removed nothing at all', async () => {
    await dockerd.docker('kill', 'writes');
    await stage.until(
      'agent',
      (page) =>
        page.sum('container_state', { name: 'writes', state: 'exited' }) === 1 &&
        page.all('container_fs_usage_bytes', { name: 'writes' }).length === 0,
      'its end',
    );
    await dockerd.remove('writes', 'rests', 'keeps');
    const names = ['container_state', 'container_info', 'container_fs_usage_bytes', 'container_volume_usage_bytes'];
    await stage.until(
      'agent',
      (page) => names.every((metric) => page.all(metric).every(({ labels }) => (labels.get('name') ?? '') === '')),
      'all to be gone',
    );
  });
});
