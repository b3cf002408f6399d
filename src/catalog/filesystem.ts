/** Space and inodes: of the machine's file systems, of containers' writable layers, of containers' volumes. */
import { family } from '../model/family.ts';

export const filesystem = family({
  name: 'filesystem',
  help: 'File systems of the machine (id="/"), and what containers have written into their own layer. Read on a slow schedule.',
  dims: ['device'],
  metrics: {
    usage: {
      metric: 'container_fs_usage_bytes',
      kind: 'gauge',
      unit: 'bytes',
      grouped: ['sum', 'max'],
      help: 'Bytes in use: of the file system, or of the container’s own layer and its log.',
      source:
        'host: statfs; container: st_blocks * 512 over the overlay upper directory and the log (its folder, if that is the container’s own), hard links once',
    },
    limit: {
      metric: 'container_fs_limit_bytes',
      kind: 'gauge',
      unit: 'bytes',
      help: 'Size of the file system; for a container, of the one that its layer is on.',
      source: 'statfs',
    },
    inodesTotal: {
      metric: 'container_fs_inodes_total',
      kind: 'gauge',
      unit: 'none',
      help: 'Inodes that the file system can have, for a container the one that its layer is on; absent where there is no fixed number.',
      source: 'statfs',
    },
    inodesFree: {
      metric: 'container_fs_inodes_free',
      kind: 'gauge',
      unit: 'none',
      help: 'Inodes that are free in that file system.',
      source: 'statfs',
    },
    inodesUsed: {
      metric: 'container_fs_inodes_used',
      kind: 'gauge',
      unit: 'none',
      grouped: ['sum'],
      help: 'Inodes in use: of the file system, or of the container’s own layer and its log.',
      source: 'host: statfs; container: counted',
    },
  },
});

export const volume = family({
  name: 'volume',
  help: 'Space taken by the volumes of containers. A volume that several containers mount is counted for each.',
  dims: ['volume'],
  byDefault: false,
  metrics: {
    usage: {
      metric: 'container_volume_usage_bytes',
      kind: 'gauge',
      unit: 'bytes',
      help: 'Bytes in use in the volume.',
      source: 'st_blocks * 512 over the volume’s directory, hard links once',
    },
    inodes: {
      metric: 'container_volume_inodes_used',
      kind: 'gauge',
      unit: 'none',
      help: 'Inodes in use in the volume.',
      source: 'counted',
    },
  },
});
