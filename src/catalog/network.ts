/** Network traffic of a container's own network namespace, and of the host, by interface. */
import { family, type MetricDef } from '../model/family.ts';

const counter = (metric: string, unit: 'bytes' | 'none', help: string, source: string): MetricDef => ({
  metric,
  kind: 'counter',
  unit,
  help,
  source: `/proc/<pid>/net/dev ${source}`,
});

export const network = family({
  name: 'network',
  help:
    'Network traffic by interface, of containers with a network namespace of their own and of the host. Loopback is left out; so are an engine’s ' +
    'bridges and cables (`docker*`, `nerdctl*`, `veth*`) on the host, and in a container that has another interface: what goes through them is ' +
    'counted where it comes from and where it leaves.',
  dims: ['interface'],
  metrics: {
    receiveBytes: counter('container_network_receive_bytes_total', 'bytes', 'Bytes received.', 'receive bytes'),
    receivePackets: counter('container_network_receive_packets_total', 'none', 'Packets received.', 'receive packets'),
    receiveErrors: counter('container_network_receive_errors_total', 'none', 'Errors while receiving.', 'receive errs'),
    receiveDropped: counter(
      'container_network_receive_packets_dropped_total',
      'none',
      'Packets received and dropped.',
      'receive drop',
    ),
    transmitBytes: counter('container_network_transmit_bytes_total', 'bytes', 'Bytes sent.', 'transmit bytes'),
    transmitPackets: counter('container_network_transmit_packets_total', 'none', 'Packets sent.', 'transmit packets'),
    transmitErrors: counter(
      'container_network_transmit_errors_total',
      'none',
      'Errors while sending.',
      'transmit errs',
    ),
    transmitDropped: counter(
      'container_network_transmit_packets_dropped_total',
      'none',
      'Packets dropped while sending.',
      'transmit drop',
    ),
  },
});
