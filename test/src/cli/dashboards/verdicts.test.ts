/** Dashboards and rules in the forms that are shared (test/fixtures/dashboards), and by hand what must be said of each panel and rule. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { judgeAll } from '../../../../src/cli/dashboards/command.ts';
import type { Report } from '../../../../src/cli/dashboards/items.ts';
import { readDocument } from '../../../../src/cli/dashboards/read/document.ts';
import { schema } from '../../../../src/config/schema.ts';

const DEFAULT = {};

function reports(file: string, config: object = DEFAULT): Report[] {
  const text = readFileSync(new URL(`../../../fixtures/dashboards/${file}`, import.meta.url), 'utf8');
  return judgeAll(
    readDocument(text, file).map((source) => ({ file, source })),
    schema.parse(config),
  );
}

/** `status item: name -> use; …` for each. */
function said(report: Report | undefined): string[] {
  return (report?.verdicts ?? []).map(({ status, item, findings }) => {
    const words = findings.map(({ name, use }) => (use === undefined ? name : `${name} -> ${use}`));
    return `${status} ${item}${words.length === 0 ? '' : `: ${words.join('; ')}`}`;
  });
}

test('a dashboard made for cAdvisor', () => {
  const [report] = reports('cadvisor.json');
  expect(said(report)).toEqual([
    'works variable host',
    'works variable container',
    'setting variable team: label container_label_team -> agent.labels: ["team"]',
    'works annotation starts',
    'works panel 2 "Running"',
    // container!="POD" fits an absent label as well.
    'works panel 3 "CPU"',
    'works panel 5 "Memory of the limit"',
    'no panel 6 "No limit set": container_spec_memory_limit_bytes == 0 -> container_last_seen{name!=""} unless on(id) container_spec_memory_limit_bytes',
    'no panel 7 "CPU by CPU": container_cpu_usage_seconds_total{cpu=~"cpu.+"} -> container_cpu_usage_seconds_total{cpu="total"}',
    'no panel 8 "Load": container_cpu_load_average_10s',
    'setting panel 9 "Sockets": container_network_tcp_usage_total -> agent.families: [tcp]',
    'setting panel 10 "By team": label container_label_team -> agent.labels: ["team"]',
    // It answers, but with the containers that it means to leave out.
    'setting panel 11 "By group": label container_label_org_label_schema_group -> agent.labels: ["org?label?schema?group"]',
    'no panel 12 "Seen last": time() - container_last_seen -> container_state{state="exited"} == 1',
    'no panel 13 "Misspelt": container_memory_worknig_set_bytes -> container_memory_working_set_bytes',
    'works panel 14 "Shared network"',
    'unread panel 15 "Not here": ',
    'unread panel 16 "Broken": sum(rate(container_cpu_usage_seconds_total[5m])',
    'elsewhere panel 17 "Database": mysql_up',
    'elsewhere panel 18 "Logs": ',
  ]);
  expect(report?.madeFor).toEqual(['cAdvisor']);
});

test('the same with the settings that it takes', () => {
  const config = { agent: { families: ['tcp'], labels: ['team', 'org.label-schema.*'] } };
  const [report] = reports('cadvisor.json', config);
  expect(report?.verdicts.filter(({ status }) => status === 'setting')).toEqual([]);
  // What is switched off is not exposed: -pressure is no less than tcp.
  const [off] = reports('cadvisor.json', { agent: { families: ['-memory'] } });
  expect(said(off)).toContain(
    'setting panel 5 "Memory of the limit": container_memory_working_set_bytes -> agent.families: [memory]; container_spec_memory_limit_bytes -> agent.families: [memory]',
  );
});

test('one made for node_exporter and cAdvisor, with old rows, as the API hands it out', () => {
  const [report] = reports('host.json');
  expect(said(report)).toEqual([
    'no panel 1 "Up since": node_boot_time -> machine_boot_time_seconds',
    'no panel 2 "CPU": node_cpu_seconds_total -> machine_cpu_seconds_total',
    'no panel 3 "Memory": node_memory_MemTotal_bytes -> machine_memory_bytes; node_memory_MemAvailable_bytes -> machine_memory_available_bytes; node_memory_Slab_bytes',
    'no panel 4 "Disk": node_filesystem_avail_bytes -> container_fs_limit_bytes{id="/"} - container_fs_usage_bytes{id="/"}; node_filesystem_size_bytes -> container_fs_limit_bytes{id="/"}',
    'no panel 5 "Network": node_network_receive_bytes_total -> container_network_receive_bytes_total{id="/"}',
    'works panel 6 "Load of containers"',
  ]);
  expect(report?.madeFor).toEqual(['node_exporter']);
});

