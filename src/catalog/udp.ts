/** UDP sockets of a container's network namespace, what waits in them and what they dropped. */
import { family, type MetricDef } from '../model/family.ts';

/** Of a group: what waits in its members' sockets, and what they lost. */
const ASKED = new Set(['dropped', 'rxqueued', 'txqueued']);

const gauge = (table: 'udp' | 'udp6', state: string, source: string): MetricDef => ({
  metric: `container_network_${table}_usage_total`,
  kind: 'gauge',
  unit: 'none',
  labels: { udp_state: state },
  grouped: ASKED.has(state) && ['sum'],
  // One help text per metric name: the states differ only in their label.
  help: `${table === 'udp' ? 'IPv4' : 'IPv6'} UDP: listen, sockets that take datagrams from anyone; dropped, datagrams dropped by the sockets that are open now; rxqueued and txqueued, bytes that wait to be read or sent.`,
  source: `/proc/<pid>/net/${table}, ${source}`,
});

export const udp = family({
  name: 'udp',
  ofNetwork: true,
  help: 'UDP sockets and their queues.',
  byDefault: false,
  metrics: {
    listen: gauge('udp', 'listen', 'lines with st 07'),
    dropped: gauge('udp', 'dropped', 'column drops'),
    rxqueued: gauge('udp', 'rxqueued', 'column rx_queue'),
    txqueued: gauge('udp', 'txqueued', 'column tx_queue'),
    listen6: gauge('udp6', 'listen', 'lines with st 07'),
    dropped6: gauge('udp6', 'dropped', 'column drops'),
    rxqueued6: gauge('udp6', 'rxqueued', 'column rx_queue'),
    txqueued6: gauge('udp6', 'txqueued', 'column tx_queue'),
  },
});
