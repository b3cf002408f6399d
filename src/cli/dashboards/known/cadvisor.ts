/** cAdvisor's names that are not in the catalogue, and labels that stood on its series where Kubernetes or a Prometheus of old put them. */
import { ABSENT } from '../../../catalog/absent.ts';
import { type Other, type Program, row } from './other.ts';

/** Why a metric of cAdvisor's is not here: as METRICS.md says it, without its marks. */
const absent = ABSENT.map(({ metrics, why }): Other => ({ names: metrics, why: why.replaceAll('`', '') }));

export const CADVISOR: Program = {
  from: 'cAdvisor',
  others: [
    ...absent,
    row(
      /^container_accelerator_/,
      undefined,
      'Graphics cards are not read; cAdvisor itself no longer does. Their makers’ exporters do.',
    ),
    row('container_tasks_total', 'container_threads', 'Another name.'),
    row(
      'container_cpu_load_average',
      undefined,
      'cAdvisor’s is 0 unless its load reader is on. container_pressure_cpu_waiting_seconds_total says who waits.',
    ),
    row('container_memory_usage', 'container_memory_usage_bytes', 'The name from before cAdvisor had units in it.'),
    row(
      'container_spec_memory_limit',
      'container_spec_memory_limit_bytes',
      'The name from before cAdvisor had units in it.',
    ),
    row('container_fs_usage', 'container_fs_usage_bytes', 'The name from before cAdvisor had units in it.'),
  ],
};

/** A label of others, what to use in its place, and whether relabelling in the scrape configuration brings it back. */
export interface OtherLabel {
  readonly use?: string;
  readonly why: string;
  readonly byRelabelling?: true;
  /** It stood on the machine's metrics as well as on those of containers. */
  readonly ofMachines?: true;
}

const relabelled = (use: string): OtherLabel => ({
  use,
  why: 'The kubelet’s; "Kubernetes’ label names" in README.md has the relabelling that makes it of this one.',
  byRelabelling: true,
});
const inPlace = (use: string, why: string): OtherLabel => ({ use, why });
const POD = 'container_label_io_kubernetes_pod_name';
const NAMESPACE = 'container_label_io_kubernetes_pod_namespace';
const CONTAINER = 'container_label_io_kubernetes_container_name';
const HOSTS = 'The host is the label node at the collector, instance at an agent.';
const INFO = 'It is on machine_info alone; join that by node or instance.';

export const OTHER_LABELS: ReadonlyMap<string, OtherLabel> = new Map([
  ['pod', relabelled(POD)],
  ['namespace', relabelled(NAMESPACE)],
  ['container', relabelled(CONTAINER)],
  ['pod_name', inPlace(POD, 'The kubelet’s label until Kubernetes 1.16.')],
  [
    'container_name',
    inPlace('name', `The kubelet’s label until Kubernetes 1.16, there ${CONTAINER}; Telegraf’s is name.`),
  ],
  ['io_kubernetes_pod_name', inPlace(POD, 'The label with its prefix.')],
  ['io_kubernetes_pod_namespace', inPlace(NAMESPACE, 'The label with its prefix.')],
  ['io_kubernetes_container_name', inPlace(CONTAINER, 'The label with its prefix.')],
  ['kubernetes_io_hostname', inPlace('node', HOSTS)],
  ['kubernetes_node', inPlace('node', HOSTS)],
  ['nodename', inPlace('node', HOSTS)],
  ['hostname', inPlace('node', HOSTS)],
  ['systemd_service_name', inPlace('id', 'A label of an old relabelling of id: units are id=~"/system.slice/.*".')],
  ['rkt_container_name', { why: 'rkt is no more.' }],
  ['container_image', inPlace('image', 'Telegraf’s label.')],
  ['engine_host', inPlace('node', HOSTS)],
  ['mountpoint', inPlace('device', 'File systems are told apart by device.')],
  ['machine_id', { use: 'machine_info', why: INFO, ofMachines: true }],
  ['system_uuid', { use: 'machine_info', why: INFO, ofMachines: true }],
  ['boot_id', { use: 'machine_info', why: INFO, ofMachines: true }],
]);
