/** What the engine and /proc say of containers and of the machine, as series. `put(metric, value, labels)` takes a series. */
import { join } from 'node:path';
import { keysOf, numberOf, textOf, wordsOf } from './text.mjs';

const seconds = (iso) => (iso.startsWith('0001') ? undefined : Date.parse(iso) / 1000);

export function putState({ inspect, runs }, timeMs, put) {
  const { State, HostConfig, Config } = inspect;
  put('container_creation_time_seconds', seconds(inspect.Created));
  put('container_restarts_total', inspect.RestartCount);
  put('container_oom_killed', State.OOMKilled ? 1 : 0);
  for (const state of ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']) {
    put('container_state', State.Status === state ? 1 : 0, { state });
  }
  if (runs) {
    put('container_start_time_seconds', seconds(State.StartedAt));
    put('container_last_seen', timeMs / 1000);
    putHealth(State.Health, put);
  } else {
    put('container_finished_time_seconds', seconds(State.FinishedAt));
    if (State.Status !== 'created') put('container_exit_code', State.ExitCode);
  }
  const labels = { image_id: inspect.Image, runtime: HostConfig.Runtime, network_mode: HostConfig.NetworkMode };
  // Told by engines with containerd's image store, since API 1.48.
  const digest = inspect.ImageManifestDescriptor?.digest;
  const image = digest === undefined ? {} : { image_digest: digest };
  const more = { restart_policy: HostConfig.RestartPolicy.Name, hostname: Config.Hostname };
  put('container_info', 1, { ...labels, ...image, ...more });
}

function putHealth(health, put) {
  const says = health?.Status ?? 'none';
  for (const status of ['healthy', 'unhealthy', 'starting', 'none']) {
    put('container_health_status', says === status ? 1 : 0, { status });
  }
  put('container_health_state', { healthy: 1, unhealthy: 0, none: -1 }[says]);
  put('container_health_failing_streak', health?.FailingStreak);
}

const NET = ['receive_bytes', 'receive_packets', 'receive_errors', 'receive_packets_dropped'];

/** Sixteen numbers an interface: bytes packets errs drop and four more, received and then sent. */
export function putNetwork(file, isCounted, put) {
  for (const line of textOf(file).split('\n').slice(2)) {
    const [name, numbers] = line.split(':');
    if (numbers === undefined || !isCounted(name.trim())) continue;
    const values = numbers.trim().split(/\s+/).map(Number);
    NET.forEach((what, i) => {
      put(`container_network_${what}_total`, values[i], { interface: name.trim() });
      put(`container_network_${what.replace('receive', 'transmit')}_total`, values[i + 8], { interface: name.trim() });
    });
  }
}

/** `Tcp: ActiveOpens …` and below it `Tcp: 12 …`; the first four are settings and CurrEstab goes down again. */
export function putTcpCounters(file, put) {
  const [names, values] = wordsOf(file).filter(([protocol]) => protocol === 'Tcp:');
  names.forEach((name, i) => {
    if (/^(Tcp:|RtoAlgorithm|RtoMin|RtoMax|MaxConn|CurrEstab)$/.test(name)) return;
    put('container_network_advance_tcp_stats_total', Number(values[i]), { tcp_state: name.toLowerCase() });
  });
}

const LIMITS = [
  ['max_open_files', 'Max open files'],
  ['max_processes', 'Max processes'],
  ['max_locked_memory', 'Max locked memory'],
  ['max_core_file_size', 'Max core file size'],
];

export function putLimits(file, put) {
  for (const [ulimit, title] of LIMITS) {
    const [soft] = textOf(file).split(`${title} `)[1].trim().split(/\s+/);
    put('container_ulimits_soft', soft === 'unlimited' ? undefined : Number(soft), { ulimit });
  }
}

/** Of the recorded host of cgroup v1: what is not mounted there, and what v1 has not. The one of v2 lacks nothing. */
const ABSENT_V1 = [
  [
    'containers’ huge pages',
    'the cgroup controller “hugetlb” is not mounted here: mount -t cgroup -o hugetlb hugetlb /sys/fs/cgroup/hugetlb, or show a container the host’s /sys/fs/cgroup.',
  ],
  [
    'containers’ pressure (the machine’s is there)',
    'it takes cgroup v2 (systemd.unified_cgroup_hierarchy=1 on the kernel’s command line).',
  ],
];

export function putMachine({ version, proc, info, timeMs }, put) {
  const at = (name) => join(proc, name);
  machineCpu(at, put);
  machineMemory(at, put);
  put('container_last_seen', timeMs / 1000);
  const [load1, load5, load15, tasks] = wordsOf(at('loadavg'))[0];
  put('machine_load1', Number(load1));
  put('machine_load5', Number(load5));
  put('machine_load15', Number(load15));
  put('container_threads', Number(tasks.split('/')[1]));
  for (const resource of ['cpu', 'memory', 'io']) {
    const total = (kind) =>
      Number(new RegExp(`^${kind} .*total=(\\d+)`, 'm').exec(textOf(at(`pressure/${resource}`)))[1]);
    put(`container_pressure_${resource}_waiting_seconds_total`, total('some') / 1e6);
    // The whole machine is never stalled for the CPU: something runs.
    if (resource !== 'cpu') put(`container_pressure_${resource}_stalled_seconds_total`, total('full') / 1e6);
  }
  for (const line of wordsOf(at('diskstats'))) putDisk(line, put);
  const engines = `Docker ${info.ServerVersion}`;
  put('machine_info', 1, {
    kernel: info.KernelVersion,
    os: info.OperatingSystem,
    architecture: info.Architecture,
    engines,
  });
  if (version === 'v1') for (const [what, why] of ABSENT_V1) put('machine_absent_info', 1, { what, why });
}

