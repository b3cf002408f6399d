/** The parts of the checks in the order in which they run: those that set up the system's Docker anew come last. */
import { cgroupfsDriver, containerdStore, everything } from './parts/docker.ts';
import { childKilled, engineRestarted, twoSeconds } from './parts/endings.ts';
import { inside } from './parts/inside.ts';
import { kubernetes } from './parts/kubernetes.ts';
import { podman } from './parts/podman.ts';
import { rootlessDocker, rootlessPodman } from './parts/rootless.ts';
import { throttling } from './parts/throttling.ts';
import { io, network } from './parts/traffic.ts';
import { units } from './parts/units.ts';
import type { Part } from './stage.ts';

export const PARTS: readonly Part[] = [
  { run: throttling },
  { run: io },
  { run: network },
  { run: childKilled },
  { run: twoSeconds },
  { run: engineRestarted },
  { run: everything },
  { run: inside },
  { run: units },
  { run: kubernetes },
  { run: podman },
  { run: rootlessPodman },
  { run: rootlessDocker },
  { run: cgroupfsDriver },
  // Docker 20.10 of bookworm has no such store.
  { run: containerdStore, releases: ['trixie', 'forky'] },
];
