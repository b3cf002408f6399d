/** TCP sockets of a container's network namespace by state, and the kernel's TCP counters there. */
import { family, type MetricDef } from '../model/family.ts';

/** The states in the order of the kernel's numbers, which begin at 1. */
export const TCP_STATES = [
  'established',
  'synsent',
  'synrecv',
  'finwait1',
  'finwait2',
  'timewait',
  'close',
  'closewait',
  'lastack',
  'listen',
  'closing',
] as const;

export type TcpState = (typeof TCP_STATES)[number];
type TcpKey = TcpState | `${TcpState}6`;

/** Of a group: its connections, and those that pile up: not accepted, not answered, not closed. */
const ASKED: ReadonlySet<TcpState> = new Set(['established', 'synsent', 'synrecv', 'timewait', 'closewait']);

function states(): Record<TcpKey, MetricDef> {
  const defs: [TcpKey, MetricDef][] = TCP_STATES.flatMap((state): [TcpKey, MetricDef][] => [
    [state, socketsIn(state, 'tcp')],
    [`${state}6`, socketsIn(state, 'tcp6')],
  ]);
  return Object.fromEntries(defs) as Record<TcpKey, MetricDef>;
}

function socketsIn(state: TcpState, table: 'tcp' | 'tcp6'): MetricDef {
  return {
    metric: `container_network_${table}_usage_total`,
    kind: 'gauge',
    unit: 'none',
    grouped: ASKED.has(state) && ['sum'],
    labels: { tcp_state: state },
    help: `${table === 'tcp' ? 'IPv4' : 'IPv6'} TCP sockets by state.`,
    source: `/proc/<pid>/net/${table}, column st`,
  };
}

export const tcp = family({
  name: 'tcp',
  ofNetwork: true,
  help: 'TCP sockets by state. The kernel walks all sockets of the machine for each container, so it is off by default.',
  byDefault: false,
  metrics: states(),
});

export const advtcp = family({
  name: 'advtcp',
  ofNetwork: true,
  help: 'The kernel’s TCP counters, by their names in lower case.',
  dims: ['tcp_state'],
  byDefault: false,
  metrics: {
    count: {
      metric: 'container_network_advance_tcp_stats_total',
      kind: 'counter',
      unit: 'none',
      // Its rows are different things: a group, where rows are summed, would add retransmissions to opened connections.
      grouped: false,
      help: 'TCP counters (retranssegs, listendrops, tcptimeouts …). Constants and currestab, which are no counters, are left out.',
      source: '/proc/<pid>/net/snmp Tcp, /proc/<pid>/net/netstat TcpExt',
    },
  },
});
