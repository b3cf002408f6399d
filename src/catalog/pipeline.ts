/**
 * What the pipeline says about itself: the names that start with `plimsoll_`, and three of cAdvisor's that mean the same. The programs
 * may register no other; METRICS.md lists these with the rest.
 */
import type { Kind } from '../model/shape.ts';

export interface PipelineMetric {
  readonly metric: string;
  readonly kind: Kind;
  readonly labels: readonly string[];
  readonly help: string;
}

const row = (metric: string, kind: Kind, labels: readonly string[], help: string): PipelineMetric => ({
  metric,
  kind,
  labels,
  help,
});

export const PIPELINE_METRICS = [
  row('plimsoll_build_info', 'gauge', ['version', 'role', 'node_version'], 'Always 1; which build this is.'),
  row(
    'plimsoll_source_up',
    'gauge',
    ['source'],
    '1 if the source answered in the last tick, else 0. An engine’s (docker) is 0 while the engine does not answer, although what is known of its containers is still told; an engine that never was there is no fault.',
  ),
  row('plimsoll_source_duration_seconds', 'gauge', ['source'], 'How long the source took in the last tick.'),
  row('plimsoll_source_samples', 'gauge', ['source'], 'Samples that the source gave in the last tick.'),
  row('plimsoll_source_failures_total', 'counter', ['source'], 'Ticks in which the source failed or was late.'),
  row(
    'plimsoll_source_losses_total',
    'counter',
    ['source', 'reason'],
    'Things that the source found and left out, by reason: a budget, a cap, no permission. put_off: a cgroup for which a tick had no time; on /metrics its last reading stands in for one tick, with that reading’s time.',
  ),
  row('plimsoll_agent_ticks_total', 'counter', [], 'Ticks run.'),
  row('plimsoll_agent_ticks_missed_total', 'counter', [], 'Ticks left out because the one before took too long.'),
  row('plimsoll_agent_last_tick_seconds', 'gauge', [], 'When the last tick began, Unix time.'),
  row('plimsoll_agent_tick_duration_seconds', 'gauge', [], 'How long the last tick took.'),
  row('plimsoll_agent_containers', 'gauge', ['state'], 'Containers known, by state.'),
  row('plimsoll_agent_descriptors_kept', 'gauge', [], 'Kernel files kept open.'),
  row('plimsoll_agent_read_errors_total', 'counter', ['source'], 'Unexpected errors of single kernel files.'),
  row('plimsoll_agent_filtered', 'gauge', [], 'Containers left out by include, exclude or their own label.'),
  row('plimsoll_engine_up', 'gauge', ['engine'], '1 while the engine’s event stream is connected, else 0.'),
  row('plimsoll_engine_events_total', 'counter', ['engine'], 'Events of the engine that concerned containers.'),
  row('plimsoll_engine_requests_total', 'counter', ['engine', 'call'], 'Requests made to the engine.'),
  row('plimsoll_engine_errors_total', 'counter', ['engine', 'call'], 'Requests to the engine that failed.'),
  row('plimsoll_engine_reconnects_total', 'counter', ['engine'], 'Times the event stream was opened again.'),
  row(
    'plimsoll_engine_limited_total',
    'counter',
    ['engine', 'what'],
    'What the engine told and was not taken whole: a label_value cut, a label left out (key too long, too many), a container beyond the cap.',
  ),
  row(
    'plimsoll_push_samples_total',
    'counter',
    ['result'],
    'Samples for the collector: offered, acknowledged, or dropped_<reason>.',
  ),
  row(
    'plimsoll_push_queue_batches',
    'gauge',
    [],
    'Batches kept because they are not durable at the collector: those that wait for it, in memory and on disk, and those it has taken.',
  ),
  row(
    'plimsoll_push_taken_batches',
    'gauge',
    [],
    'Batches that the collector has taken and that are not durable there yet.',
  ),
  row('plimsoll_push_spool_batches', 'gauge', [], 'Batches kept on disk; 0 while the collector takes them in time.'),
  row('plimsoll_push_spool_bytes', 'gauge', [], 'Disk that the batches kept there use.'),
  row(
    'plimsoll_push_spool_errors_total',
    'counter',
    ['what'],
    'Times that a batch could not be written to the disk or removed from it (disk), and things found damaged there (damaged).',
  ),
  row(
    'plimsoll_push_rewinds_total',
    'counter',
    [],
    'Times that batches which were taken were sent again, because the collector was restarted before they were durable.',
  ),
  row(
    'plimsoll_push_queue_samples',
    'gauge',
    [],
    'Samples that are not durable at the collector: offered less acknowledged and dropped.',
  ),
  row('plimsoll_push_queue_bytes', 'gauge', [], 'Memory of the batches kept for the collector.'),
  row('plimsoll_push_retries_total', 'counter', [], 'Deliveries to the collector that had to be tried again.'),
  row(
    'plimsoll_collector_catching_up',
    'gauge',
    [],
    '1 while windows that were missed are closed as agents send what they kept; 0 when windows close by the clock.',
  ),
  row(
    'plimsoll_collector_behind_seconds',
    'gauge',
    [],
    'How far the windows are behind the present while they are being caught up with; 0 otherwise.',
  ),
  row(
    'plimsoll_http_refused_total',
    'counter',
    ['reason'],
    'Requests and connections refused or ended, by reason: token, host (a host name that is not answered), connections (too many at a time), pipelined (too many requests sent ahead), answers (too many large answers under way), stalled (took nothing of its answer while others waited, or for 30 s).',
  ),
  row(
    'plimsoll_exposition_duplicates_total',
    'counter',
    [],
    'Series left out of /metrics because another had the same name and labels.',
  ),
  row(
    'plimsoll_collector_batches_total',
    'counter',
    ['result'],
    'Bodies from agents: accepted, duplicate, or the reason they were refused for.',
  ),
  row('plimsoll_collector_batches_missing_total', 'counter', [], 'Batches that an agent numbered and that never came.'),
  row('plimsoll_collector_bytes_total', 'counter', [], 'Bytes of bodies from agents, as received.'),
  row(
    'plimsoll_collector_dictionary_bytes',
    'gauge',
    [],
    'Memory that the agents’ descriptions of containers, labels and rows take, as reckoned.',
  ),
  row('plimsoll_collector_dictionary_limit_bytes', 'gauge', [], 'What they may take: collector.max_dictionaries.'),
  row('plimsoll_collector_sessions', 'gauge', [], 'Agents with a session.'),
  row(
    'plimsoll_collector_agent_clock_offset_seconds',
    'gauge',
    ['node'],
    'The agent’s clock minus the collector’s; 0 while that is at most a second, else its readings are put into the collector’s time.',
  ),
  row('plimsoll_collector_sessions_evicted_total', 'counter', ['reason'], 'Sessions ended, by reason.'),
  row(
    'plimsoll_collector_samples_received_total',
    'counter',
    [],
    'Samples received; equals accepted, dropped and pending together.',
  ),
  row('plimsoll_collector_samples_accepted_total', 'counter', [], 'Samples that went into a window.'),
  row(
    'plimsoll_collector_samples_dropped_total',
    'counter',
    ['reason'],
    'Samples that went into no window, by reason.',
  ),
  row('plimsoll_collector_samples_pending', 'gauge', [], 'Samples waiting for their window to close.'),
  row('plimsoll_collector_waiting_bytes', 'gauge', [], 'Memory of the readings that wait for their window to close.'),
  row('plimsoll_collector_waiting_limit_bytes', 'gauge', [], 'What they may take: collector.max_waiting.'),
  row(
    'plimsoll_collector_tables_refused_total',
    'counter',
    [],
    'Tables for which there was no room to wait, whatever numbers they held; the numbers are dropped as pending_limit.',
  ),
  row('plimsoll_collector_series', 'gauge', [], 'Series held.'),
  row('plimsoll_collector_groups', 'gauge', [], 'Groups held, over all levels.'),
  row(
    'plimsoll_collector_groups_refused_total',
    'counter',
    ['level'],
    'Times that a container was left out of a level, each window anew, because collector.max_groups was reached.',
  ),
  row('plimsoll_collector_evictions_total', 'counter', ['what'], 'State forgotten because it went stale.'),
  row(
    'plimsoll_collector_increases_total',
    'counter',
    ['case'],
    'Counter readings that were no plain increase, by what they were: first, newcomer, resets, backward, gaps, implausible.',
  ),
  row('plimsoll_collector_windows_total', 'counter', [], 'Windows closed.'),
  row('plimsoll_collector_last_window_seconds', 'gauge', [], 'End of the window closed last, Unix time.'),
  row(
    'plimsoll_sink_samples_received_total',
    'counter',
    ['sink'],
    'Samples offered to the sink; equals delivered, dropped and queued together.',
  ),
  row('plimsoll_sink_samples_delivered_total', 'counter', ['sink'], 'Samples that the sink took.'),
  row('plimsoll_sink_samples_dropped_total', 'counter', ['sink', 'reason'], 'Samples lost at the sink, by reason.'),
  row('plimsoll_sink_queue_samples', 'gauge', ['sink'], 'Samples waiting for the sink.'),
  row('plimsoll_sink_queue_frames', 'gauge', ['sink'], 'Windows waiting for the sink.'),
  row('plimsoll_sink_retries_total', 'counter', ['sink'], 'Deliveries that had to be tried again.'),
  row('plimsoll_sink_up', 'gauge', ['sink'], '1 if the sink took the last delivery, else 0.'),
  row('plimsoll_sink_last_success_seconds', 'gauge', ['sink'], 'When the sink last took something, Unix time.'),
  row(
    'cadvisor_version_info',
    'gauge',
    ['kernelVersion', 'osVersion', 'dockerVersion', 'cadvisorVersion', 'cadvisorRevision'],
    'Always 1, on the agent, under cAdvisor’s name for dashboards that ask for it; cadvisorVersion is ours, with plimsoll- before it.',
  ),
  row(
    'container_scrape_error',
    'gauge',
    [],
    '1 if a source of containers’ numbers was not up in the last tick, else 0; plimsoll_source_up says which. On the agent, under cAdvisor’s name.',
  ),
  row(
    'machine_scrape_error',
    'gauge',
    [],
    '1 if a source of the machine’s numbers was not up in the last tick, else 0. On the agent, under cAdvisor’s name.',
  ),
] as const satisfies readonly PipelineMetric[];
