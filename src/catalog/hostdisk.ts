/** What only a whole disk has, beside the bytes and operations that containers have too. Rows only for `id="/"`. */
import { family, type MetricDef } from '../model/family.ts';

const counter = (metric: string, field: string, help: string, unit: 'seconds' | 'none' = 'none'): MetricDef => ({
  metric,
  kind: 'counter',
  unit,
  grouped: false,
  help,
  source: `/proc/diskstats, ${field}`,
});

export const disk = family({
  name: 'disk',
  help: 'Whole disks of the machine: times, merged requests, queue. Partitions, loop and RAM devices are left out.',
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
    readTime: counter('container_fs_read_seconds_total', 'field 7 (ms)', 'Time that all reads took.', 'seconds'),
    writeTime: counter('container_fs_write_seconds_total', 'field 11 (ms)', 'Time that all writes took.', 'seconds'),
    readsMerged: counter('container_fs_reads_merged_total', 'field 5', 'Reads merged into others.'),
    writesMerged: counter('container_fs_writes_merged_total', 'field 9', 'Writes merged into others.'),
    sectorReads: counter('container_fs_sector_reads_total', 'field 6', 'Sectors of 512 bytes read.'),
    sectorWrites: counter('container_fs_sector_writes_total', 'field 10', 'Sectors of 512 bytes written.'),
    ioCurrent: {
      metric: 'container_fs_io_current',
      kind: 'gauge',
      unit: 'none',
      help: 'Requests that the disk has now.',
      source: '/proc/diskstats, field 12',
    },
  },
});