test('one made for the kubelet’s labels', () => {
  expect(said(reports('kubelet.json')[0])).toEqual([
    'no panel 1 "CPU by pod, of before 1.16": label kubernetes_io_hostname -> node; label pod_name -> container_label_io_kubernetes_pod_name',
    'setting panel 2 "CPU by pod, of today": label namespace -> container_label_io_kubernetes_pod_namespace; label container -> container_label_io_kubernetes_container_name; label pod -> container_label_io_kubernetes_pod_name',
    'works panel 3 "Whole machine"',
    'setting panel 4 "Joined": kube_pod_info; label pod -> container_label_io_kubernetes_pod_name',
    'no panel 5 "Machine’s identity": label machine_id -> machine_info',
    'elsewhere panel 6 "Recorded": namespace:container_memory:sum',
  ]);
});

test('one made for Telegraf: query builder, InfluxQL, Flux, and its output for Prometheus', () => {
  const [report] = reports('telegraf.json');
  expect(said(report)).toEqual([
    'no variable server: tag engine_host -> node',
    'no variable container: tag container_name -> name; tag engine_host -> node',
    'no panel 1 "Running": docker n_containers_running -> node_containers_state.state_running; tag engine_host -> node',
    'no panel 2 "CPU": docker_container_cpu usage_percent -> non_negative_derivative(container_cpu.usage_seconds_total, 1s) * 100; tag container_name -> name; tag cpu',
    'no panel 3 "Memory": docker_container_mem usage -> container_memory.usage_bytes; docker_container_mem limit -> container_memory.spec_memory_limit_bytes; tag container_name -> name',
    'no panel 4 "Images": docker n_images',
    'no panel 5 "Host memory": mem used_percent -> 100 * (1 - machine.memory_available_bytes / machine.memory_bytes)',
    'works panel 6 "Ours already"',
    'no panel 7 "Ours, misspelt": field working_set; tag svc',
    'no panel 8 "By Telegraf’s output for Prometheus": docker_container_net_rx_bytes -> container_network_receive_bytes_total',
  ]);
  expect(report?.madeFor).toEqual(['Telegraf']);
});

test('two made for Heapster, in one export', () => {
  const [cluster, pods] = reports('heapster.json');
  expect(said(cluster)).toEqual([
    // Heapster's node was the whole machine.
    'no panel 1 "CPU of the cluster": cpu/usage_rate -> non_negative_derivative(container_cpu.usage_seconds_total of cgroup "/", 1s) * 1000; tag nodename -> node; tag type',
    'no panel 2 "Requests": cpu/request; tag type',
  ]);
  expect(said(pods)).toEqual([
    'no variable podname: tag pod_name -> pod; tag namespace_name -> namespace',
    'no panel 1 "Memory": memory/working_set -> container_memory.working_set_bytes; tag container_name -> container_label_io_kubernetes_container_name; tag type; tag pod_name -> pod',
    'no panel 2 "With fields": network rx_rate -> non_negative_derivative(pod_network.receive_bytes_total, 1s); tag pod_name -> pod; tag type',
  ]);
});

test('rules', () => {
  expect(said(reports('rules.yaml')[0])).toEqual([
    'works record name:container_memory_working_set_bytes:sum',
    'no alert Killed: time() - container_last_seen -> container_state{state="exited"} == 1',
    // Of a name that a rule of the same file records.
    'works alert MemoryHigh',
    'setting alert Throttled: label container -> container_label_io_kubernetes_container_name; label pod -> container_label_io_kubernetes_pod_name; label namespace -> container_label_io_kubernetes_pod_namespace',
    'setting alert Unhealthy: label container_label_team -> agent.labels: ["team"]',
    'no alert DiskFull: node_filesystem_avail_bytes -> container_fs_limit_bytes{id="/"} - container_fs_usage_bytes{id="/"}',
    'works alert Down',
    'no alert Ours: service_state{state="runing"}',
    'no alert PerContainerOfAService: label name',
  ]);
});

describe('levels of the configuration', () => {
  const rules = (expr: string, config: object): string[] =>
    judgeAll(
      readDocument(JSON.stringify({ groups: [{ name: 'g', rules: [{ alert: 'A', expr }] }] }), 'f').map((source) => ({
        file: 'f',
        source,
      })),
      schema.parse(config),
    ).flatMap(said);

  test('one’s own has metrics and its labels', () => {
    const config = {
      agent: { labels: ['team'] },
      collector: { levels: { team: { by: { team: 'container_label_team' } } } },
    };
    expect(rules('sum by (team) (team_memory_rss)', config)).toEqual(['works alert A']);
    expect(rules('sum by (team) (team_memory_rss)', {})).toEqual(['elsewhere alert A: team_memory_rss']);
  });

  test('one that is switched off has none', () => {
    expect(rules('pod_memory_rss', {})).toEqual(['works alert A']);
    expect(rules('pod_memory_rss', { collector: { levels: { pod: null } } })).toEqual(['no alert A: pod_memory_rss']);
  });
});
