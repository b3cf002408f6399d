/**
 * The one schema of the configuration file, the environment and the flags: every key, its default and what is legal. Keys are
 * snake_case; `agent.interval` is `PLIMSOLL_AGENT_INTERVAL` and `--agent.interval`. The descriptions are the help text.
 */
import * as z from 'zod';
import { dataDir } from './datadir.ts';
import { DEFAULT_LABELS } from './defaultlabels.ts';
import { address, clientTls, duration, optionalDuration, size, text, toggle, webAddress, whole } from './fields.ts';
import { kubelets, kubernetes } from './kubeschema.ts';
import { level } from './levelschema.ts';
import { metricsApi } from './metricsapischema.ts';
import { sink } from './sinkschema.ts';
import { query, receive, store } from './storeschema.ts';

const list = (fallback: string[], description: string) => z.array(z.string()).default(fallback).describe(description);

const selection = (what: string) =>
  z
    .strictObject({
      names: list([], `${what}: names, with * and ? as wildcards`),
      images: list([], `${what}: images`),
      labels: list([], `${what}: labels, as key or key=value`),
      cgroups: list([], `${what}: cgroup paths`),
    })
    .prefault({});

const agent = z.strictObject({
  listen: address('127.0.0.1:9641').describe('address of the agent’s /metrics and /healthz'),
  interval: duration('10s', { min: '100ms', max: '1h' }).describe('time between two ticks, aligned to the clock'),
  deadline: duration('5s', { min: '10ms', max: '10m' }).describe('how long one source may take in a tick'),
  engines: list(['auto'], 'container engines: auto, none, unix:///path, tcp://host:port, ssh://user@host'),
  runtimes: list(
    ['auto'],
    'container runtimes whose files tell of pods: auto, none, containerd:STATE_FOLDER:ROOT_FOLDER, cri-o:FOLDER',
  ),
  pod_logs: text('where the kubelet keeps containers’ logs, whose names tell how often one was restarted').default(
    '/var/log/pods',
  ),
  kubernetes,
  engine_tls: clientTls.describe('certificates for a tcp:// engine'),
  proc: text('where the host’s /proc is').default('/proc'),
  sys: text('where the host’s /sys is').default('/sys'),
  rootfs: text('where the host’s root file system is, for paths that the engine names').default('/'),
  cgroup: text('where the cgroup hierarchies are mounted; found from mountinfo if not set').optional(),
  families: list([], 'families to switch on or, with a minus before the name, off: tcp, -pressure'),
  labels: list(DEFAULT_LABELS, 'container labels that become labels of series, with wildcards'),
  env: list([], 'environment variables of containers that become labels of series, with wildcards'),
  include: selection('read only these'),
  exclude: selection('leave these out'),
  cgroups: list([], 'further cgroups to read, with wildcards: /system.slice/*.service'),
  filesystem: z
    .strictObject({
      enabled: toggle(true, 'measure the containers’ writable layers and the host’s file systems'),
      interval: duration('60s', { min: '1s', max: '24h' }).describe('how often, apart from the tick'),
      budget: duration('10s', { min: '100ms', max: '10m' }).describe('time that one container’s walk may take'),
      inodes: whole(1_000_000, { min: 1, max: 1_000_000_000 }).describe('files that one container’s walk may visit'),
      volumes: toggle(false, 'count the container’s volumes too'),
    })
    .prefault({}),
  timestamps: toggle(
    false,
    'put the time of reading into /metrics; Prometheus then sees vanished series 5 minutes late',
  ),
  push: z
    .strictObject({
      url: webAddress().describe('the collector’s address, http://host:9640').optional(),
      token: text('the collector’s token').optional(),
      token_file: text('file that holds the collector’s token').optional(),
      tls: clientTls,
      timeout: duration('10s', { min: '100ms', max: '10m' }).describe('how long one delivery may take'),
      queue_batches: whole(360, { min: 1, max: 1_000_000 }).describe('batches kept while the collector is away'),
      queue_bytes: size('64MB').describe('memory for batches kept while the collector is away'),
      spill_after: optionalDuration({ min: '100ms', max: '24h' }).describe(
        'a batch that is not durable at the collector after so long is written to data_dir; three ticks if not set',
      ),
      spool_bytes: size('1GB').describe('disk for batches kept while the collector is away; the oldest go first'),
      spool_age: duration('7d', { min: '1m', max: '365d' }).describe('batches older than that are not kept on disk'),
    })
    .prefault({}),
});

