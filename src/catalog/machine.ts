/** The machine that the containers run on: what it has, and how busy it is as a whole. Rows only for `id="/"`. */
import { family } from '../model/family.ts';
import { host } from './host.ts';

export const machine = family({
  name: 'machine',
  help: 'The machine as a whole: size, load, processes.',
  metrics: {
    load1: host('machine_load1', '/proc/loadavg', 'Load average over 1 minute.'),
    load5: host('machine_load5', '/proc/loadavg', 'Load average over 5 minutes.'),
    load15: host('machine_load15', '/proc/loadavg', 'Load average over 15 minutes.'),
    cores: host('machine_cpu_cores', '/proc/stat, lines cpuN', 'Logical CPUs that are online.', { unit: 'cores' }),
    physicalCores: host('machine_cpu_physical_cores', '/sys/devices/system/cpu/cpu*/topology', 'Physical CPU cores.', {
      unit: 'cores',
    }),
    sockets: host('machine_cpu_sockets', '/sys/devices/system/cpu/cpu*/topology', 'CPU sockets.'),
    books: host('machine_cpu_books', '/sys/devices/system/cpu/cpu*/topology', 'CPU books; mainframes have them.'),
    drawers: host('machine_cpu_drawers', '/sys/devices/system/cpu/cpu*/topology', 'CPU drawers; mainframes have them.'),
    memory: host('machine_memory_bytes', '/proc/meminfo MemTotal', 'Memory that the kernel can use.', {
      unit: 'bytes',
    }),
    available: host(
      'machine_memory_available_bytes',
      '/proc/meminfo MemAvailable',
      'Memory that new programs can have without swapping, as the kernel estimates it.',
      { unit: 'bytes' },
    ),
    swap: host('machine_swap_bytes', '/proc/meminfo SwapTotal', 'Swap space.', { unit: 'bytes' }),
    bootTime: host('machine_boot_time_seconds', '/proc/stat btime', 'When the machine started, Unix time.', {
      unit: 'seconds',
    }),
    running: host('machine_processes_running', '/proc/stat procs_running', 'Tasks that run or want to run now.'),
    blocked: host('machine_processes_blocked', '/proc/stat procs_blocked', 'Tasks that wait for a disk now.'),
    contextSwitches: host('machine_context_switches_total', '/proc/stat ctxt', 'Context switches.', {
      kind: 'counter',
    }),
    forks: host('machine_forks_total', '/proc/stat processes', 'Processes and threads that were started.', {
      kind: 'counter',
    }),
  },
});

export const machineCpu = family({
  name: 'machine_cpu',
  help: 'CPU time of the machine by what it was spent on; over all modes it is all the time that passed.',
  dims: ['mode'],
  metrics: {
    seconds: host(
      'machine_cpu_seconds_total',
      '/proc/stat, line cpu, in 1/100 s',
      'CPU time by mode: user, nice, system, idle, iowait, irq, softirq, steal. Time spent running guests is within user and nice.',
      { kind: 'counter', unit: 'seconds' },
    ),
  },
});

export const machineInfo = family({
  name: 'machine_info',
  help: 'What the machine is, as labels.',
  dims: ['machine_id', 'system_uuid', 'boot_id', 'kernel', 'os', 'architecture', 'engines'],
  metrics: {
    info: host(
      'machine_info',
      '/etc/machine-id, /sys/class/dmi, /proc/sys/kernel, /etc/os-release, the engines’ /version',
      'Always 1. `engines` are the engines and runtimes that were found, with their versions.',
    ),
  },
});

export const machineAbsent = family({
  name: 'machine_absent',
  help: 'What this machine’s kernel does not tell, although it is asked for; `plimsoll check` says the same.',
  dims: ['what', 'why'],
  metrics: {
    absent: host(
      'machine_absent_info',
      '/proc/cgroups, cgroup.controllers, /proc/cmdline, /proc/pressure',
      'Always 1, one for each thing that is not measured: `why` has the remedy.',
    ),
  },
});
