/** What the receivers say about themselves: rows of the pipeline's. */
import { type PipelineMetric, row } from './pipelinerow.ts';

export const RECEIVED_METRICS: readonly PipelineMetric[] = [
  row(
    'plimsoll_received_requests_total',
    'counter',
    ['protocol', 'result'],
    'Bodies from others, by protocol (remote_write_1, remote_write_2, influx, import): accepted, partial (some of it was not kept), or refused_<reason>.',
  ),
  row('plimsoll_received_bytes_total', 'counter', ['protocol'], 'Bytes of bodies from others, as received.'),
  row(
    'plimsoll_received_samples_total',
    'counter',
    ['protocol'],
    'Samples from others: those accepted and those dropped.',
  ),
  row(
    'plimsoll_received_samples_accepted_total',
    'counter',
    ['protocol'],
    'Samples from others that are in the store.',
  ),
  row(
    'plimsoll_received_samples_dropped_total',
    'counter',
    ['protocol', 'reason'],
    'Samples from others that were not kept: string (a text in line protocol), histogram (native), bad_labels, label_limits (too many or too long), sender_series (a sender has as many as it may), bad_time, bad_body (the rest of it could not be read), and what the store says: too_old, too_far_ahead, duplicate (another value at the same time), max_series, unwritable.',
  ),
  row('plimsoll_received_bad_lines_total', 'counter', ['protocol'], 'Lines from others that are none.'),
  row(
    'plimsoll_received_ignored_total',
    'counter',
    ['protocol', 'what'],
    'What came beside samples and is not kept: exemplar, created_timestamp.',
  ),
  row(
    'plimsoll_received_series',
    'gauge',
    [],
    'Series that others have written to in the last half an hour to an hour, as they count against receive.max_series.',
  ),
  row('plimsoll_received_senders', 'gauge', [], 'Addresses that those are from.'),
  row(
    'plimsoll_received_series_forgotten_total',
    'counter',
    [],
    'Series that no longer count against receive.max_series, because nobody wrote to them for so long.',
  ),
];
