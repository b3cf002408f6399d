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
  ofNetwork: true,
  help:
    'Network traffic by interface, of containers with a network namespace of their own and of the host. Loopback is left out. So is what ' +
    'lies between others and would count the same bytes again: of the host only the interfaces of devices are there, as /sys/class/net tells (no ' +
    'bridge, no veth or tap, no VLAN, bond, macvlan or tunnel over one of them; where a machine has no device, what their names tell). In a ' +
    'container engines’ bridges and cables are left out if it has another interface, and a `veth0` of its own counts; its VLANs, bonds and ' +
    'tunnels are shown and groups do not add them. Of a container whose engine runs inside of another container groups add nothing: its bytes ' +
    'pass through the outer one’s interface; one that merely has its cgroup there (`--cgroup-parent`) has its own cable to the machine’s bridge, ' +
    'and counts.',
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
