/** Windows of a small cluster, whose numbers are arithmetic: one node, two pods, three containers; `step` 0, 1, 2 … are ten seconds apart. */
import type { Frame } from '../../src/model/batch.ts';
import { frame, likeShape, table, T0, type TableText } from './tables.ts';

const NODE = { node: 'n1', id: '/' };
const WEB = { node: 'n1', id: '/w', namespace: 'shop', pod: 'web-0', container: 'web', image: 'shop/web:1' };
const LOG = { node: 'n1', id: '/l', namespace: 'shop', pod: 'web-0', container: 'log', image: 'shop/log:1' };
const DB = { node: 'n1', id: '/d', namespace: 'data', pod: 'db-0', container: 'db', image: 'db:16' };
const PAUSE = { node: 'n1', id: '/p', namespace: 'shop', pod: 'web-0', interface: 'eth0' };
const UNIT = { node: 'n1', id: '/system.slice/cron.service' };

export function heapsterFrame(step: number): Frame {
  const timeMs = T0 + step * 10_000 + 3000;
  const of = (measurement: string, columns: TableText['columns'], rows: TableText['rows']) =>
    table({ measurement, columns, rows, timeMs });
  const total = { metric: 'container_cpu_usage_seconds_total', labels: [['cpu', 'total']] as const };
  return frame(
    [
      // 2.5, 0.1, 1 and 5 seconds in each window of ten.
      of(
        'container_cpu',
        [total],
        [
          [WEB, [100 + 2.5 * step]],
          [LOG, [1 + 0.1 * step]],
          [DB, [7 + step]],
          [NODE, [1000 + 5 * step]],
          [UNIT, [3 + step]],
        ],
      ),
      of(
        'container_memory',
        ['container_memory_usage_bytes', 'container_memory_working_set_bytes'],
        [
          [WEB, [5000, 4096]],
          [LOG, [200, 100]],
          [DB, [30, 7]],
          [NODE, [60_000, 50_000]],
        ],
      ),
      of('container_network', ['container_network_receive_bytes_total'], [[PAUSE, [100 * step]]]),
      of(
        'container_state',
        ['container_start_time_seconds'],
        [
          [WEB, [T0 / 1000 - 60]],
          [LOG, [T0 / 1000 - 30]],
        ],
      ),
      of('machine', ['machine_cpu_cores', 'machine_memory_bytes'], [[NODE, [4, 240_000]]]),
      of(
        'container_filesystem',
        ['container_fs_usage_bytes'],
        [
          [{ ...NODE, device: '/dev/sda1' }, [900]],
          [{ ...NODE, device: '/dev/sdb1' }, [50]],
          [{ ...WEB, device: 'overlay' }, [12]],
        ],
      ),
      likeShape(
        of('service_cpu', ['service_cpu_usage_seconds_total'], []),
        table({ level: 'service', columns: ['service_cpu_usage_seconds_total'], rows: [[{ service: 'x' }, [1]]] }),
      ),
    ],
    T0 + step * 10_000,
  );
}
