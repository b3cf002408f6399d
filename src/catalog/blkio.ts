/** Bytes per device and operation under the older name; the same bytes as in diskio, so off unless switched on. */
import { family } from '../model/family.ts';

export const blkio = family({
  name: 'blkio',
  help: 'Bytes per device and operation.',
  byDefault: false,
  dims: ['device', 'major', 'minor', 'operation'],
  metrics: {
    usage: {
      metric: 'container_blkio_device_usage_total',
      kind: 'counter',
      unit: 'bytes',
      grouped: false,
      help: 'Bytes by device and operation, in bytes.',
      source: 'v2 io.stat rbytes, wbytes, dbytes; v1 blkio.throttle.io_service_bytes_recursive, else bfq or cfq',
    },
  },
});