const collector = z.strictObject({
  listen: address('127.0.0.1:9640').describe('address of the collector’s /metrics and /api/v1/push'),
  window: duration('10s', { min: '100ms', max: '1h' }).describe('length of the aligned windows'),
  lateness: duration('10s', { min: '0ms', max: '1h' }).describe('how long a window stays open after its end'),
  max_ahead: duration('1m', { min: '1s', max: '1h' }).describe('how far an agent’s clock may be ahead'),
  max_late: duration('24h', { min: '0ms', max: '30d' }).describe(
    'how old what an agent sends after it was away may be, to be written into its own windows',
  ),
  catch_up_wait: duration('60s', { min: '0ms', max: '1h' }).describe(
    'after an outage of the collector: how long an agent that says nothing holds up the others',
  ),
  stale_after: duration('5m', { min: '1s', max: '24h' }).describe('a series without samples for so long is forgotten'),
  group_stale_after: duration('1h', { min: '1s', max: '30d' }).describe(
    'a group without members for so long is forgotten',
  ),
  max_series: whole(2_000_000, { min: 1, max: 100_000_000 }).describe('series in all'),
  max_series_per_node: whole(200_000, { min: 1, max: 100_000_000 }).describe('series of one agent'),
  max_groups: whole(100_000, { min: 1, max: 10_000_000 }).describe(
    'groups over all levels but those of nodes and the cluster',
  ),
  max_body: size('16MB').describe('largest body of an agent, compressed'),
  max_body_unpacked: size('64MB').describe('largest body of an agent, unpacked'),
  max_dictionaries: size('512MB').describe('memory for what all agents describe: containers, labels, rows'),
  max_waiting: size('512MB').describe('memory for readings that wait for their windows to close'),
  max_sessions: whole(10_000, { min: 1, max: 1_000_000 }).describe('agents at a time'),
  levels: z
    .record(z.string().regex(/^[a-z][a-z_]*$/, 'must be lower-case letters'), level.nullable())
    .default({})
    .describe('further levels, or null to switch a standard one off'),
  gauges: z
    .array(z.enum(['sum', 'avg', 'max']))
    .default(['sum', 'avg', 'max'])
    .describe('what groups get of a gauge, of what METRICS.md names for it'),
  kubelets,
  containers: toggle(true, 'serve /metrics/containers, the single containers of all hosts'),
  log: z
    .strictObject({
      max_bytes: size('1GB').describe('disk for closed windows that a sink has not taken yet, in data_dir'),
      max_age: duration('7d', { min: '1m', max: '365d' }).describe('windows older than that are not kept'),
      when_full: z
        .enum(['drop_oldest', 'push_back'])
        .default('drop_oldest')
        .describe('let the oldest windows go, or take nothing more of agents until there is room'),
    })
    .prefault({}),
});

export const schema = z.strictObject({
  node: text('this node’s name; the host name if not set').optional(),
  cluster: text('the cluster’s name').min(1).default('default'),
  token: text('every request but /healthz must carry it').optional(),
  token_file: text('file that holds the token').optional(),
  data_dir: dataDir,
  allowed_hosts: list([], 'host names that the servers answer to beside localhost and loopback addresses'),
  tls: z
    .strictObject({
      cert: text('file with the server’s certificate, PEM').optional(),
      key: text('file with its key, PEM').optional(),
      client_ca: text('file with the certificates that clients’ certificates must be signed by, PEM').optional(),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('least level that is written'),
      format: z.enum(['auto', 'json', 'text']).default('auto').describe('auto: text on a terminal, JSON elsewhere'),
    })
    .prefault({}),
  agent: agent.prefault({}),
  collector: collector.prefault({}),
  receive: receive.prefault({}),
  store: store.prefault({}),
  query: query.prefault({}),
  metrics_api: metricsApi.prefault({}),
  sinks: z
    .record(z.string().regex(/^[a-z][a-z0-9_]*$/, 'must be lower-case letters, digits and _'), sink)
    .default({})
    .describe('where closed windows go, by name'),
});

/** The configuration as the programs use it: everything present, durations in milliseconds, sizes in bytes. */
export type Config = z.output<typeof schema>;
