/**
 * What kubernetes-mixin's compute and network dashboards ask of a kubelet's page, written down anew after its `dashboards/resources/queries/*.libsonnet` and `dashboards/network-usage` (2025), with its defaults for
 * selectors; panels that ask kube-state-metrics or the node exporter alone are left out. And the rules that they build on, after its `rules/apps.libsonnet`.
 */

/** What a panel shows decides how near two readings of a moment apart must be. */
export type Kind = 'cores' | 'cpu share' | 'memory' | 'throttling' | 'network' | 'disk';

export interface Panel {
  readonly dashboard: string;
  readonly panel: string;
  readonly kind: Kind;
  readonly expr: string;
}

/** Stands for the cluster that is asked about. */
export const CLUSTER = 'CLUSTER';
export const SOURCE = 'job="kubelet", metrics_path="/metrics/cadvisor"';
const STATE = 'job="kube-state-metrics"';
/** As it joins the node; `topk` where a pod is told of twice. */
const WITH_NODE =
  '* on (cluster, namespace, pod) group_left(node) topk by (cluster, namespace, pod) (1, max by (cluster, namespace, pod, node) (kube_pod_info{node!=""}))';
const MEMORY = ['working_set_bytes', 'rss', 'cache', 'swap'];
const CPU = 'node_namespace_pod_container:container_cpu_usage_seconds_total';
export const MEMORY_RULES = MEMORY.map((what) => `node_namespace_pod_container:container_memory_${what}`);
/** Of five minutes, and the older one of the last two readings. */
export const CPU_RULES = [`${CPU}:sum_rate5m`, `${CPU}:sum_irate`];

/** Its rules that read a container's series; all its others read these, or kube-state-metrics alone. */
export const RULES: ReadonlyMap<string, string> = new Map([
  ...['rate', 'irate'].map((rate, i): [string, string] => [
    CPU_RULES[i] as string,
    `sum by (cluster, namespace, pod, container) (${rate}(container_cpu_usage_seconds_total{${SOURCE}, image!=""}[5m])) ${WITH_NODE}`,
  ]),
  ...MEMORY.map((what, i): [string, string] => [
    MEMORY_RULES[i] as string,
    `container_memory_${what}{${SOURCE}, image!=""} ${WITH_NODE}`,
  ]),
]);

const INTERVAL = '2m';
const DEVICE = 'device=~"(/dev/)?(mmcblk.p.+|nvme.+|rbd.+|sd.+|vd.+|xvd.+|dm-.+|md.+|dasd.+)"';
const ONE = `cluster="${CLUSTER}"`;
const once = (of: string): string => `max by (cluster, namespace, pod, container) (${of})`;
const sum = (by: string, of: string): string => `sum by (${by}) (${of})`;
const cores = (where: string): string => once(`${CPU}:sum_rate5m{${ONE}${where}}`);
const memory = (what: string, where: string): string => once(`container_memory_${what}{${SOURCE}, ${ONE}${where}}`);

/** Each dashboard is of something, and shows it by something. */
interface View {
  readonly dashboard: string;
  /** Selectors, each after a comma. */
  readonly of: string;
  readonly by: string;
}

const NAMESPACE = ', namespace="default"';
const POD = `${NAMESPACE}, pod="web-0"`;
const CLUSTERS: View = { dashboard: 'cluster', of: '', by: 'namespace' };
const NAMESPACES: View = { dashboard: 'namespace (pods)', of: NAMESPACE, by: 'pod' };
const PODS: View = { dashboard: 'pod', of: `${POD}, container!=""`, by: 'container' };
const NODES: View = { dashboard: 'node (pods)', of: ', node=~"node-1"', by: 'pod' };

/** Usage, and what share of the requests and limits that is, by rules over kube-state-metrics. */
function quotas({ dashboard, of, by }: View, working: string): Panel[] {
  return ['requests', 'limits'].flatMap((what) => {
    const asked = (resource: string): string =>
      by === 'namespace'
        ? sum(by, `namespace_${resource}:kube_pod_container_resource_${what}:sum{${ONE}}`)
        : sum(by, once(`cluster:namespace:pod_${resource}:active:kube_pod_container_resource_${what}{${ONE}${of}}`));
    return [
      panel(dashboard, `CPU ${what} %`, 'cpu share', `${sum(by, cores(of))} / ${asked('cpu')}`),
      panel(dashboard, `memory ${what} %`, 'memory', `${sum(by, working)} / ${asked('memory')}`),
    ];
  });
}

function panel(dashboard: string, name: string, kind: Kind, expr: string): Panel {
  return { dashboard, panel: name, kind, expr };
}

const TRAFFIC = ['receive', 'transmit'].flatMap((way) =>
  ['bytes', 'packets', 'packets_dropped'].map((what) => `container_network_${way}_${what}_total`),
);

function traffic(dashboard: string, { where, by }: { where: string; by: string }): Panel[] {
  return TRAFFIC.flatMap((metric) => {
    const rate = `rate(${metric}{${SOURCE}, ${ONE}${where}}[${INTERVAL}])`;
    return [
      panel(dashboard, metric, 'network', sum(by, rate)),
      panel(dashboard, `${metric}, average`, 'network', `avg by (${by}) (${rate})`),
    ];
  });
}

