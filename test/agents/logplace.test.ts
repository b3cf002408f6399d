/** Which part of the disk a container's log takes. */
import { expect, test } from 'vitest';
import { logPlace } from '../../agents/sources.ts';

const ID = 'e9784bc6e300a3cfcd25e832352647eed5e8eba916973db2a5dc81276baefb08';

test.each([
  // Docker's json-file, and Podman's k8s-file: a folder of the container's own, with the parts rotated away.
  [`/var/lib/docker/containers/${ID}/${ID}-json.log`, [`/var/lib/docker/containers/${ID}`]],
  [
    `/var/lib/containers/storage/overlay-containers/${ID}/userdata/ctr.log`,
    [`/var/lib/containers/storage/overlay-containers/${ID}/userdata`],
  ],
  // podman run --log-opt path=…: the rest of the folder is not the container's.
  ['/var/log/web.log', ['/var/log/web.log']],
  ['/web.log', ['/web.log']],
  [`/var/log/${ID}.log`, [`/var/log/${ID}.log`]],
  ['', []],
])('a log in a folder that is not the container’s own is charged alone: %s', (path, dirs) => {
  expect(logPlace(path, ID)).toEqual(dirs);
});
