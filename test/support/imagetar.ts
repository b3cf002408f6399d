/** A container image with Debian's static busybox as its only program, in the form that `docker save` has and containerd imports. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Answers the archive's path in `dir`. */
export function buildImageTar(dir: string, name: string, command: readonly string[]): string {
  const place = join(dir, `image-${name.replace(/[^a-z0-9]/g, '-')}`);
  const bin = join(place, 'root', 'bin');
  mkdirSync(bin, { recursive: true });
  mkdirSync(join(place, 'root', 'tmp'));
  copyFileSync('/bin/busybox', join(bin, 'busybox'));
  for (const program of ['sh', 'sleep', 'dd', 'cat', 'head', 'tail', 'wget', 'true'])
    symlinkSync('busybox', join(bin, program));
  execFileSync('tar', ['-C', join(place, 'root'), '--owner=0', '--group=0', '-cf', join(place, 'layer.tar'), '.']);
  const sum = createHash('sha256')
    .update(readFileSync(join(place, 'layer.tar')))
    .digest('hex');
  const config = {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: { Cmd: command, Env: ['PATH=/bin'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${sum}`] },
  };
  writeFileSync(join(place, 'config.json'), JSON.stringify(config));
  const manifest = [{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }];
  writeFileSync(join(place, 'manifest.json'), JSON.stringify(manifest));
  const archive = join(dir, `${name.replace(/[^a-z0-9]/g, '-')}.tar`);
  execFileSync('tar', ['-C', place, '-cf', archive, 'manifest.json', 'config.json', 'layer.tar']);
  rmSync(place, { recursive: true });
  return archive;
}