/** Operations and bytes; `ceil` of all operations, as the panel has it. */
function disks({ dashboard, of, by }: View): Panel[] {
  const rate = (what: string): string =>
    `rate(container_fs_${what}_total{${SOURCE}, ${DEVICE}, container!="", ${ONE}${of}}[${INTERVAL}])`;
  const single = ['reads', 'writes', 'reads_bytes', 'writes_bytes'];
  const all = `ceil(${sum(by, `${rate('reads')} + ${rate('writes')}`)})`;
  return [
    ...single.map((what) => panel(dashboard, `storage: ${what}`, 'disk', sum(by, rate(what)))),
    panel(dashboard, 'storage: reads and writes', 'disk', all),
    panel(dashboard, 'storage: bytes', 'disk', sum(by, `${rate('reads_bytes')} + ${rate('writes_bytes')}`)),
  ];
}

function throttling({ dashboard, of, by }: View): Panel[] {
  const grew = (what: string): string =>
    sum(by, `increase(container_cpu_cfs_${what}_total{${SOURCE}, ${ONE}${of}}[${INTERVAL}])`);
  return [
    panel(dashboard, 'CPU throttling', 'throttling', `${grew('throttled_periods')} / ${grew('periods')}`),
    panel(dashboard, 'CPU throttled seconds', 'cores', grew('throttled_seconds')),
  ];
}

/** Of all that is asked for in a namespace. */
function utilisation(resource: 'cpu' | 'memory', what: 'requests' | 'limits'): Panel {
  const used =
    resource === 'cpu' ? cores(NAMESPACE) : memory('working_set_bytes', `${NAMESPACE}, container!="", image!=""`);
  const asked = `kube_pod_container_resource_${what}{${STATE}, ${ONE}${NAMESPACE}, resource="${resource}"}`;
  const kind = resource === 'cpu' ? 'cpu share' : 'memory';
  return panel(NAMESPACES.dashboard, `${resource} utilisation from ${what}`, kind, `sum(${used}) / sum(${asked})`);
}

const OWNER = 'namespace_workload_pod:kube_pod_owner:relabel';
/** Joined to the workload of each pod. */
function ofWorkload(of: string, by: string, how = 'sum'): string {
  const workload = 'workload=~"web", workload_type=~"deployment"';
  const which = by === 'pod' ? `${NAMESPACE}, ${workload}` : NAMESPACE;
  return `${how} by (${by}) (${of} * on (cluster, namespace, pod) group_left(workload, workload_type) ${OWNER}{${ONE}${which}})`;
}

/** One workload by pod, and a namespace by workload. */
function workloads(dashboard: string, by: string): Panel[] {
  const working = memory('working_set_bytes', `${NAMESPACE}, container!="", image!=""`);
  return [
    panel(dashboard, 'CPU usage', 'cores', ofWorkload(cores(NAMESPACE), by)),
    panel(dashboard, 'memory usage', 'memory', ofWorkload(working, by)),
    ...TRAFFIC.flatMap((metric) => {
      const rate = `rate(${metric}{${SOURCE}, ${ONE}${NAMESPACE}}[${INTERVAL}])`;
      return ['sum', 'avg'].map((how) => panel(dashboard, `${metric}, ${how}`, 'network', ofWorkload(rate, by, how)));
    }),
  ];
}

/** Memory by what it is, of containers. */
function memories({ dashboard, of, by }: View): Panel[] {
  return MEMORY.map((what) => {
    const image = what === 'working_set_bytes' ? ', image!=""' : '';
    return panel(dashboard, `memory: ${what}`, 'memory', sum(by, memory(what, `${of}, container!=""${image}`)));
  });
}

export const PANELS: readonly Panel[] = [
  ...[CLUSTERS, NAMESPACES, PODS, NODES].map((view) =>
    panel(view.dashboard, 'CPU usage', 'cores', sum(view.by, cores(view.of))),
  ),
  ...quotas(CLUSTERS, memory('rss', ', container!=""')),
  ...[NAMESPACES, PODS].flatMap((view) =>
    quotas(view, memory('working_set_bytes', `${view.of}, container!="", image!=""`)),
  ),
  ...quotas(NODES, once(`${MEMORY_RULES[0]}{${ONE}${NODES.of}, container!=""}`)),
  ...[CLUSTERS, NAMESPACES, PODS, NODES].flatMap(memories),
  ...(['cpu', 'memory'] as const).flatMap((resource) => [
    utilisation(resource, 'requests'),
    utilisation(resource, 'limits'),
  ]),
  ...[CLUSTERS, PODS].flatMap(throttling),
  ...traffic('cluster', { where: ', namespace=~".+"', by: 'namespace' }),
  ...traffic('namespace (pods)', { where: NAMESPACE, by: 'pod' }),
  ...traffic('pod', { where: POD, by: 'pod' }),
  ...[CLUSTERS, NAMESPACES].flatMap(disks),
  ...disks({ ...PODS, of: ', namespace="default", pod="disk-0"' }),
  ...workloads('workload', 'pod'),
  ...workloads('namespace (workloads)', 'workload'),
];
