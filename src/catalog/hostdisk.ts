/** What only a whole disk has, beside what the family diskio says of it. Rows only for `id="/"`. */
import { family, type MetricDef } from '../model/family.ts';

const counter = (metric: string, field: string, help: string, unit: 'seconds' | 'none'): MetricDef => ({
  metric,
  kind: 'counter',
  unit,
  grouped: false,
  help,
  source: `/proc/diskstats, ${field}`,
});

export const disk = family({
  name: 'disk',
  help: 'Whole disks of the machine: how long they were busy. Partitions, loop and RAM devices are left out.',
  dims: ['device'],
  metrics: {
    ioTime: counter(
      'container_fs_io_time_seconds_total',
      'field 13 (ms)',
      'Time in which the disk had something to do.',
      'seconds',
    ),
    ioTimeWeighted: counter(
      'container_fs_io_time_weighted_seconds_total',
      'field 14 (ms)',
      'Time in which the disk had something to do, times the number of requests it had.',
      'seconds',
    ),
    sectorReads: counter('container_fs_sector_reads_total', 'field 6', 'Sectors of 512 bytes read.', 'none'),
    sectorWrites: counter('container_fs_sector_writes_total', 'field 10', 'Sectors of 512 bytes written.', 'none'),
  },
});