function machineCpu(at, put) {
  const stat = wordsOf(at('stat'));
  const [, ...ticks] = stat.find(([key]) => key === 'cpu');
  const [user, nice, system, idle, iowait, irq, softirq, steal] = ticks.map((tick) => Number(tick) / 100);
  for (const [mode, value] of Object.entries({ user, nice, system, idle, iowait, irq, softirq, steal })) {
    put('machine_cpu_seconds_total', value, { mode });
  }
  put('container_cpu_usage_seconds_total', user + nice + system + irq + softirq, { cpu: 'total' });
  put('container_cpu_user_seconds_total', user + nice);
  put('container_cpu_system_seconds_total', system + irq + softirq);
  const one = (key) => Number(stat.find(([word]) => word === key)[1]);
  put('machine_cpu_cores', stat.filter(([key]) => /^cpu\d/.test(key)).length);
  put('machine_boot_time_seconds', one('btime'));
  put('container_start_time_seconds', one('btime'));
  put('machine_context_switches_total', one('ctxt'));
  put('machine_forks_total', one('processes'));
  put('machine_processes_running', one('procs_running'));
  put('machine_processes_blocked', one('procs_blocked'));
  const cpus = textOf(at('cpuinfo')).split('\n\n').filter(Boolean);
  const fact = (cpu, key) => new RegExp(`^${key}\\s*: (.*)$`, 'm').exec(cpu)?.[1];
  put('machine_cpu_sockets', new Set(cpus.map((cpu) => fact(cpu, 'physical id'))).size);
  put(
    'machine_cpu_physical_cores',
    new Set(cpus.map((cpu) => `${fact(cpu, 'physical id')}/${fact(cpu, 'core id')}`)).size,
  );
}

function machineMemory(at, put) {
  const meminfo = new Map(wordsOf(at('meminfo')).map(([key, kib]) => [key.slice(0, -1), Number(kib) * 1024]));
  const vmstat = keysOf(at('vmstat'));
  const cache = meminfo.get('Cached') + meminfo.get('Buffers') + meminfo.get('SwapCached');
  const usage = meminfo.get('AnonPages') + cache;
  put('container_memory_usage_bytes', usage);
  put('container_memory_working_set_bytes', usage - meminfo.get('Inactive(file)'));
  put('container_memory_rss', meminfo.get('AnonPages'));
  put('container_memory_cache', cache);
  put('container_memory_mapped_file', meminfo.get('Mapped'));
  put('container_memory_swap', meminfo.get('SwapTotal') - meminfo.get('SwapFree'));
  put('container_memory_total_active_file_bytes', meminfo.get('Active(file)'));
  put('container_memory_total_inactive_file_bytes', meminfo.get('Inactive(file)'));
  put('container_memory_file_dirty_bytes', meminfo.get('Dirty'));
  put('container_memory_file_writeback_bytes', meminfo.get('Writeback'));
  put('container_spec_memory_limit_bytes', meminfo.get('MemTotal'));
  put('container_spec_memory_swap_limit_bytes', meminfo.get('SwapTotal'));
  put('machine_memory_bytes', meminfo.get('MemTotal'));
  put('machine_memory_available_bytes', meminfo.get('MemAvailable'));
  put('machine_swap_bytes', meminfo.get('SwapTotal'));
  for (const key of ['pgfault', 'pgmajfault']) {
    put('container_memory_failures_total', vmstat.get(key), { failure_type: key, scope: 'hierarchy' });
  }
  const reclaimers = ['kswapd', 'direct', 'khugepaged', 'proactive'];
  for (const what of ['pgscan', 'pgsteal']) {
    put(
      `container_memory_${what}_total`,
      reclaimers.reduce((sum, who) => sum + (vmstat.get(`${what}_${who}`) ?? 0), 0),
    );
  }
  put('container_memory_workingset_refault_file_total', vmstat.get('workingset_refault_file'));
  put('container_memory_workingset_refault_anon_total', vmstat.get('workingset_refault_anon'));
  put('container_oom_events_total', vmstat.get('oom_kill'));
  put('container_threads_max', numberOf(at('sys/kernel/threads-max')));
}

/** Kernel documentation, iostats: fields 1 to 17 after the name; times in milliseconds, sectors of 512 bytes. */
function putDisk([, , name, ...fields], put) {
  if (/^(loop|z?ram|fd|sr)\d/.test(name)) return;
  const f = (n) => Number(fields[n - 1]);
  const of = (metric, value) => put(`container_fs_${metric}`, value, { device: `/dev/${name}` });
  of('reads_total', f(1));
  of('reads_merged_total', f(2));
  of('sector_reads_total', f(3));
  of('reads_bytes_total', f(3) * 512);
  of('read_seconds_total', f(4) / 1000);
  of('writes_total', f(5));
  of('writes_merged_total', f(6));
  of('sector_writes_total', f(7));
  of('writes_bytes_total', f(7) * 512);
  of('write_seconds_total', f(8) / 1000);
  of('io_current', f(9));
  of('io_time_seconds_total', f(10) / 1000);
  of('io_time_weighted_seconds_total', f(11) / 1000);
  of('discards_total', f(12));
  of('discards_bytes_total', f(14) * 512);
}
