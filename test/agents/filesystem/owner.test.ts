import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { isProcessOf } from '../../../agents/filesystem/owner.ts';

const ID = '1d5f5bc4171f713aad5a2a3050db0cbc3916dcc6e12d9a197611505041f79992';
const root = mkdtempSync(join(tmpdir(), 'plimsoll-owner-'));
afterAll(() => rmSync(root, { recursive: true }));

function process(pid: number, ...lines: string[]): void {
  mkdirSync(join(root, String(pid)));
  writeFileSync(join(root, String(pid), 'mountinfo'), `${lines.join('\n')}\n`);
}

/** Recorded of rootless Podman 4.3 and of rootless Docker 20.10. */
process(
  10,
  '388 387 0:52 / / rw,relatime - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w',
  `402 394 254:0 /tmp/home/run/containers/overlay-containers/${ID}/userdata/.containerenv /run/.containerenv rw,relatime - ext4 /dev/vda rw`,
);
process(
  11,
  `2133 2114 254:0 /home/x/.local/share/docker/containers/${ID}/hostname /etc/hostname rw,relatime - ext4 /dev/vda rw`,
);
// The engine's own process sees the container's memory mounted, as the whole machine may.
process(
  12,
  `500 30 0:60 / /home/x/.local/share/docker/containers/${ID}/mounts/shm rw,nosuid - tmpfs shm rw,size=65536k`,
  '31 30 254:0 /etc/hostname /etc/hostname rw,relatime - ext4 /dev/vda rw',
);

test.each([
  [10, true],
  [11, true],
  [12, false],
  // It has gone.
  [13, false],
])('process %i: %s', (pid, expected) => {
  expect(isProcessOf(root, pid, ID)).toBe(expected);
  expect(isProcessOf(root, pid, ID.replace('1', '2'))).toBe(false);
});
