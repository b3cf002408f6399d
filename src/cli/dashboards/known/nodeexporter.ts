/**
 * node_exporter's names and what says the same here. The host is `id="/"` of the container metrics, and has metrics of its own that begin
 * with `machine_`. Names from before its version 0.16 stand beside the newer ones.
 */
import type { Program } from './other.ts';
import { row } from './other.ts';

const HOST = 'The host is id="/".';
const DISK = 'The host is id="/"; the label device holds the whole path ("/dev/sda", not "sda").';
const NET = 'The host is id="/"; the label is interface, not device; bridges, veth and loopback are left out.';
const FILES = 'The host is id="/", one row per device; there is no label mountpoint or fstype.';
const STAYS = 'Plimsoll does not read this; keep node_exporter for it.';

export const NODE_EXPORTER: Program = {
  from: 'node_exporter',
  others: [
    row(
      'node_cpu_seconds_total node_cpu',
      'machine_cpu_seconds_total',
      'Has the label mode; over all CPUs, no label cpu: divide by machine_cpu_cores.',
    ),
    row('node_load1', 'machine_load1', 'Another name.'),
    row('node_load5', 'machine_load5', 'Another name.'),
    row('node_load15', 'machine_load15', 'Another name.'),
    row('node_memory_MemTotal_bytes node_memory_MemTotal', 'machine_memory_bytes', 'Another name.'),
    row('node_memory_MemAvailable_bytes node_memory_MemAvailable', 'machine_memory_available_bytes', 'Another name.'),
    row(
      'node_memory_MemFree_bytes node_memory_MemFree',
      'machine_memory_available_bytes',
      'What is free without the page cache is not exposed; what can be had is.',
    ),
    row(
      'node_memory_Cached_bytes node_memory_Cached node_memory_Buffers_bytes node_memory_Buffers',
      'container_memory_cache{id="/"}',
      'Cache and buffers are one number, the page cache of the host.',
    ),
    row('node_memory_Active_file_bytes', 'container_memory_total_active_file_bytes{id="/"}', HOST),
    row('node_memory_Inactive_file_bytes', 'container_memory_total_inactive_file_bytes{id="/"}', HOST),
    row('node_memory_Mapped_bytes', 'container_memory_mapped_file{id="/"}', HOST),
    row('node_memory_AnonPages_bytes', 'container_memory_rss{id="/"}', HOST),
    row('node_memory_Dirty_bytes', 'container_memory_file_dirty_bytes{id="/"}', HOST),
    row('node_memory_Writeback_bytes', 'container_memory_file_writeback_bytes{id="/"}', HOST),
    row('node_memory_SwapTotal_bytes node_memory_SwapTotal', 'machine_swap_bytes', 'Another name.'),
    row(
      'node_memory_SwapFree_bytes node_memory_SwapFree',
      'machine_swap_bytes - on(instance) container_memory_swap{id="/"}',
      'Swap used is exposed, and all there is.',
    ),
    row(/^node_memory_/, undefined, STAYS),
    row('node_boot_time_seconds node_boot_time', 'machine_boot_time_seconds', 'Another name.'),
    row(
      'node_time_seconds node_time',
      'time()',
      'The clock of Prometheus: agents whose clock is wrong are in plimsoll_collector_agent_clock_offset_seconds.',
    ),
    row('node_context_switches_total node_context_switches', 'machine_context_switches_total', 'Another name.'),
    row('node_forks_total node_forks', 'machine_forks_total', 'Another name.'),
    row('node_procs_running', 'machine_processes_running', 'Another name.'),
    row('node_procs_blocked', 'machine_processes_blocked', 'Another name.'),
    row(
      'node_uname_info node_os_info node_dmi_info',
      'machine_info',
      'Labels kernel, os, architecture; the host’s name is the label node at the collector, instance at an agent.',
    ),
    row('node_filesystem_size_bytes node_filesystem_size', 'container_fs_limit_bytes{id="/"}', FILES),
    row(
      'node_filesystem_avail_bytes node_filesystem_avail node_filesystem_free_bytes node_filesystem_free',
      'container_fs_limit_bytes{id="/"} - container_fs_usage_bytes{id="/"}',
      FILES,
    ),
    row('node_filesystem_files', 'container_fs_inodes_total{id="/"}', FILES),
    row('node_filesystem_files_free', 'container_fs_inodes_free{id="/"}', FILES),
    row(/^node_filesystem_/, undefined, STAYS),
    row('node_disk_read_bytes_total node_disk_bytes_read', 'container_fs_reads_bytes_total{id="/"}', DISK),
    row('node_disk_written_bytes_total node_disk_bytes_written', 'container_fs_writes_bytes_total{id="/"}', DISK),
    row('node_disk_reads_completed_total node_disk_reads_completed', 'container_fs_reads_total{id="/"}', DISK),
    row('node_disk_writes_completed_total node_disk_writes_completed', 'container_fs_writes_total{id="/"}', DISK),
    row('node_disk_reads_merged_total', 'container_fs_reads_merged_total{id="/"}', DISK),
    row('node_disk_writes_merged_total', 'container_fs_writes_merged_total{id="/"}', DISK),
    row('node_disk_read_time_seconds_total', 'container_fs_read_seconds_total{id="/"}', DISK),
    row('node_disk_write_time_seconds_total', 'container_fs_write_seconds_total{id="/"}', DISK),
    row('node_disk_io_time_seconds_total', 'container_fs_io_time_seconds_total{id="/"}', DISK),
    row('node_disk_io_time_weighted_seconds_total', 'container_fs_io_time_weighted_seconds_total{id="/"}', DISK),
    row('node_disk_io_time_ms', 'container_fs_io_time_seconds_total{id="/"}', `${DISK} Seconds, not milliseconds.`),
    row('node_disk_io_now', 'container_fs_io_current{id="/"}', DISK),
    row(
      'node_disk_discarded_bytes_total node_disk_discarded_sectors_total',
      'container_fs_discards_bytes_total{id="/"}',
      DISK,
    ),
    row(/^node_disk_/, undefined, STAYS),
    row(
      'node_network_receive_bytes_total node_network_receive_bytes',
      'container_network_receive_bytes_total{id="/"}',
      NET,
    ),
    row(
      'node_network_transmit_bytes_total node_network_transmit_bytes',
      'container_network_transmit_bytes_total{id="/"}',
      NET,
    ),
    row('node_network_receive_packets_total', 'container_network_receive_packets_total{id="/"}', NET),
    row('node_network_transmit_packets_total', 'container_network_transmit_packets_total{id="/"}', NET),
    row('node_network_receive_errs_total', 'container_network_receive_errors_total{id="/"}', NET),
    row('node_network_transmit_errs_total', 'container_network_transmit_errors_total{id="/"}', NET),
    row('node_network_receive_drop_total', 'container_network_receive_packets_dropped_total{id="/"}', NET),
    row('node_network_transmit_drop_total', 'container_network_transmit_packets_dropped_total{id="/"}', NET),
    row(/^node_network_/, undefined, STAYS),
    row('node_pressure_cpu_waiting_seconds_total', 'container_pressure_cpu_waiting_seconds_total{id="/"}', HOST),
    row('node_pressure_memory_waiting_seconds_total', 'container_pressure_memory_waiting_seconds_total{id="/"}', HOST),
    row('node_pressure_memory_stalled_seconds_total', 'container_pressure_memory_stalled_seconds_total{id="/"}', HOST),
    row('node_pressure_io_waiting_seconds_total', 'container_pressure_io_waiting_seconds_total{id="/"}', HOST),
    row('node_pressure_io_stalled_seconds_total', 'container_pressure_io_stalled_seconds_total{id="/"}', HOST),
    row('node_vmstat_oom_kill', 'container_oom_events_total{id="/"}', HOST),
    row('node_vmstat_pgfault', 'container_memory_failures_total{id="/",failure_type="pgfault"}', HOST),
    row('node_vmstat_pgmajfault', 'container_memory_failures_total{id="/",failure_type="pgmajfault"}', HOST),
    row(
      'node_sockstat_TCP_inuse node_netstat_Tcp_CurrEstab',
      'container_network_tcp_usage_total',
      'Of containers, by tcp_state; the family tcp has to be switched on.',
    ),
    row(
      'node_procs_threads node_processes_threads node_processes_pids',
      'container_threads{id="/"}',
      'Threads; the host is id="/".',
    ),
    row(
      'node_systemd_unit_state',
      undefined,
      'Units’ states are not read; their CPU and memory are, with agent.cgroups: ["/system.slice/*.service"]. Keep node_exporter for the states.',
    ),
    // A group of the level node would be node_containers…, which is ours.
    row(/^node_(?!containers)/, undefined, STAYS),
  ],
};
